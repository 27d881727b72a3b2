// deno-lint-ignore-file no-control-regex -- escape sequences are what is tested
// Text that wants to drive the terminal, sent to the real face by a brain and typed and pasted into it: at the far end of a
// pseudo terminal nothing arrives but what our own painter writes.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { CommandItem, SyncState, Why, WhyPiece } from "../../shared/protocol.ts";
import { type FakeBrain, startFakeBrain } from "../support/fake_brain.ts";
import { BROKEN, HOSTILE } from "../support/hostile.ts";
import { events, message } from "../support/player.ts";
import { faceCommand, tempHome } from "../support/processes.ts";
import { WHY } from "../support/salt_marsh.ts";
import { assertGivenBack, assertTaken, FAREWELL, type Shell, startShell } from "../support/shell.ts";

const command = (
  name: string,
  text: string,
  kind: CommandItem["arguments"][number]["kind"] | null,
): CommandItem => ({
  name,
  usage: kind === null ? name : `${name} ${text}`,
  help: text,
  arguments: kind === null ? [] : [{ name: text, kind, required: true }],
});

function sync(text: string): Partial<SyncState> {
  return {
    model: "m",
    world_id: "w",
    character_id: "c",
    session_id: "s",
    active_rules: ["r", text],
    available_worlds: [{
      id: "w",
      name: text,
      hook: text,
      opening: text,
      characters: ["c"],
      first_line: text,
    }],
    available_characters: [{ id: "c", name: text, about: text }],
    available_models: [{
      id: "m",
      name: text,
      prompt_price: 1,
      completion_price: 1,
      price_known: true,
      local: false,
      context: 8192,
    }],
    available_rules: [{ id: "r", name: text, about: text }],
    available_sessions: [{
      id: "s",
      name: text,
      title: text,
      world_id: "w",
      character_id: "c",
      turns: 3,
      last_used_ms: 1,
      last: text,
    }],
  };
}

function commands(text: string): CommandItem[] {
  return [
    command("/model", text, "model"),
    command("/world select", text, "world"),
    command("/character select", text, "character"),
    command("/rules add", text, "rule"),
    command("/session continue", text, "session"),
    command("/session delete", text, "session"),
    command(`/${text}`, text, "text"),
  ];
}

/** A text in pieces as no tokenizer would cut it, also between the halves of a surrogate pair. */
function* pieces(text: string): Generator<string> {
  const sizes = text.length > 2000 ? [Math.ceil(text.length / 7)] : [1, 2, 1, 3, 5, 1, 7];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = sizes[turn % sizes.length];
    yield text.slice(at, at + size);
    at += size;
  }
}

/** What our terminal layer writes: entering, questions, frames, leaving. */
const OURS =
  /\x1b\[(?:[\d;]*[HGCKXmrST]|\?(?:25|2026|7|1049|1000|1006|1004|2004)[hl]|>5u|<u|=0u|>4;1m|>4m|\?2026\$p|\?u|c)|\x1b\]11;\?\x1b\\|\r\n?/g;
const CONTROL =
  /[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]|[\u{e0000}-\u{e0fff}]/u;

