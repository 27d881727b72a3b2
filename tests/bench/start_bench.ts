/** From the shell to the first frame, and what a first play puts on the disk and into memory. */

import * as pty from "@lydell/node-pty";
import { join } from "node:path";
import { openDatabase } from "../../brain/store/database.ts";
import { addMessage } from "../../brain/store/messages.ts";
import { getState, saveState } from "../../brain/store/players.ts";
import { createSession, updateSession } from "../../brain/store/sessions.ts";
import { rememberMessage } from "../../brain/memory/remember.ts";
import { cleanEnv, FACE, FRONT_DOOR, ROOT, startPiped, tempHome } from "../support/processes.ts";
import { rolePlay } from "../support/role_play.ts";
import { quantile, type Row, rssMb } from "./rows.ts";

const RUNS = 9;
const MESSAGES = 10_000;
/** The last word of the long story, and of no other text. */
const LAST_WORD = "lanternfish";

interface Start {
  /** The words waited for stand on the screen, milliseconds after the process was started. */
  paint_ms: number;
  /** The brain has told its state: the worlds are listed, or the narrator is named. */
  ready_ms: number;
  face_mb: number;
}

/** One `play` until `first` and then `ready` were written to its terminal; left as a closed window leaves it. */
async function start(home: string, first: string, ready: string): Promise<Start> {
  const from = performance.now();
  const args = ["run", "-A", "--no-check", "--quiet", FACE, "play", "--home", home];
  const child = pty.spawn(Deno.execPath(), args, {
    cols: 200,
    rows: 60,
    cwd: ROOT,
    env: cleanEnv({ TERM: "xterm-256color", LANG: "C.UTF-8" }),
  });
  let seen = "";
  let paint_ms = 0;
  const ended = new Promise<void>((resolve) => child.onExit(() => resolve()));
  const ready_ms = await new Promise<number>((resolve) => {
    child.onData((text: string) => {
      seen += text;
      if (paint_ms === 0 && seen.includes(first)) paint_ms = performance.now() - from;
      if (seen.includes(ready)) resolve(performance.now() - from);
    });
  });
  const face_mb = rssMb(child.pid);
  child.kill("SIGHUP");
  await ended;
  // Its brain ends on its own; the next start is not to share the machine with it.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return { paint_ms, ready_ms, face_mb };
}

/** A home whose player stands at the end of a story of 10,000 messages. */
function fillHome(home: string): void {
  const db = openDatabase(join(home, "engine.db"));
  const id = "0123456789ab";
  const common = { player_id: "local", world_id: "salt_marsh", character_id: "farrier" };
  const times = { created_ms: 1, last_used_ms: 1 };
  createSession(db, { id, ...common, model: "demo/narrator", title: "Bench", leaf_id: null, ...times });
  db.transaction(() => {
    let parent_id: number | null = null;
    for (let at = 1; at <= MESSAGES; at++) {
      const role = at % 2 === 0 ? "assistant" as const : "user" as const;
      const told = role === "user" ? "I look past her, at the water." : rolePlay(at);
      const content = at === MESSAGES ? `${told} ${LAST_WORD}` : told;
      const more = { status: "complete" as const, model: "demo/narrator", tokens: 200, created_ms: at };
      const message = addMessage(db, "local", id, { parent_id, role, content, ...more });
      // Else the first brain would be busy with it.
      rememberMessage(db, "local", id, message);
      parent_id = message.id;
    }
    updateSession(db, "local", id, { leaf_id: parent_id });
  });
  saveState(db, "local", { ...getState(db, "local"), ...common, session_id: id, model: "demo/narrator" });
  db.close();
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
  const bare: number[] = [];
  const empty: Start[] = [];
  const long: Start[] = [];
  const running: Start[] = [];
  await using story = await tempHome();
  fillHome(story.path);
  // The first evening with it; whoever leaves leaves a picture of the page.
  await start(story.path, LAST_WORD, "built-in narrator");
  for (let round = 0; round < RUNS; round++) {
    bare.push(await bareDeno());
    await using home = await tempHome();
    empty.push(await start(home.path, "Where do you want to go?", "Salt Marsh"));
    long.push(await start(story.path, LAST_WORD, "built-in narrator"));
  }
  {
    await using brain = startPiped(FRONT_DOOR, ["serve", "--home", story.path, "--port", "0"]);
    await brain.ready();
    for (let round = 0; round < RUNS; round++) {
      running.push(await start(story.path, LAST_WORD, "built-in narrator"));
    }
  }
  const p50 = (starts: Start[], of: keyof Start) => quantile(starts.map((one) => one[of]), 0.5);
  const base = quantile(bare, 0.5);
  const rows: [name: string, value: number, unit: string, goal: string][] = [
    ["a bare `deno run`, p50", base, "ms", ""],
    ["start to first paint, no story, p50", p50(empty, "paint_ms"), "ms", "< 60 ms"],
    ["the same, as a ratio to the bare run", p50(empty, "paint_ms") / base, "x", "< 4 x"],
    ["start to the last of 10,000 messages readable, p50", p50(long, "paint_ms"), "ms", "< 80 ms"],
    ["the same, with a brain that runs already, p50", p50(running, "paint_ms"), "ms", "< 80 ms"],
    ["start to the worlds on the screen (brain ready), p50", p50(empty, "ready_ms"), "ms", ""],
    ["start to a brain that tells the long story, p50", p50(long, "ready_ms"), "ms", ""],
    ["the same, with a brain that runs already, p50", p50(running, "ready_ms"), "ms", ""],
    ["memory of the face, 10,000 messages at 200x60", p50(long, "face_mb"), "MB", "< 75 MB"],
    ["node_modules on disk", await folderMb(join(ROOT, "node_modules")), "MB", "< 1000 MB"],
  ];
  return rows.map(([name, value, unit, goal]) => ({ name, value, unit, goal }));
}
