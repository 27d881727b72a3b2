/** Which files a model consists of, and where it stands in a models folder. Read by the pull, the roles and the tests. */

import { join } from "node:path/posix";

/** One file of a model, as the hub has it. */
export interface WeightFile {
  /** Below the model's own folder. */
  path: string;
  bytes: number;
  sha256: string;
}

/** A model that can be pulled. */
export interface Weights {
  model: string;
  /** A commit of the hub's repository: what it names never changes. */
  revision: string;
  files: readonly WeightFile[];
}

/**
 * The sums are the hub's own at this revision. No hub can be reached where this was built: config.json and
 * tokenizer_config.json were put together again from their text and give exactly these sums; those of the other two
 * are what a dozen unrelated public projects pin. The weights that tests use are another build of the same model, with
 * sums of their own (tests/support/weights.ts).
 */
export const MINILM: Weights = {
  model: "Xenova/all-MiniLM-L6-v2",
  revision: "751bff37182d3f1213fa05d7196b954e230abad9",
  files: [
    {
      path: "config.json",
      bytes: 650,
      sha256: "7135149f7cffa1a573466c6e4d8423ed73b62fd2332c575bf738a0d033f70df7",
    },
    {
      path: "tokenizer.json",
      bytes: 711_661,
      sha256: "da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0",
    },
    {
      path: "tokenizer_config.json",
      bytes: 366,
      sha256: "9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3",
    },
    {
      path: "onnx/model_quantized.onnx",
      bytes: 22_972_370,
      sha256: "afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1",
    },
  ],
};

/** What the packages of the embedder weigh on the way here, in bytes; measured 2026-11 with onnxruntime-node 1.30. */
export const PACKAGES_BYTES = 118_000_000;

/** Where the hub is. */
export const HUB = "https://huggingface.co";

/**
 * The folder of a model: `path` itself when it holds the model (a copy that the player made), else `path`/org/name.
 * `exists` tells whether a file is there.
 */
export function modelFolder(path: string, model: string, exists: (path: string) => boolean): string {
  return exists(join(path, "config.json")) ? path : join(path, model);
}

/** Files of a model that are missing in its folder, by their path below it. */
export function missingFiles(folder: string, exists: (path: string) => boolean): string[] {
  return MINILM.files.map((file) => file.path).filter((path) => !exists(join(folder, path)));
}
