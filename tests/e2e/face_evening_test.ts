// deno-lint-ignore-file no-control-regex -- escape sequences are what is tested
// A long evening by chance: lines, replies in odd pieces, lists, pages, sizes, lost connections, failures. After each step the
// screen that grew piece by piece must be the screen that is drawn at once. FLOWER_EVENING_TURNS says how long it is.

import assert from "node:assert/strict";
import type { Message } from "../../shared/story.ts";
import { type FakeBrain, startFakeBrain } from "../support/fake_brain.ts";
import { events, message, seeded } from "../support/player.ts";
import { faceCommand, tempHome } from "../support/processes.ts";
import { CHARACTERS, COMMANDS, MODELS, PROSE, RULES, SESSIONS, WORLDS } from "../support/salt_marsh.ts";
import { assertGivenBack, type Shell, startShell } from "../support/shell.ts";

const TURNS = Number(Deno.env.get("FLOWER_EVENING_TURNS") ?? "30");
/** The first bytes that give the terminal back; before them stands the last frame. */
const LEAVING = "\x1b[?2026l\x1b[r\x1b[m\x1b[>4m";
const SIZES = [[80, 24], [120, 36], [200, 60], [100, 30], [60, 20], [41, 14], [39, 12], [80, 24]] as const;
const SENTENCES = [
  ...Object.values(PROSE),
  "*She nods, slowly.* **No.** \u201cNever\u201d \u2014 and \u65e5\u672c\u306e\u6d77 lies beyond; caf\u00e9, \u{1f3ad}, nai\u0308ve.",
  "# The ledger\n\n- eel, three braids\n- a clay duck\n\n> We owe the light.\n\n---\n\n```\ntide 4:10\n```",
  "Unforgettablecircumstances-andcharacteristicallylongwords".repeat(3),
];

type Snapshot = { rows: string[]; cursor: string };

/** Every cell with its colours and weight. */
function snapshot({ emulator }: Shell, width: number, height: number): Snapshot {
  const rows = Array.from({ length: height }, (_, y) => {
    let row = "";
    let style = "";
    for (let x = 0; x < width; x++) {
      const cell = emulator.cell(x, y);
      const { fg, bg, bold, italic, underline, strike, reverse } = cell;
      const text = cell.width === 0 ? "" : cell.text === "" ? " " : cell.text;
      // Colour and weight are not seen on a blank.
      const marks = [bold, italic, underline, strike, reverse].map(Number).join("");
      const look = text === " " && !underline && !strike && !reverse ? `${bg}` : `${fg} ${bg} ${marks}`;
      if (look !== style && text !== "") row += `<${style = look}>`;
      row += text;
    }
    return row;
  });
  const { x, y, visible } = emulator.cursor();
  return { rows, cursor: visible ? `${x},${y}` : "hidden" };
}

interface Evening {
  brain: FakeBrain;
  shell: Shell;
  story: Message[];
  chance: () => number;
  size: { width: number; height: number };
  pid: number;
}

