/** The embedder of an evaluation: the real one, in its own process. */
import { startEmbedder } from "../../../brain/embedder_process.ts";
import { channelEmbedder, type Embedder } from "../../../brain/memory/embedder.ts";
import { ROOT } from "../../support/processes.ts";
import { MODEL, realModels } from "../../support/weights.ts";

/** The real embedder as the front door starts it; null without weights or packages. */
export function realEmbedder(): { embedder: Embedder; end(): Promise<void> } | null {
  const path = realModels();
  if (path === null) return null;
  const env = Object.fromEntries(
    ["PATH", "HOME", "DENO_DIR"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const process = startEmbedder(
    ROOT,
    { engine: "local", path, url: "", model: MODEL },
    env,
    (line) => console.error(line),
  );
  const embedder = channelEmbedder(MODEL, (line) => process.send(JSON.stringify(JSON.parse(line).embed)));
  const reading = (async () => {
    for await (const line of process.lines) embedder.receive(JSON.stringify({ embedded: JSON.parse(line) }));
  })();
  return {
    embedder,
    async end() {
      embedder.close();
      process.kill();
      await reading;
    },
  };
}

/** Embeds what comes in lists once: arms tell the same. A text alone is a question, whose time counts. */
export function remembering(embedder: Embedder): Embedder {
  const known = new Map<string, Float32Array>();
  return {
    get model() {
      return embedder.model;
    },
    get dimension() {
      return embedder.dimension;
    },
    async embed(texts) {
      if (texts.length === 1) return await embedder.embed(texts);
      const missing = [...new Set(texts)].filter((text) => !known.has(text));
      const made = missing.length > 0 ? await embedder.embed(missing) : [];
      missing.forEach((text, i) => known.set(text, made[i]));
      return texts.map((text) => known.get(text)!);
    },
    close: () => embedder.close(),
  };
}