/** All that was written holds nothing but our own sequences and text. */
function assertClean(output: string, what: string): void {
  // Text in broken UTF-8 does not pass either.
  const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(output, "latin1"));
  // What a title says is text as any other.
  const titled = text.replace(/\x1b\]2;([^\x1b\x07]*)\x07/g, "$1").replace(/\x1b\[2[23];2t/g, "");
  // A sequence of ours with a payload's number in it.
  assert.doesNotMatch(text, /\x1b\[[^a-zA-Z]*777[78]/, what);
  const rest = titled.replaceAll(OURS, "");
  const found = CONTROL.exec(rest);
  assert.equal(
    found,
    null,
    `${what}: ${JSON.stringify(rest.slice(Math.max(0, (found?.index ?? 0) - 40), (found?.index ?? 0) + 40))}`,
  );
}

function assertUntouched(shell: Shell, title = /^$/): void {
  const { emulator } = shell;
  assertTaken(shell);
  for (const mode of [1, 5, 6, 9, 12, 38, 47, 66, 1002, 1003, 1005, 1015, 1016, 1047]) {
    assert.equal(emulator.mode(mode), false, `mode ${mode} was switched on`);
  }
  assert.match(emulator.title(), title);
  assert.doesNotMatch(emulator.title(), CONTROL);
}

const LISTS = ["/", "/model ", "/world select ", "/character select ", "/rules add ", "/session continue "];

/** One payload through everything that a brain can fill. */
async function show(brain: FakeBrain, shell: Shell, text: string, at: number): Promise<void> {
  const name = text.slice(0, 20_000);
  brain.send(
    events.sync(sync(name)),
    { event: "commands", content: text, ref: null, metadata: { commands: commands(name) } },
    events.history([
      message(1, "assistant", text),
      message(2, "user", text),
      message(3, "assistant", `${text}\n\nHistory ${at}.`, { model: text, alternatives: 2 }),
    ]),
  );
  await shell.shows(new RegExp(`History ${at}\\.`));
  brain.send(
    events.system(text),
    events.message(message(4, "user", `${text}\n\nSaid ${at}.`)),
    events.progress("reply:5", text),
    events.progress("index", text),
  );
  let offset = 0;
  for (const piece of [...pieces(text), "\n\n", `Told ${at}.`]) {
    brain.send(events.chunk(piece, { message_id: 5, parent_id: 4, offset, model: text }));
    offset += piece.length;
  }
  // A reply that outgrows the screen is held at its head, so its end is gone to.
  await shell.shows(new RegExp(`Told ${at}\\.|lines below`));
  shell.type("\x1b[1;5F");
  await shell.shows(new RegExp(`Told ${at}\\.`));
  brain.send(
    events.end(message(5, "assistant", `${text}\n\nTold ${at}.`, { status: "failed" })),
    events.error(`${text}\nError ${at}.`),
    events.system(`\u2717 ${text}`),
  );
  brain.sendText(text);
  brain.sendText(`{"event":${JSON.stringify(text)},"payload":{"content":1}}`);
  // One list for each payload, in turn.
  shell.type(LISTS[at % LISTS.length]);
  await shell.shows(/Tab complete/);
  shell.type("\x15");
  await shell.shows(/Ctrl\+O|\? keys/);
  brain.send(events.system(`A page.\n${text}\n\n${text}\n\nSheet ${at}.`, {}, "1"));
  await shell.shows(/Esc back/);
  shell.type("\x1b[F");
  await shell.shows(new RegExp(`Sheet ${at}\\.`));
  shell.type("q");
  await shell.shows(/Ctrl\+O|\? keys/);
}

/** Types more than a terminal's buffer takes at once. */
async function feed(shell: Shell, ...parts: (string | Uint8Array)[]): Promise<void> {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  for (let at = 0; at < bytes.length; at += 2048) {
    shell.type(bytes.subarray(at, at + 2048));
    if (at > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function clearEditor(shell: Shell): Promise<void> {
  // Undone and cut, until nothing is left.
  shell.type("\x1f\x1f\x1f\x05" + "\x15\x08".repeat(8));
  await shell.shows(/Ctrl\+O|\? keys/);
}

function openFace(home: string, url: string): Shell {
  return startShell(
    faceCommand(url, home),
    { columns: 120, rows: 36, env: { NO_COLOR: "", COLORTERM: "truecolor" } },
  );
}

const greet = (brain: FakeBrain) =>
  brain.send(events.greeting(), events.sync(sync("plain")), events.history([]));

Deno.test({
  name: `hostile: ${HOSTILE.length} texts from a brain, through every part of the screen of a real face`,
  ignore: Deno.build.os === "windows",
  async fn() {
    await using home = await tempHome();
    await using brain = startFakeBrain(greet);
    await using shell = openFace(home.path, brain.url);
    await shell.shows(/Tab reread/);
    for (const [at, [name, text]] of HOSTILE.entries()) {
      const from = shell.output().length;
      try {
        await show(brain, shell, text, at);
      } catch (error) {
        throw new Error(`${name}: ${error instanceof Error ? error.message : error}`);
      }
      assertClean(shell.output().slice(from), name);
      assertUntouched(shell);
    }
    shell.type("/quit\r");
    await shell.ended;
    assertClean(shell.output(), "the whole evening");
    assertGivenBack(shell);
  },
});

/** A page of reasons whose every text is `text`. */
function why(text: string, prompt: Why["prompt"]): Why {
  const piece = (item: WhyPiece): WhyPiece => ({
    ...item,
    id: text,
    speaker: text,
    heading: text,
    known_to: item.known_to === "" ? "" : text,
    quote: text,
    fact: text,
    reason: item.reason === "" ? "" : text,
    words: [text],
    page_words: [text, "pier"],
    split: [{ name: text, score: 1 }],
  });
  const { recalled, left_out } = WHY;
  const story = [piece({ ...recalled[0], kind: "summary" })];
  return {
    ...WHY,
    message_id: 3,
    model: text,
    recalled: recalled.map(piece),
    left_out: left_out.map(piece),
    story,
    prompt,
  };
}

/** One payload through what is only shown when it is asked for: reasons, stories found, a question, the window's title. */
async function ask(brain: FakeBrain, shell: Shell, text: string, at: number): Promise<void> {
  const name = text.slice(0, 20_000);
  brain.send(
    events.system(text, { greeting: { protocol: 1, version: name, player: name } }),
    events.sync(sync(name)),
    { event: "commands", content: "", ref: null, metadata: { commands: SEARCHED } },
    events.history([message(2, "user", text), message(3, "assistant", `${text}\n\nHistory ${at}.`)]),
  );
  await shell.shows(new RegExp(`History ${at}\\.`));

  brain.send(events.system(text, { why: why(name, null) }, "1"));
  await shell.shows(/Why this reply/);
  shell.type("n");
  await shell.quiet(() => true, 30);
  const prompt = [{ role: "system" as const, content: text }, {
    role: "user" as const,
    content: `Whole ${at}.`,
  }];
  brain.send(events.system(text, { why: why(name, prompt) }, "1"));
  await shell.shows(/TO THE NARRATOR/);
  shell.type("\x1b[F");
  await shell.shows(new RegExp(`Whole ${at}\\.`));
  // Back to the pieces, back to the page.
  await feed(shell, "qq");
  await shell.shows(/Tab reread/);

  // Nobody looks: the end of a reply changes the title.
  shell.type("\x1b[O");
  await shell.quiet(() => true, 30);
  brain.send(events.chunk("Told.", { message_id: 5, parent_id: 3, offset: 0, model: name }));
  await shell.shows(/narrating/);
  brain.send(events.end(message(5, "assistant", `${text}\n\nTold ${at}.`)));
  await shell.shows(/Tab reread/);
  await shell.quiet(() => shell.output().includes("\x1b]2;"), 30);
  shell.type("\x1b[I");

  shell.type("\x14");
  await shell.shows(/Tab complete/);
  shell.type(`zz ${at}`);
  const search = await brain.asked(new RegExp(`^/session search zz ${at}`));
  const stories = sync(name).available_sessions ?? [];
  brain.send(events.system(text, {
    found: [{ session_id: "s", quote: text, story: null }, {
      session_id: "old",
      quote: text,
      story: { ...stories[0], id: "old" },
    }],
  }, search.ref));
  await shell.shows(/Tab complete/);
  shell.type("\x1b");
  await shell.shows(/Tab reread/);

  shell.type(`Line ${at}.\r`);
  const line = await brain.asked(new RegExp(`^Line ${at}`));
  brain.send(
    events.system(
      `\u2717 ${text}`,
      { ask: { cost: 0.34, limit: 0.05, model: name }, line: line.prompt },
      line.ref,
    ),
  );
  await shell.shows(/About \$0\.34/);
  shell.type("\x1b");
  await shell.shows(/Enter say/);
  shell.type("\x15");
  await shell.shows(/Tab reread/);
}

/** The largest texts go through all of the screen in the test above. */
const MAX_ASKED = 20_000;

const SEARCHED = [
  command("/session search", "WORDS", "text"),
  command("/session continue", "STORY", "session"),
];

Deno.test({
  name:
    `hostile: ${HOSTILE.length} texts through /why, stories found, questions, the window's title and the farewell`,
  ignore: Deno.build.os === "windows",
  async fn() {
    await using home = await tempHome();
    await using brain = startFakeBrain(greet);
    await using shell = openFace(home.path, brain.url);
    await shell.shows(/Tab reread/);
    shell.type("/set title on\r");
    // Neither the line nor its notice need ever be seen here: a busy machine reads both at once, or late.
    await shell.quiet(() => true, 60);
    for (const [at, [name, text]] of HOSTILE.entries()) {
      const from = shell.output().length;
      try {
        await ask(brain, shell, text.slice(0, MAX_ASKED), at);
      } catch (error) {
        throw new Error(`${name}: ${error instanceof Error ? error.message : error}`);
      }
      assertClean(shell.output().slice(from), name);
      assertUntouched(shell, /^✿ .*$/);
    }
    brain.send(events.sync(sync(HOSTILE.map(([, text]) => text.slice(0, 200)).join(""))));
    // The farewell must be made of them.
    await shell.quiet(() => true, 500);
    shell.type("/quit\r");
    await shell.ended;
    assertClean(shell.output(), "the whole evening");
    assertGivenBack(shell);
    assert.match(shell.emulator.text(), FAREWELL);
  },
});

/** Of a paste; the largest ones are for the in-memory tests. */
const MAX_PASTED = 50_000;

Deno.test({
  name: "hostile: the same texts pasted and typed, and broken bytes",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using home = await tempHome();
    await using brain = startFakeBrain(greet);
    await using shell = openFace(home.path, brain.url);
    await shell.shows(/Tab reread/);
    const encoder = new TextEncoder();
    const all: [string, Uint8Array][] = [
      ...HOSTILE.map(([name, text]): [string, Uint8Array] => [name, encoder.encode(text)]),
      ...BROKEN,
    ];
    for (const [at, [name, bytes]] of all.entries()) {
      const from = shell.output().length;
      try {
        await feed(shell, "\x1b[200~", bytes.subarray(0, MAX_PASTED), `\nPasted ${at}.\x1b[201~`);
        await shell.shows(new RegExp(`Pasted ${at}\\.`));
        await clearEditor(shell);
        // Typed controls are keys; the others are text.
        const typed = bytes.filter((byte) => byte >= 0x20 && byte !== 0x7f).slice(0, 4000);
        await feed(shell, "x", typed, ` Typed ${at}.`);
        await shell.shows(new RegExp(`Typed ${at}\\.`));
        await clearEditor(shell);
      } catch (error) {
        throw new Error(`${name}: ${error instanceof Error ? error.message : error}`);
      }
      assertClean(shell.output().slice(from), name);
      assertUntouched(shell);
    }
    // What is said is as clean as what is seen.
    const some = HOSTILE.map(([, text]) => text.slice(0, 200)).join("");
    await feed(shell, "\x1b[200~", some, "\x1b[201~\r");
    const { prompt } = await brain.asked(/./);
    assert.doesNotMatch(
      prompt.replaceAll("\n", ""),
      /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/u,
    );
    shell.type("\x03");
    await shell.shows(/Leave while the narrator speaks/);
    shell.type("s");
    await brain.asked(/^\/cancel/);
    brain.send(events.end(null));
    await shell.ended;
    assertClean(shell.output(), "the whole evening");
    assertGivenBack(shell);
  },
});
