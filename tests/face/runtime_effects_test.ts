/** What the loop of the face wires together: bell, title, a page drawn anew, the files of the home, a key that is alone. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DEFAULT_SETTINGS } from "../../face/app/settings.ts";
import { events, message } from "../support/player.ts";
import { type Face, openSession, withFace } from "../support/running_face.ts";

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

Deno.test("the player's own theme and mouse are there from the first frame on", async () => {
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(home, "themes"));
    await Deno.writeTextFile(join(home, "themes", "dusk.yaml"), 'base: dark\nspeech: "#00ffff"\n');
    await Deno.mkdir(join(home, "face"));
    const settings = { ...DEFAULT_SETTINGS, theme: "dusk", mouse: "native" };
    await Deno.writeTextFile(join(home, "face", "settings.json"), JSON.stringify(settings));
    await withFace(async (face) => {
      openSession(face);
      await face.shows(/look at money/);
      const rows = face.emulator.text().split("\n");
      const y = rows.findIndex((row) => row.includes('"You shoe horses,"'));
      assert.equal(face.emulator.cell(rows[y].indexOf('"You'), y).fg, "#00ffff");
      assert.equal(face.emulator.mode(1000), false);
      face.type("/mouse wheel\r");
      await face.shows(/[Ww]heel/);
      assert.equal(face.emulator.mode(1000), true);
    }, { home });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("Esc alone acts without a key behind it", async () => {
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    face.type("\x1bOP");
    await face.shows(/WRITING/);
    face.type("\x1b");
    assert.doesNotMatch(await face.shows(/look at money/), /WRITING/);
  });
});

Deno.test("a click is about what stands at its column and row", async () => {
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    const rows = face.emulator.text().split("\n");
    const y = rows.findIndex((row) => row.includes("look at money"));
    const x = rows[y].indexOf("money");
    face.type(`\x1b[<0;${x + 1};${y + 1}M\x1b[<0;${x + 1};${y + 1}m`);
    await face.shows(/Esc write/);
  });
});

Deno.test("the page that was left at this machine is not shown over a brain elsewhere", async () => {
  const home = await Deno.makeTempDir();
  try {
    const left = async (face: Face) => {
      openSession(face);
      await face.shows(/look at money/);
    };
    await withFace(left, { home });
    await withFace(async (face) => {
      await face.shows(/look at money/);
    }, { home });
    await withFace(async (face) => {
      assert.doesNotMatch(await face.shows(/Your story opens in a moment/), /look at money/);
    }, { home, whose: "wss://story.example/ws/rpc" });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
