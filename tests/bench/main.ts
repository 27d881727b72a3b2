/** `deno task bench`: every figure with its goal. The machine is shared: trust ratios more than absolutes. */

import { brainBench } from "./brain_bench.ts";
import { embedBench } from "./embed_bench.ts";
import { faceBench } from "./face_bench.ts";
import { frameBench } from "./frame_bench.ts";
import { playersBench } from "./players_bench.ts";
import type { Row } from "./rows.ts";
import { startBench } from "./start_bench.ts";
import { storeBench } from "./store_bench.ts";

const PARTS: { name: string; run: () => Promise<Row[]> }[] = [
  { name: "start", run: startBench },
  { name: "brain", run: brainBench },
  { name: "store", run: storeBench },
  { name: "embed", run: embedBench },
  { name: "players", run: () => playersBench(Number(Deno.env.get("FLOWER_BENCH_SECONDS") ?? 10)) },
  { name: "frame", run: frameBench },
  { name: "face", run: faceBench },
];

function print(row: Row): void {
  const digits = row.value >= 100 ? 0 : row.value >= 1 ? 1 : 3;
  console.log(`| ${row.name} | ${row.value.toFixed(digits)} ${row.unit} | ${row.goal} |`);
}

const wanted = Deno.args.length === 0 ? PARTS : PARTS.filter((part) => Deno.args.includes(part.name));
if (wanted.length === 0) {
  console.error(`There is no such part; there are: ${PARTS.map((part) => part.name).join(", ")}.`);
  Deno.exit(2);
}
const memory = /MemTotal:\s+(\d+)/.exec(await Deno.readTextFile("/proc/meminfo").catch(() => ""))?.[1];
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${Deno.build.target}, ${navigator.hardwareConcurrency} cores` +
    `${memory ? `, ${Math.round(Number(memory) / 1024 / 1024)} GB` : ""}, Deno ${Deno.version.deno}\n`,
);
console.log("| what | figure | goal |\n|---|---|---|");
for (const part of wanted) for (const row of await part.run()) print(row);
Deno.exit(0);
