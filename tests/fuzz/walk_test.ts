/**
 * Anything a player may say or press at any moment, at two faces at once, to a narrator that fails, is silent or slow: the story
 * stays one, both faces show the same as one that joins now, nothing goes on in secret, and no letter that was typed is lost.
 */

import assert from "node:assert/strict";
import type { Listener } from "../../brain/audience.ts";
import { ProviderError } from "../../brain/llm/provider.ts";
import { KEYS } from "../../face/key_rows.ts";
import { gridText } from "../../face/term/grid.ts";
import { clickAt } from "../../face/view/clicks.ts";
import { encodeEvent, parseEvent } from "../../shared/codec.ts";
import { type FakeBrain, fakeBrain, onStage, says, type Script } from "../support/brain_fakes.ts";
import { createPlayer, type Player } from "../support/player.ts";
import { type Chance, fuzz, pick } from "./mutate.ts";

const STEPS = 60;
const PRESSES = 120;

class Face implements Listener {
  readonly player_id = "local";
  readonly player: Player = createPlayer();
  joined = false;

  send(event: Parameters<Listener["send"]>[0]): void {
    const heard = parseEvent(encodeEvent(event));
    if (heard !== null) this.player.hear(heard);
  }

  join(fake: FakeBrain): void {
    this.player.link({ kind: "connected" });
    fake.brain.join(this);
    this.joined = true;
  }

  leave(fake: FakeBrain): void {
    fake.brain.leave(this);
    this.player.link({ kind: "lost", retry_in_ms: 500, reason: "The line is cut." });
    this.joined = false;
  }

  /** What stands on the page, as far as a face that joins is told it. */
  page() {
    const { transcript, turn } = this.player.model();
    const { messages, live } = transcript;
    return { messages: messages.slice(-50), live, telling: turn !== null };
  }
}

/** Pauses of the narrator. */
class Pauses {
  readonly #going = new Set<() => void>();