/** Has everything drawn anew, and compares. */
async function check(evening: Evening, step: string): Promise<void> {
  const { shell, size, pid } = evening;
  let before: Snapshot | null = null;
  const after = Promise.withResolvers<void>();
  const from = shell.output().length;
  shell.onOutput((text, write) => {
    const at = before === null ? text.indexOf(LEAVING) : -1;
    if (at < 0) return write(text);
    write(text.slice(0, at));
    before = snapshot(shell, size.width, size.height);
    write(text.slice(at));
    after.resolve();
  });
  Deno.kill(pid, "SIGCONT");
  const late = setTimeout(() => after.reject(new Error(`${step}: nothing was drawn anew`)), 60_000);
  await after.promise;
  clearTimeout(late);
  await shell.quiet(() => /\x1b\[\?1049h[^]*\x1b\[\?25[hl]/.test(shell.output().slice(from)), 25);
  shell.onOutput(null);
  const fresh = snapshot(shell, size.width, size.height);
  // The seconds of a countdown go on meanwhile.
  const steady = (rows: string[]) => rows.map((row) => row.replace(/again in \d+ s|trying again/, "again"));
  assert.deepEqual(
    { ...(before ?? fresh), rows: steady((before ?? fresh).rows) },
    { ...fresh, rows: steady(fresh.rows) },
    step,
  );
}

function greet(brain: FakeBrain, story: readonly Message[]): void {
  brain.send(
    events.greeting(),
    events.sync({
      available_worlds: WORLDS,
      available_characters: CHARACTERS,
      available_models: MODELS,
      available_rules: RULES,
      available_sessions: SESSIONS,
      model: "ollama/llama3.2",
      world_id: "salt_marsh",
      character_id: "farrier",
      session_id: "4be1c09a77d2",
      active_rules: ["slow_burn", "gritty"],
    }),
    { event: "commands", content: "", ref: null, metadata: { commands: COMMANDS } },
    events.history(story.slice(-30), story.length > 30),
  );
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const pick = <T>(chance: () => number, list: readonly T[]): T => list[Math.floor(chance() * list.length)];

/** Everything that was sent and typed has been drawn, as far as one can see from outside. */
async function settled({ shell }: Evening, told = true): Promise<void> {
  await shell.quiet(() => !told || !/Esc stop/.test(shell.emulator.text()), 60);
}

/** A reply in odd pieces, with a draft begun in the middle of it. */
async function tell(evening: Evening, reply: Message, ref: string | null, step: string): Promise<void> {
  const { brain, shell, chance, story } = evening;
  brain.send(events.progress(`reply:${reply.id}`, "llama3.2 is reading 3,100 tokens"));
  const stop_at = chance() < 0.4 ? Math.floor(chance() * reply.content.length) : -1;
  for (let at = 0; at < reply.content.length;) {
    const size = 1 + Math.floor(chance() * 9);
    const piece = reply.content.slice(at, at + size);
    brain.send(events.chunk(piece, { message_id: reply.id, parent_id: reply.parent_id, offset: at }));
    if (at <= stop_at && stop_at < at + size) {
      shell.type("A draft");
      if (evening.size.width >= 40) await shell.shows(/› A draft/);
      // Words that still grow are drawn 150 ms after they came.
      await settled(evening, false);
      await pause(200);
      await settled(evening, false);
      await check(evening, `${step}, in mid-reply`);
      shell.type("\x15");
    } else if (chance() < 0.2) await pause(2);
    at += size;
  }
  story.push(reply);
  brain.send(events.end(reply, { recalled: { lore: 1, memories: Math.floor(chance() * 3) } }, ref));
}

async function turn(evening: Evening, number: number): Promise<void> {
  const { brain, shell, chance, story } = evening;
  const line = `Line ${number}: ${
    pick(chance, ["I wait.", "I ask \u65e5\u672c who lights the lamp.", "I look *past* her"])
  }`;
  shell.type(line);
  // A sheet of words or a list never stands here: each step ends on the page.
  shell.type("\r");
  const { ref } = await brain.asked(new RegExp(`^Line ${number}:`));
  // Seen waiting first: only then is the end of the wait a sign that all has been drawn.
  if (evening.size.width >= 40) await shell.shows(/Esc stop/);
  const id = (story.at(-1)?.id ?? 0) + 1;
  const now_ms = Date.now();
  const said = message(id, "user", line, { created_ms: now_ms });
  story.push(said);
  brain.send(events.message(said, ref));
  if (chance() < 0.15) {
    brain.send(events.error("Groq has not answered for 60 s. Your line is kept: r tries again."));
    brain.send(
      events.end(message(id + 1, "assistant", "", { status: "failed", created_ms: now_ms }), {}, ref),
    );
    await settled(evening);
    await check(evening, `turn ${number} failed`);
    if (evening.size.width >= 40) {
      shell.type("r");
      const retry = await brain.asked(/^\/retry/);
      await shell.shows(/Esc stop/);
      brain.send(events.history(story.slice(-30)));
      await tell(
        evening,
        message(id + 2, "assistant", pick(chance, SENTENCES), { parent_id: id, created_ms: now_ms }),
        retry.ref,
        `turn ${number} again`,
      );
    }
    return;
  }
  const content = `${pick(chance, SENTENCES)}\n\n${pick(chance, SENTENCES)}`;
  const alternatives = chance() < 0.3 ? 3 : 1;
  await tell(
    evening,
    message(id + 1, "assistant", content, { alternatives, created_ms: now_ms }),
    ref,
    `turn ${number}`,
  );
}

/** Keys that open something, walk in it, and what closes it again. */
const WALKS: readonly (readonly string[])[] = [
  ["/", "\x1b[B", "\x1b[B", "\x1b", "\x15"],
  ["/mod", "\t", "\x1b", "\x15"],
  ["\x0f", "\x1b[B", "ink", "\x1b"],
  ["\x14", "\x1b[B", "bees", "\x1b"],
  ["\x10", "rules", "\x1b"],
  ["\x1bOP", "\x1b[6~", "\x1b[B", "\x1b"],
  ["\x1bOQ", "\x1bOQ"],
  ["\t", "\x1b[A", "\x1b[A", "\x1b[D", "\x1b"],
  ["\x1b[5~", "\x1b[5~", "\x1b[<64;10;10M", "\x1b[<65;10;10M", "\x1b[6~", "\x1b[1;5F"],
  ["\x1b[1;5H", "\x1b[6~", "\x1b[1;5F"],
  ["some words", "\x1b\r", "and \u65e5\u672c\u8a9e more", "\x1b[D\x1b[D", "\x17", "\x15\x08\x15"],
  ["\x1b[200~pasted\n\nrows\n\u{1f3ad}\x1b[201~", "\x1b[A", "\x05\x15\x08\x15\x08\x15\x08\x05\x15"],
  ["\x1b[A", "\x1b[A", "\x1b[B", "\x1b[B", "\x15"],
  ["/theme light\r", "/theme dark\r"],
  ["/log\r", "\x1b[B", "\x1b"],
  ["\x03", "\x0c"],
];

async function walkAbout(evening: Evening): Promise<void> {
  const { shell, chance } = evening;
  const keys = pick(chance, WALKS);
  for (const [at, key] of keys.entries()) {
    const from = shell.output().length;
    const typed_ms = performance.now();
    shell.type(key);
    // A lone Esc is known after 25 ms, unless the next key is read with it.
    if (key === "\x1b") await shell.quiet(() => true, 60);
    else await pause(5);
    if (chance() < 0.5 || at === keys.length - 1) {
      // On a busy machine an answer takes its time; some keys have none.
      await shell.quiet(() => shell.output().length > from || performance.now() - typed_ms > 400, 60);
      await settled(evening);
      await check(evening, `after the keys ${JSON.stringify(keys.slice(0, at + 1))}`);
    }
  }
}

async function resize(evening: Evening): Promise<void> {
  const [width, height] = pick(evening.chance, SIZES);
  const { shell, size } = evening;
  if (size.width === width && size.height === height) return;
  const from = shell.output().length;
  evening.size = { width, height };
  shell.resize(width, height);
  await shell.quiet(() => shell.output().length > from, 60);
  await check(evening, `at ${width}x${height}`);
}

async function reconnect(evening: Evening): Promise<void> {
  const { brain, shell } = evening;
  brain.drop();
  await pause(30);
  await brain.joined();
  await shell.quiet(() => !/connection lost/.test(shell.emulator.row(0)), 60);
  await check(evening, "after a lost connection");
}

Deno.test({
  name: `evening: after each of ${TURNS} turns and what is between them, the screen is as if drawn at once`,
  ignore: Deno.build.os === "windows",
  async fn() {
    const seed = Number(Deno.env.get("FLOWER_EVENING_SEED") ?? "20261122");
    await using home = await tempHome();
    const story: Message[] = [message(1, "assistant", PROSE.shop, { created_ms: Date.now() })];
    await using brain = startFakeBrain((joined) => greet(joined, story));
    await using shell = startShell(
      faceCommand(brain.url, home.path),
      { columns: 80, rows: 24, env: { NO_COLOR: "", COLORTERM: "truecolor", FLOWER_MOTION: "off" } },
    );
    await shell.shows(/Tab reread/);
    const evening: Evening = {
      brain,
      shell,
      story,
      chance: seeded(seed),
      size: { width: 80, height: 24 },
      pid: shell.pid,
    };
    let step = "";
    try {
      for (let number = 1; number <= TURNS; number++) {
        step = `turn ${number}`;
        await turn(evening, number);
        await settled(evening);
        await check(evening, step);
        const what = evening.chance();
        step += `, then ${what}`;
        if (what < 0.55) await walkAbout(evening);
        else if (what < 0.85) await resize(evening);
        else await reconnect(evening);
      }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw new Error(`seed ${seed}, ${step}: ${text}\n${shell.emulator.text()}`);
    }
    shell.kill("SIGTERM");
    await shell.ended;
    assertGivenBack(shell);
  },
});
