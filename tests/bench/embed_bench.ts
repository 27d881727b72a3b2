/** How fast texts become vectors: the real embedder process with real weights, as the front door starts it. */

import { startEmbedder } from "../../brain/embedder_process.ts";
import { channelEmbedder, type Embedder } from "../../brain/memory/embedder.ts";
import { cleanEnv, ROOT } from "../support/processes.ts";
import { MODEL, realModels } from "../support/weights.ts";
import { quantile, type Row } from "./rows.ts";

const WORDS =
  ("the ferrywoman ships her oars and looks past you at the harbour lamp while a boy counts coins by the window and " +
    "rain comes in from the marsh nobody has rung that bell since the flood took the church it never says who lied")
    .split(
      " ",
    );

/** A text of about `characters`, another one for each `seed`. */
function text(seed: number, characters: number): string {
  let result = `Marta (harbour, evening ${seed}):`;
  for (let step = seed; result.length < characters; step += 1 + (seed % 7)) {
    result += ` ${WORDS[step % WORDS.length]}`;
  }
  return result;
}

/** Empty, with a word on stderr, when weights or packages are not here. */
export async function embedBench(): Promise<Row[]> {
  const path = realModels();
  if (path === null) {
    console.error("embed: skipped, there are no weights (FLOWER_MODELS) or no packages (flower models pull)");
    return [];
  }
  const rows: Row[] = [];
  const starts: number[] = [];
  for (let run = 0; run < 5; run++) {
    const from = performance.now();
    const { embedder, end } = open(path);
    await embedder.embed(["ready?"]);
    starts.push(performance.now() - from);
    await end();
  }
  rows.push({
    name: "embedder, spawn to first vector, p50",
    value: quantile(starts, 0.5),
    unit: "ms",
    goal: "",
  });
  const { embedder, rss_mb, end } = open(path);
  await embedder.embed(Array.from({ length: 16 }, (_, index) => text(index, 200)));
  for (const characters of [60, 200, 400]) {
    const times: number[] = [];
    for (let round = 0; round < 100; round++) {
      const from = performance.now();
      await embedder.embed([text(round, characters)]);
      times.push(performance.now() - from);
    }
    const name = `embed one text of ${characters} characters`;
    rows.push({ name: `${name}, p50`, value: quantile(times, 0.5), unit: "ms", goal: "" });
    rows.push({ name: `${name}, p95`, value: quantile(times, 0.95), unit: "ms", goal: "" });
  }
  const batches: number[] = [];
  for (let round = 0; round < 8; round++) {
    const texts = Array.from({ length: 64 }, (_, index) => text(round * 64 + index, 200));
    const from = performance.now();
    await embedder.embed(texts);
    batches.push(performance.now() - from);
  }
  rows.push({
    name: "embed 64 texts of 200 characters, p50",
    value: quantile(batches, 0.5),
    unit: "ms",
    goal: "",
  });
  rows.push({ name: "embedder, memory", value: await rss_mb(), unit: "MB", goal: "" });
  await end();
  return rows;
}

function open(path: string): { embedder: Embedder; rss_mb: () => Promise<number>; end: () => Promise<void> } {
  const embeddings = { engine: "local", path, url: "", model: MODEL } as const;
  const process = startEmbedder(ROOT, embeddings, cleanEnv(), (line) => console.error(line));
  // What the front door does between the two.
  const embedder = channelEmbedder(MODEL, (line) => process.send(JSON.stringify(JSON.parse(line).embed)));
  const reading = (async () => {
    for await (const line of process.lines) embedder.receive(JSON.stringify({ embedded: JSON.parse(line) }));
  })();
  return {
    embedder,
    async rss_mb() {
      const status = await Deno.readTextFile(`/proc/${process.pid}/status`).catch(() => "");
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1024;
    },
    async end() {
      embedder.close();
      process.kill();
      await reading;
    },
  };
}