  readonly wait = () => new Promise<void>((resolve) => this.#going.add(resolve));

  end(): void {
    for (const go of this.#going) go();
    this.#going.clear();
  }
}

/** What the narrator does next. */
const SCRIPTS: readonly ((wait: () => Promise<void>) => Script)[] = [
  () => says("The reeds bend.", ' *A heron* lifts. "Who goes?"\n\n- one\n- two'),
  () => says("  "),
  () =>
    async function* () {
      yield { kind: "text", text: "The tide " };
      await Promise.resolve();
      throw new ProviderError("cut", "The connection broke off.");
    },
  () =>
    async function* () {
      yield* [];
      await Promise.resolve();
      throw new ProviderError("server", "The server is ill.");
    },
  (wait) =>
    async function* (_request, signal) {
      yield { kind: "text", text: "Slowly" };
      await Promise.race([wait(), new Promise((resolve) => signal.addEventListener("abort", resolve))]);
      if (signal.aborted) return;
      yield { kind: "text", text: " the fog lifts." };
      yield { kind: "end", finish: "length", usage: null };
    },
];

function promptOf(chance: Chance, fake: FakeBrain): string {
  const { db } = fake.deps;
  const anyOf = (rows: { id: string | number }[]) => rows.length === 0 ? "0" : String(pick(chance, rows).id);
  const message = () => anyOf(db.all("SELECT id FROM messages"));
  const session = () => anyOf(db.all("SELECT id FROM sessions"));
  if (session() === "0") return "/session new";
  return pick(chance, [
    () => `I walk on, step ${chance(1000)}.`,
    () => "I wait.",
    () => "/retry",
    () => "/continue",
    () => "/undo",
    () => "/redo",
    () => "/cancel",
    () => `/swipe ${pick(chance, ["next", "prev"])}`,
    () => `/swipe ${pick(chance, ["next", "prev"])} ${message()}`,
    () => `/edit ${message()} Another wording ${chance(9)}.`,
    () => chance(4) === 0 ? "/session new" : "I look about.",
    () => `/session continue ${session()}`,
    () => chance(6) === 0 ? `/session delete ${session()}` : "I say nothing.",
  ])();
}

Deno.test("whatever two faces say at whatever moment, both show the one story, and nothing runs on", async () => {
  await fuzz(
    "walk",
    { percent: 0.03, past_percent: 100 },
    (chance) =>
      withFaces(async (fake, faces, pauses) => {
        const asked: Promise<void>[] = [];
        for (let step = 0; step < STEPS; step++) {
          fake.clock.now += chance(60_000) - 5_000;
          fake.scripts.splice(0, Infinity, pick(chance, SCRIPTS)(pauses.wait));
          const ask = fake.brain.handle(pick(chance, faces), {
            prompt: promptOf(chance, fake),
            ref: `${step}`,
          });
          asked.push(ask);
          if (chance(3) > 0) await ask;
          if (chance(3) > 0) await settled();
          if (chance(2) === 0) pauses.end();
        }
        await Promise.all(asked);
        await rest(fake, pauses);
        const late = new Face();
        late.join(fake);
        for (const face of faces) assert.deepEqual(face.page(), late.page());
        assert.deepEqual(fake.deps.db.all("SELECT id FROM messages WHERE status = 'writing'"), []);
        for (const { messages } of fake.requests) {
          const [first, ...others] = messages.map(({ role }) => role);
          assert.equal(first, "system");
          assert.equal(others.at(-1), "user");
          others.forEach((role, at) => assert.notEqual(role, others[at - 1]));
          assert.ok(messages.every(({ content }) => content.trim() !== ""));
        }
      }),
  );
});

/** All keys but those that take letters away from a line. */
const TAKING = /backspace|delete|^(ctrl\+[dhkuwz]|alt\+d)$/;
const CHORDS = KEYS.filter(({ action }) =>
  action.startsWith("desk") || !/delete|undo|redo|kill|cut/.test(action)
)
  .flatMap(({ chords }) => chords).filter((chord) => !TAKING.test(chord));
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;

/** One thing that a pair of hands does, or that happens to them. Returns a letter that was typed into the line, or "". */
function press(chance: Chance, fake: FakeBrain, face: Face, letter: string): string {
  const { player } = face;
  const before = player.model();
  const what = chance(20);
  if (what === 0) face.joined ? face.leave(fake) : face.join(fake);
  else if (what === 1) player.send({ kind: "resize", width: 10 + chance(150), height: 3 + chance(50) });
  else if (what === 2) player.wait(chance(5000));
  else if (what < 5) {
    const on = clickAt(player.drawn().clicks, chance(before.size.width), chance(before.size.height));
    if (on !== null) player.send({ kind: "click", on });
  } else if (what < 10) {
    player.type(letter);
    const { editor, popup, sheet, search, desk, confirm } = player.model();
    const elsewhere = sheet ?? search ?? desk ?? confirm ?? popup.stash ?? before.popup.stash;
    const typed = editor.text.length > before.editor.text.length && editor.text.includes(letter);
    // What is typed into a command or another wording may be left with Esc.
    return typed && elsewhere === null && before.editing === null && !editor.text.startsWith("/")
      ? letter
      : "";
  } else if (what < 14) player.press("enter");
  else player.press(pick(chance, CHORDS));
  return "";
}

Deno.test("whatever is pressed at two faces at whatever moment, no letter is lost, and no turn is waited for in vain", async () => {
  await fuzz(
    "hands",
    { percent: 0.01, past_percent: 100 },
    (chance) =>
      withFaces(async (fake, faces, pauses) => {
        const typed: string[] = [];
        for (let step = 0; step < PRESSES; step++) {
          fake.clock.now += chance(60_000);
          fake.scripts.splice(0, Infinity, pick(chance, SCRIPTS)(pauses.wait));
          const face = pick(chance, faces);
          typed.push(press(chance, fake, face, String.fromCodePoint(0x4e00 + step)));
          for (const effect of face.player.effects()) {
            if (effect.kind !== "say") continue;
            const { prompt, ref } = effect;
            if (!face.joined) face.player.send({ kind: "unsent", prompt, ref });
            else if (chance(3) > 0) await fake.brain.handle(face, { prompt, ref });
            else fake.brain.handle(face, { prompt, ref });
          }
          await settled();
          if (chance(3) === 0) pauses.end();
          const kept = keptText(fake, faces);
          for (const letter of typed) assert.ok(kept.includes(letter), `lost at step ${step}: ${letter}`);
          for (const { player } of faces) assert.doesNotMatch(gridText(player.grid()), CONTROL);
        }
        await rest(fake, pauses);
        for (const face of faces) {
          if (!face.joined) face.join(fake);
          const { turn, transcript } = face.player.model();
          assert.deepEqual([turn, transcript.pending, transcript.live], [null, null, null]);
        }
      }),
  );
});

/** Everywhere that a player's words may stand. */
function keptText(fake: FakeBrain, faces: readonly Face[]): string {
  const kept = faces.map(({ player }) => {
    const { editor, popup, search, said, transcript, edit_sent, outbox } = player.model();
    return JSON.stringify([editor.text, popup.stash, search, said, transcript.pending, edit_sent, outbox]);
  });
  return fake.deps.db.all<{ content: string }>("SELECT content FROM messages")
    .reduce((all, { content }) => all + content, kept.join(""));
}

async function withFaces(
  run: (fake: FakeBrain, faces: readonly Face[], pauses: Pauses) => Promise<void>,
): Promise<true> {
  const fake = fakeBrain();
  const pauses = new Pauses();
  const faces = [new Face(), new Face()];
  try {
    for (const face of faces) face.join(fake);
    await onStage(fake);
    await run(fake, faces, pauses);
    return true;
  } finally {
    pauses.end();
    await fake.close();
  }
}

/** Until no reply runs and no request waits. */
async function rest(fake: FakeBrain, pauses: Pauses): Promise<void> {
  const busy = () => fake.brain.load().running_turns + fake.brain.load().queued_requests > 0;
  for (let left = 20; left > 0 && busy(); left--) {
    pauses.end();
    await settled();
  }
  assert.deepEqual(fake.brain.load(), { running_turns: 0, queued_requests: 0 });
}

async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}
