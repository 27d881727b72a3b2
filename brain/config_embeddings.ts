/** `embeddings:` of config.yaml: who makes vectors of texts. */

import {
  type Complain,
  mapping,
  MAX_MODEL_ID,
  oneOf,
  type Path,
  type Read,
  readRows,
  secret,
  shown,
  text,
  url,
} from "./config_checks.ts";

/** `embeddings:`, complete: what its engine needs is there. */
export interface EmbeddingsSetting {
  engine: "local" | "endpoint" | "off";
  path: string;
  url: string;
  model: string;
  api_key: string;
}

/** The model that `flower models pull` fetches. */
export const LOCAL_MODEL = "Xenova/all-MiniLM-L6-v2";

const EMBEDDINGS_ROWS: { [Key in keyof EmbeddingsSetting]: Read<EmbeddingsSetting[Key]> } = {
  engine: oneOf(["local", "endpoint", "off"]),
  path: text("a path", 4096),
  url,
  model: text("a model's id", MAX_MODEL_ID),
  api_key: secret,
};

/** Complete, or off where something is lacking, after a complaint. */
export function embeddings(value: unknown, path: Path, complain: Complain): EmbeddingsSetting | undefined {
  const off: EmbeddingsSetting = { engine: "off", path: "", url: "", model: "", api_key: "" };
  if (value === "off" || value === false) return off;
  const bag = mapping(value, path, complain, "off or a mapping like {engine: local}");
  if (!bag) return undefined;
  const { engine = "local", path: folder = "", url: address = "", model = "", api_key = "" } = readRows<
    EmbeddingsSetting
  >(EMBEDDINGS_ROWS, bag, path, complain);
  if (engine === "endpoint" && (address === "" || model === "")) {
    const lacking = address === "" ? "url" : "model";
    complain(path, `has engine endpoint and no ${lacking}; memory works by words alone`);
    return off;
  }
  // It becomes a path below the folder of models.
  const plain = /^[\w.-]+(\/[\w.-]+)?$/.test(model) && !model.split("/").some((part) => /^\.+$/.test(part));
  if (engine === "local" && model !== "" && !plain) {
    complain([...path, "model"], `must be a name like ${LOCAL_MODEL}, not ${shown(model)}`);
    return { engine, path: folder, url: address, model: LOCAL_MODEL, api_key };
  }
  return {
    engine,
    path: folder,
    url: address,
    model: model || (engine === "local" ? LOCAL_MODEL : ""),
    api_key,
  };
}
