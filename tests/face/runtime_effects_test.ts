/** What the face does to the terminal beside drawing: it rings, names itself, draws all anew. */

import assert from "node:assert/strict";
import { events, message } from "../support/player.ts";
import { type Face, withFace } from "../support/running_face.ts";
import { CHARACTERS, MODELS, PROSE, WORLDS } from "../support/salt_marsh.ts";

const LISTS = { available_worlds: WORLDS, available_characters: CHARACTERS, available_models: MODELS };

function openSession(face: Face): void {
  face.tell({ kind: "connected" });
  face.hear(events.greeting());
  face.hear(events.sync({ ...LISTS, world_id: "salt_marsh", character_id: "farrier", session_id: "s" }));
  face.hear(events.history([message(1, "assistant", PROSE.shop)]));
}

/** All that is written until the screen shows it. */
async function written(face: Face, pattern: RegExp): Promise<string> {
  const decoder = new TextDecoder();
  const until = performance.now() + 30_000;
  for (let raw = "";;) {
    const bytes = face.terminal.take();
    raw += decoder.decode(bytes, { stream: true });
    await face.emulator.write(bytes);
    if (pattern.test(face.emulator.text())) return raw;
    if (performance.now() > until) assert.fail(`${pattern} is not on the screen:\n${face.emulator.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

// deno-lint-ignore no-control-regex
const TITLE = /\x1b\][02];([^\x07\x1b]*)(?:\x07|\x1b\\)/g;

Deno.test("a reply that ends while nobody looks rings and is named in the title, until somebody comes back", async () => {
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    const reply = async (id: number) => {
      face.hear(events.chunk(`Number ${id} `, { message_id: id, parent_id: 1, offset: 0 }));
      face.hear(events.end(message(id, "assistant", `Number ${id} is told.`)));
      const raw = await written(face, new RegExp(`Number ${id} is told`));
      const titles = [...raw.matchAll(TITLE)].map(([, title]) => title);
      return { titles, rings: raw.replaceAll(TITLE, "").includes("\x07") };
    };
    face.type("\x1b[O");
    assert.deepEqual(await reply(3), { titles: [], rings: false }, "nobody asked for it");
    face.type("/set bell on\r");
    await face.shows(/Bell: on/);
    face.type("/set title on\r");
    await face.shows(/Title: on/);
    const called = await reply(5);
    assert.equal(called.rings, true);
    assert.match(called.titles.at(-1) ?? "", /The Salt Marsh: the reply is there/);
    face.type("\x1b[Ix");
    // The title that the window had is taken from the terminal's own stack.
    assert.ok((await written(face, /› x/)).includes("\x1b[23;2t"));
    assert.deepEqual(await reply(7), { titles: [], rings: false }, "somebody looks");
  });
});

Deno.test("Ctrl+L draws the whole screen anew, whatever stands there", async () => {
  await withFace(async (face) => {
    openSession(face);
    const before = await face.shows(/look at money/);
    await face.emulator.write(new TextEncoder().encode("\x1b[2J\x1b[Hrubbish of another program"));
    assert.doesNotMatch(face.emulator.text(), /look at money/);
    face.type("\x0c");
    assert.equal(await face.shows(/look at money/), before);
  });
});
