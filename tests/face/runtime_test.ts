/** The whole face against a terminal in memory and a link we hold: keys in, bytes out, screen read by an emulator. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { events, message } from "../support/player.ts";
import type { FakeTerminal, Terminal } from "../../face/term/terminal.ts";
import { rolePlay } from "../support/role_play.ts";
import { LISTS, openSession, withFace } from "../support/running_face.ts";
import { PROSE } from "../support/salt_marsh.ts";

/** Turns of the loop, not a time: what is due in them comes also when the machine stands still for a while. */
async function turns(count: number, ms = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test("the opening is drawn before there is a link, Enter, Enter and a line play a turn", async () => {
  await withFace(async (face) => {
    await face.shows(/Where do you want to go\?[\s\S]*The worlds come in a moment/);
    assert.equal(face.emulator.mode(1049), true);
    face.tell({ kind: "connected" });
    face.hear(events.greeting());
    face.hear(events.sync(LISTS));
    await face.shows(/› 1 {2}The Salt Marsh/);
    face.type("\r");
    await face.shows(/Who are you there/);
    face.type("\r");
    await face.shows(/The story begins/);
    assert.deepEqual(face.said.map((request) => request.prompt), [
      "/world select salt_marsh",
      "/character select farrier",
      "/session new",
    ]);
    openSession(face);
    await face.shows(/look at money/);
    face.type("I give him an apple.\r");
    await face.shows(/› I give him an apple\./);
    assert.equal(face.said.at(-1)?.prompt, "I give him an apple.");
    const ref = face.said.at(-1)?.ref ?? null;
    face.hear(events.message(message(2, "user", "I give him an apple."), ref));
    face.hear(events.chunk("He eats ", { message_id: 3, parent_id: 2, offset: 0 }));
    await face.shows(/He eats[\s\S]*narrating/);
    face.hear(events.end(message(3, "assistant", "He eats the core too.")));
    const text = await face.shows(/the core too/);
    assert.doesNotMatch(text, /narrating/);
    assert.deepEqual([face.emulator.cursor().x, face.emulator.cursor().y, face.emulator.cursor().visible], [
      6,
      21,
      true,
    ]);
    face.type("/quit\r");
    assert.deepEqual(await face.result, {
      code: 0,
      farewell: ["✿ The Salt Marsh · The farrier, 1 turn", "  deno task play goes on where it stopped."],
    });
  });
});

Deno.test("colours and marks arrive as drawn", async () => {
  await withFace(async (face) => {
    openSession(face);
    face.type("x");
    await face.shows(/› x/);
    const rows = face.emulator.text().split("\n");
    const y = rows.findIndex((row) => row.includes('"You shoe horses,"'));
    const x = rows[y].indexOf('"You');
    assert.equal(face.emulator.cell(x, y).fg, "#f2cf9b");
    assert.equal(face.emulator.cell(x - 2, y).fg, null);
    assert.equal(face.emulator.cell(4, 0).fg, "#f29bbd");
    assert.equal(face.emulator.cell(4, 21).fg, "#9ed6c6");
  });
});

Deno.test("the terminal's background picks the theme, its silence leaves it dark", async () => {
  await withFace(async (face) => {
    face.type("\u001b]11;rgb:ffff/ffff/ffff\u001b\\");
    openSession(face);
    await face.shows(/look at money/);
    const until = performance.now() + 30_000;
    while (face.emulator.cell(4, 0).fg !== "#a61e58" && performance.now() < until) await face.shows(/./);
    assert.equal(face.emulator.cell(4, 0).fg, "#a61e58");
  });
});

Deno.test("a background that comes late, over a slow line, still picks the theme", async () => {
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    await new Promise((resolve) => setTimeout(resolve, 150));
    face.type("\u001b[?62c");
    face.type("\u001b]11;rgb:ffff/ffff/ffff\u001b\\");
    const until = performance.now() + 30_000;
    while (face.emulator.cell(4, 0).fg !== "#a61e58" && performance.now() < until) await face.shows(/./);
    assert.equal(face.emulator.cell(4, 0).fg, "#a61e58");
  });
});

Deno.test("NO_COLOR draws none", async () => {
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    for (let y = 0; y < 24; y++) for (let x = 0; x < 80; x++) assert.equal(face.emulator.cell(x, y).fg, null);
  }, { env: { NO_COLOR: "1" } });
});

