/** From the shell to the first frame, and what a first play puts on the disk and into memory. */

import * as pty from "@lydell/node-pty";
import { join } from "node:path";
import { cleanEnv, FACE, ROOT } from "../support/processes.ts";
import { quantile, type Row, rssMb } from "./rows.ts";

const RUNS = 9;

interface Start {
  paint_ms: number;
  /** The worlds stand on the screen: the brain is ready and has told its state. */
  worlds_ms: number;
  face_mb: number;
}

/** One `play` on an empty home, until the worlds are listed. */
async function start(): Promise<Start> {
  const home = await Deno.makeTempDir();
  const from = performance.now();
  const child = pty.spawn(Deno.execPath(), [
    "run",
    "-A",
    "--no-check",
    "--quiet",
    FACE,
    "play",
    "--home",
    home,
  ], {
    cols: 120,
    rows: 36,
    cwd: ROOT,
    env: cleanEnv({ TERM: "xterm-256color", LANG: "C.UTF-8" }),
  });
  let seen = "";
  let paint_ms = 0;
  const ended = new Promise<void>((resolve) => child.onExit(() => resolve()));
  const worlds_ms = await new Promise<number>((resolve) => {
    child.onData((text: string) => {
      seen += text;
      if (paint_ms === 0 && seen.includes("Flower")) paint_ms = performance.now() - from;
      if (seen.includes("Salt Marsh")) resolve(performance.now() - from);
    });
  });
  const face_mb = rssMb(child.pid);
  child.kill("SIGTERM");
  await ended;
  await Deno.remove(home, { recursive: true }).catch(() => {});
  return { paint_ms, worlds_ms, face_mb };
}

/** `deno run` of a file with one line, for the ratio. */
async function bareDeno(): Promise<number> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, "console.log(1);\n");
  const from = performance.now();
  await new Deno.Command(Deno.execPath(), { args: ["run", "--quiet", "--no-check", file], stdout: "null" })
    .output();
  const took = performance.now() - from;
  await Deno.remove(file);
  return took;
}

async function folderMb(path: string): Promise<number> {
  const { stdout } = await new Deno.Command("du", { args: ["-sk", path] }).output();
  return Math.round(Number(new TextDecoder().decode(stdout).split("\t")[0]) / 102.4) / 10;
}

/** Rows for start, disk and memory of the face. */
export async function startBench(): Promise<Row[]> {
  const starts: Start[] = [];
  const bare: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    bare.push(await bareDeno());
    starts.push(await start());
  }
  const paint = quantile(starts.map(({ paint_ms }) => paint_ms), 0.5);
  const base = quantile(bare, 0.5);
  return [
    { name: "a bare `deno run`, p50", value: base, unit: "ms", goal: "" },
    { name: "start to first paint, p50", value: paint, unit: "ms", goal: "" },
    {
      name: "start to first paint, as a ratio to the bare run",
      value: paint / base,
      unit: "x",
      goal: "< 4 x",
    },
    {
      name: "start to the worlds on the screen (brain ready), p50",
      value: quantile(starts.map(({ worlds_ms }) => worlds_ms), 0.5),
      unit: "ms",
      goal: "",
    },
    {
      name: "memory of the face",
      value: quantile(starts.map(({ face_mb }) => face_mb), 0.5),
      unit: "MB",
      goal: "",
    },
    {
      name: "node_modules on disk",
      value: await folderMb(join(ROOT, "node_modules")),
      unit: "MB",
      goal: "< 1000 MB",
    },
  ];
}
