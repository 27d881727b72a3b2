/** The face as a process at the far end of a pseudo terminal, 200x60: what a streamed token costs and when it is seen. */

import type { Message } from "../../shared/story.ts";
import { type FakeBrain, startFakeBrain } from "../support/fake_brain.ts";
import { events, message } from "../support/player.ts";
import { faceCommand, tempHome, until } from "../support/processes.ts";
import { rolePlay } from "../support/role_play.ts";
import { CHARACTERS, MODELS, WORLDS } from "../support/salt_marsh.ts";
import { type Shell, startShell } from "../support/shell.ts";
import { quantile, type Row, rssMb } from "./rows.ts";

const MESSAGES = 10_000;
/** As many messages as a brain sends at once. */
const PAGE = 50;
const TOKENS = 300;
const TOKEN_MS = 10;

const STATE = events.sync({
  available_worlds: WORLDS,
  available_characters: CHARACTERS,
  available_models: MODELS,
  model: "ollama/llama3.2",
  world_id: "salt_marsh",
  character_id: "farrier",
  session_id: "s",
});
const told = (id: number): Message =>
  message(
    id,
    id % 2 === 0 ? "assistant" : "user",
    id % 2 === 0 ? rolePlay(id) : "I look past her, at the water.",
  );

/** The page of the story that ends before message `before`, as a brain sends it. */
function page(before: number): Message[] {
  const from = Math.max(1, before - PAGE);
  return Array.from({ length: before - from }, (_, at) => told(from + at));
}

const greet = (brain: FakeBrain): void =>
  brain.send(events.greeting(), STATE, events.history(page(MESSAGES + 1), true));

/** Has the face load the whole story, and answers all it asks for. */
async function loadAll(shell: Shell, brain: FakeBrain): Promise<void> {
  shell.type("/open\r");
  for (let first = MESSAGES + 1 - PAGE; first > 1; first -= PAGE) {
    const { ref } = await brain.asked(/^\/history before/);
    const metadata = { before: first, history: page(first), more: first - PAGE > 1, recalled: [] };
    brain.send({ event: "history_page", content: "", ref, metadata });
  }
  await shell.shows(/Written to/);
}

/** Runs a face with the long story in it until the page stands still, then `measure`. */
async function withFace(measure: (shell: Shell, brain: FakeBrain) => Promise<void>): Promise<void> {
  await using home = await tempHome();
  await using brain = startFakeBrain(greet);
  await using shell = startShell(
    faceCommand(brain.url, home.path),
    { columns: 200, rows: 60, env: { NO_COLOR: "", COLORTERM: "truecolor" } },
  );
  await shell.shows(/Tab reread/, 60_000);
  await shell.quiet(() => true, 500);
  await measure(shell, brain);
  shell.type("/quit\r");
}

/** Sends one token every TOKEN_MS by the clock, however late the last one was; `sent` hears of each. */
async function stream(
  brain: FakeBrain,
  tokens: readonly string[],
  sent: (at: number) => void,
): Promise<void> {
  const parent_id = MESSAGES;
  let offset = 0;
  const begun = performance.now();
  for (const [at, token] of tokens.entries()) {
    const wait = begun + at * TOKEN_MS - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    brain.send(events.chunk(token, { message_id: MESSAGES + 1, parent_id, offset, tokens_per_second: 100 }));
    offset += token.length;
    sent(at);
  }
}

/** Rows for the table. */
export async function facePtyBench(): Promise<Row[]> {
  const rows: Row[] = [];
  const row = (name: string, value: number, unit: string, goal = "") =>
    rows.push({ name, value, unit, goal });
  await withFace(async (shell, brain) => {
    const text = [0, 1, 2, 3].map((at) => rolePlay(MESSAGES + at)).join("\n\n");
    const tokens = (text.match(/\s*\S{1,6}/g) ?? []).slice(0, TOKENS);
    const before = shell.output().length;
    await stream(brain, tokens, () => {});
    // As long as the last token may take; the spinner goes on for ever.
    await new Promise((resolve) => setTimeout(resolve, 150));
    const written = shell.output().slice(before);
    const frames = written.split("\x1b[?2026h").length - 1;
    row(
      "bytes at the terminal per token, 100 tokens/s, 10,000 messages",
      written.length / tokens.length,
      "B",
      "< 150 B",
    );
    row("frames for 300 tokens, spinner and status among them", frames, "frames");
    row("tokens that shared a frame with another", Math.max(0, tokens.length - frames), "of 300");
    row("memory of the face that streams, a story of 10,000 messages", rssMb(shell.pid), "MB", "< 75 MB");
    brain.send(events.end(message(MESSAGES + 1, "assistant", text)));
    await shell.shows(/Tab reread/);
    await loadAll(shell, brain);
    row("memory of the face with all 10,000 of them loaded", rssMb(shell.pid), "MB");
  });
  await withFace(async (shell, brain) => {
    // Numbered words, so that each is known when it is seen; short rows keep the newest in view.
    const tokens = Array.from({ length: TOKENS }, (_, at) => `${at % 12 === 11 ? "\n" : " "}w${1000 + at}`);
    const sent_ms: number[] = [];
    const late_ms: number[] = [];
    let next = 0;
    shell.onOutput((piece, write) => {
      write(piece);
      const now = performance.now();
      const seen = shell.emulator.text();
      while (next < sent_ms.length && seen.includes(`w${1000 + next}`)) late_ms.push(now - sent_ms[next++]);
    });
    await stream(brain, tokens, (at) => sent_ms[at] = performance.now());
    await until(() => next >= TOKENS - 1, "every token is seen");
    shell.onOutput(null);
    row("a token is seen after, p50", quantile(late_ms, 0.5), "ms");
    row("a token is seen after, the slowest of 300", quantile(late_ms, 1), "ms", "< 150 ms");
  });
  return rows;
}