Deno.test("a resize is drawn whole at the new size", async () => {
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    face.emulator.resize(120, 36);
    face.terminal.resize(120, 36);
    const text = await face.shows(/THE SALT MARSH/);
    assert.match(text, /^ {8}✿ The Salt Marsh · The farrier/);
    // One way at a time, too: a frame is never drawn into a grid of another size.
    for (const [width, height] of [[120, 30], [120, 40], [100, 40], [110, 40]]) {
      face.emulator.resize(width, height);
      face.terminal.resize(width, height);
      await face.shows(new RegExp(`^(?:.*\\n){${height - 1}} *Tab reread`));
      for (const letter of ["a", "\b"]) {
        face.type(letter);
        await face.shows(letter === "a" ? /› a/ : /Tab reread/);
      }
      assert.equal(face.emulator.text().split("\n").length, height);
    }
    face.emulator.resize(39, 24);
    face.terminal.resize(39, 24);
    await face.shows(/Flower needs 40 columns and 10 rows\./);
    // What lies right of the new edge is the emulator's own memory of the wider screen.
    const seen = face.emulator.text().split("\n").map((row) => row.slice(0, 39).trim()).filter((row) =>
      row !== ""
    );
    assert.deepEqual(seen, ["Flower needs 40 columns and 10 rows."]);
  });
});

Deno.test("draft, what was said and the settings survive the face", async () => {
  const home = await Deno.makeTempDir();
  try {
    await withFace(async (face) => {
      openSession(face);
      await face.shows(/look at money/);
      face.type("I wait.\r");
      await face.shows(/› I wait\./);
      face.type("A draft that nobody sent");
      await face.shows(/A draft that nobody sent/);
      face.type("\u001bOQ");
    }, { home });
    assert.equal(await Deno.readTextFile(join(home, "face", "draft.txt")), "A draft that nobody sent");
    assert.equal(
      await Deno.readTextFile(join(home, "face", "said.jsonl")),
      '{"text":"I wait.","story":"s"}\n',
    );
    await withFace(async (face) => {
      await face.shows(/✿ The Salt Marsh · The farrier[\s\S]*look at money[\s\S]*› A draft that nobody sent/);
      openSession(face);
      await face.shows(/look at money/);
      face.type("\u0015\u001b[A");
      await face.shows(/› I wait\./);
    }, { home });
    const settings = JSON.parse(await Deno.readTextFile(join(home, "face", "settings.json")));
    assert.equal(settings.panel, false);
    assert.equal(settings.hint_seen, true);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("SIGTERM keeps the page and the draft at once; a page elsewhere is not kept", async () => {
  for (const whose of ["", "wss://story.example/ws/rpc"]) {
    await withFace(async (face) => {
      openSession(face);
      await face.shows(/look at money/);
      face.type("A draft");
      await face.shows(/› A draft/);
      face.signal("SIGTERM");
      assert.equal(await Deno.readTextFile(join(face.home, "face", "draft.txt")), "A draft");
      const page = join(face.home, "face", "page.jsonl");
      if (whose === "") assert.match(await Deno.readTextFile(page), /look at money/);
      else assert.throws(() => Deno.statSync(page), Deno.errors.NotFound);
    }, { whose });
  }
});

Deno.test("a home that cannot be written costs nothing but memory", async () => {
  const file = await Deno.makeTempFile();
  try {
    await withFace(async (face) => {
      openSession(face);
      await face.shows(/look at money/);
      face.type("I wait.\r");
      await face.shows(/› I wait\./);
      face.type("/open\r");
      await face.shows(/could not be written/);
    }, { home: join(file, "below") });
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("/open writes the story and says where, /copy hands it to the terminal", async () => {
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    face.type("/open\r");
    await face.shows(/Written to/);
    const path = join(face.home, "stories", "the-salt-marsh-the-farrier-s.txt");
    assert.equal(await Deno.readTextFile(path), `${PROSE.shop}\n`);
    await Deno.writeTextFile(path, "A longer story. ".repeat(400));
    face.type("/open\r");
    await face.shows(/farrier-s-2\.txt|-2\.txt/);
    assert.match(await Deno.readTextFile(path), /^A longer story\./);
    await face.emulator.write(face.terminal.take());
    face.type("/copy\r");
    const until = performance.now() + 30_000;
    let bytes = "";
    while (!bytes.includes("\u001b]52;c;") && performance.now() < until) {
      bytes += new TextDecoder().decode(face.terminal.take());
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const base64 = bytes.slice(bytes.indexOf("]52;c;") + 6).split("\u0007")[0];
    assert.equal(
      new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))),
      PROSE.shop,
    );
    await face.emulator.write(bytes);
    await face.shows(/The last reply is in the clipboard\./);
  });
});

Deno.test("a line that the socket does not take stays in the editor", async () => {
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    face.connected.value = false;
    face.type("I wait.\r");
    await face.shows(/There is no connection now\. Your line stays here\.[\s\S]*› I wait\./);
    assert.deepEqual(face.said, []);
  });
});

Deno.test("SIGINT from outside asks like Ctrl+C; Ctrl+C twice leaves", async () => {
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    face.signal("SIGINT");
    await face.shows(/Ctrl\+C again leaves/);
    face.type("\u0003");
    assert.equal((await face.result).code, 0);
  });
});

Deno.test("when nothing changes nothing is written, and no timer runs", async () => {
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    // What the opening still has to say may come late; then there is nothing for more than a second.
    let bytes = 1;
    for (let look = 0; look < 10 && bytes > 0; look++) {
      await face.shows(/look at money/);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const written = face.terminal.take();
      await face.emulator.write(written);
      bytes = written.length;
    }
    assert.equal(bytes, 0);
  });
});

