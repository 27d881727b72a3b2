/**
 * The embedder: texts become vectors, in a process that alone has FFI. One JSON object a line: in first
 * `{path, model}` (the model's folder and its name), then `{id, texts}`; out `{id, vectors}` or `{id, error}`, in that
 * order. Ends with its stdin. Rights: FFI and read of its own packages, read of the model's folder, nothing else.
 */

import { basename, dirname } from "node:path/posix";
import type { FeatureExtractionPipeline } from "@huggingface/transformers";
import { TextLineStream } from "../../shared/lines.ts";

/** 512 tokens are read of a text; what is longer than any text of 512 tokens only costs time. */
const MAX_CHARACTERS = 8000;
const DIMENSION = 384;

async function load(folder: string): Promise<FeatureExtractionPipeline> {
  const { env, pipeline } = await import("@huggingface/transformers");
  // The defaults lie inside node_modules, and the other is the hub.
  env.localModelPath = `${dirname(folder)}/`;
  env.allowLocalModels = true;
  env.allowRemoteModels = false;
  env.useFSCache = false;
  return await pipeline("feature-extraction", basename(folder), {
    dtype: "q8",
    device: "cpu",
    local_files_only: true,
    // Two threads are 1.5 times as fast as one. By default as many as there are cores wait for each other in busy loops,
    // which takes the machine away from the face and is slower than one thread when others work too.
    session_options: {
      intraOpNumThreads: 2,
      interOpNumThreads: 1,
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    },
  });
}

/**
 * Mean-pooled vectors of length 1. One text at a time: the weights are quantised as they run, over all that is in the
 * batch, so that a text's vector would depend on its neighbours; and a batch gains a third at most.
 */
async function embed(model: FeatureExtractionPipeline, texts: string[]): Promise<number[][]> {
  const vectors: number[][] = [];
  for (const text of texts) {
    const output = await model([text.slice(0, MAX_CHARACTERS)], { pooling: "mean", normalize: true });
    const vector = Array.from(output.data as Float32Array, (value) => Number(value.toPrecision(9)));
    output.dispose();
    if (vector.length !== DIMENSION) {
      throw new Error(`the model gives ${vector.length} numbers a text, not ${DIMENSION}`);
    }
    vectors.push(vector);
  }
  return vectors;
}

function texts(value: unknown): string[] {
  if (!Array.isArray(value) || !value.every((text) => typeof text === "string")) {
    throw new Error("texts must be a list of texts");
  }
  return value as string[];
}

async function main(): Promise<void> {
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  let folder = "";
  let model: FeatureExtractionPipeline | null = null;
  for await (const line of lines) {
    const message = JSON.parse(line) as { path?: string; id?: number; texts?: unknown };
    if (folder === "") {
      folder = message.path ?? "";
      continue;
    }
    const { id } = message;
    try {
      model ??= await load(folder).catch((error) => {
        throw new Error(`the model in ${folder} cannot be loaded: ${reason(error)}`);
      });
      console.log(JSON.stringify({ id, vectors: await embed(model, texts(message.texts)) }));
    } catch (error) {
      console.log(JSON.stringify({ id, error: reason(error) }));
    }
  }
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0].slice(0, 300);
}

await main();
Deno.exit(0);