Deno.test("a slow terminal drops frames, and ends with the newest state", async () => {
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    face.terminal.stall(true);
    let text = "";
    for (let n = 0; n < 200; n++) {
      const piece = `word${n} `;
      face.hear(events.chunk(piece, { message_id: 3, parent_id: 1, offset: text.length }));
      text += piece;
      if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    face.hear(events.end(message(3, "assistant", text)));
    await new Promise((resolve) => setTimeout(resolve, 30));
    face.terminal.stall(false);
    face.type("\u001b[1;5F");
    await face.shows(/word199/);
  });
});

Deno.test("a clock that is set back stops no reply on the screen", async () => {
  let back_ms = 0;
  const now = () => Date.now() - back_ms;
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    face.hear(events.chunk("The reeds ", { message_id: 3, parent_id: 1, offset: 0 }));
    await face.shows(/The reeds/);
    back_ms = 3_600_000;
    face.hear(events.chunk("bend over. ", { message_id: 3, parent_id: 1, offset: 10 }));
    face.hear(events.end(message(3, "assistant", "The reeds bend over.")));
    await face.shows(/The reeds bend over\./);
  }, { now });
});

Deno.test("on a slow line one write is under way at a time, stale frames are dropped, keys are seen at once", async () => {
  let slow = false;
  /** Lets the write that is under way come to its end. */
  let letThrough = () => {};
  let under_way = 0;
  let most = 0;
  let writes = 0;
  const line = (terminal: FakeTerminal): Terminal => ({
    ...terminal,
    async write(piece) {
      most = Math.max(most, ++under_way);
      writes += 1;
      if (slow) await new Promise<void>((resolve) => letThrough = resolve);
      await terminal.write(piece);
      under_way -= 1;
    },
  });
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    await turns(20);
    slow = true;
    writes = 0;
    // Pages turned as fast as keys come: 30 of some 4 kB, far more than the line takes.
    let text = "";
    for (let turn = 0; turn < 30; turn++) {
      face.type(turn % 2 === 0 ? "\u001bOP" : "\u001b\u001b");
      const piece = rolePlay(turn).slice(0, 200);
      face.hear(events.chunk(piece, { message_id: 3, parent_id: 1, offset: text.length }));
      text += piece;
      await turns(2);
      if (turn % 5 === 4) letThrough();
    }
    face.hear(events.end(message(3, "assistant", text)));
    face.type("\u001b");
    await turns(20);
    face.type("q\u0015The last word");
    await turns(20);
    assert.equal(most, 1);
    assert.ok(writes <= 7, `${writes} writes for 60 changes and 6 that came through`);
    // What was under way, and the newest frame: nothing had queued up.
    writes = 0;
    letThrough();
    await turns(20);
    letThrough();
    await face.shows(/› The last word/);
    await turns(20);
    assert.equal(writes, 1);
    slow = false;
    letThrough();
  }, { width: 200, height: 60, line });
});

Deno.test("what the emulator shows after a wild evening is what a fresh drawing shows", async () => {
  await withFace(async (face) => {
    openSession(face);
    await face.shows(/look at money/);
    let text = "";
    for (let n = 0; n < 60; n++) {
      const piece = n % 7 === 6 ? '日本 "so"\n\n' : `word${n} `;
      face.hear(events.chunk(piece, { message_id: 3, parent_id: 1, offset: text.length }));
      text += piece;
      if (n % 9 === 3) face.type("\u001b[5~");
      if (n % 9 === 5) face.type("/m");
      if (n % 9 === 6) face.type("\u0015");
      if (n % 9 === 8) face.type("\u001b[6~");
      if (n % 5 === 0) await face.shows(/./);
    }
    face.hear(events.end(message(3, "assistant", text)));
    let before = "";
    for (let same = 0; same < 20;) {
      await turns(1, 20);
      const text = await face.shows(/./);
      same = text === before ? same + 1 : 0;
      before = text;
    }
    face.type("\f");
    let repainted = 0;
    while (repainted === 0) {
      await turns(1);
      const written = face.terminal.take();
      await face.emulator.write(written);
      repainted = written.length;
    }
    await turns(10);
    const after = await face.shows(/./);
    assert.equal(after, before);
  });
});

Deno.test("what FLOWER_MOTION switches off for an evening is not kept as the player's choice", async () => {
  const home = await Deno.makeTempDir();
  try {
    await withFace(async (face) => {
      openSession(face);
      await face.shows(/look at money/);
      face.type("/set panel off\r");
      await face.shows(/panel:? off\./i);
      face.type("/quit\r");
      await face.result;
    }, { home, env: { FLOWER_MOTION: "off" } });
    const kept = JSON.parse(await Deno.readTextFile(join(home, "face", "settings.json")));
    assert.deepEqual([kept.motion, kept.panel], [true, false]);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
