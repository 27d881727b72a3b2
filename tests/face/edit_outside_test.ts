/** Ctrl+G: the line in the player's own editor, with the terminal lent and taken again. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { editInProgram } from "../../face/wiring/edit_outside.ts";
import { withFace } from "../support/running_face.ts";
import { createPlayer, events, message } from "../support/player.ts";
import { openStory } from "../support/salt_marsh.ts";

async function withProgram(
  script: string,
  check: (home: string, env: (name: string) => string | undefined) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    const path = join(home, "program");
    await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    await check(home, (name) => name === "EDITOR" ? path : undefined);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const leftovers = (home: string): string[] =>
  [...Deno.readDirSync(join(home, "face"))].map(({ name }) => name);

Deno.test("the program sees the line in a file of mode 600 and what it writes comes back", async () => {
  await withProgram(
    'stat -c %a "$1" > "$(dirname "$1")/../mode"; tr a-z A-Z < "$1" > "$1.x"; cat "$1.x" > "$1"; rm "$1.x"',
    async (home, env) => {
      assert.deepEqual(await editInProgram("I open the door", home, env), {
        text: "I OPEN THE DOOR\n",
        problem: "",
      });
      assert.equal((await Deno.readTextFile(join(home, "mode"))).trim(), "600");
      assert.deepEqual(leftovers(home), []);
    },
  );
});

Deno.test("a program that fails changes nothing, and what it wrote is kept in a file that is named", async () => {
  await withProgram("exit 3", async (home, env) => {
    const { text, problem } = await editInProgram("a line", home, env);
    assert.equal(text, null);
    assert.match(problem, /ended with code 3\. Your line is as it was\.$/);
    assert.deepEqual(leftovers(home), []);
  });
  await withProgram('echo "half a page" > "$1"; exit 1', async (home, env) => {
    const { text, problem } = await editInProgram("a line", home, env);
    assert.equal(text, null);
    const path = /What was written is in (.+)$/.exec(problem)?.[1] ?? "";
    assert.equal(await Deno.readTextFile(path), "half a page\n");
  });
});

Deno.test("no editor named, or one that is not there, is said in a sentence", async () => {
  assert.match(
    (await editInProgram("x", "/nowhere", () => undefined)).problem,
    /^No editor is named: set EDITOR/,
  );
  const home = await Deno.makeTempDir();
  const missing = (name: string) => name === "EDITOR" ? "/no/such/program" : undefined;
  const { text, problem } = await editInProgram("x", home, missing);
  assert.equal(text, null);
  assert.match(problem, /ended with code 127\. Your line is as it was\./);
  await Deno.remove(home, { recursive: true });
});

Deno.test("VISUAL goes before EDITOR, and may have arguments of its own", async () => {
  const home = await Deno.makeTempDir();
  const env = (name: string) => ({ VISUAL: "sed -i -e s/a/b/g", EDITOR: "false" })[name];
  assert.deepEqual(await editInProgram("a banana", home, env), { text: "b bbnbnb\n", problem: "" });
  await Deno.remove(home, { recursive: true });
});

Deno.test("the terminal is lent as it was found, keys typed meanwhile are not ours, and the page comes back", async () => {
  const seen: string[] = [];
  let raw = true;
  const done = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  await withFace(async (face) => {
    face.tell({ kind: "connected" });
    face.hear(events.greeting());
    face.hear(events.sync({ world_id: "salt_marsh", session_id: "s1" }));
    face.hear(events.history([message(1, "assistant", "The fog comes in.")]));
    await face.shows(/The fog comes in/);
    face.type("first draft");
    await face.shows(/› first draft/);
    face.type("\x07");
    // The terminal answers the question for its state, which wakes the reader.
    face.type("\x1b[0n");
    await started.promise;
    raw = face.terminal.isRaw();
    await face.emulator.write(face.terminal.take());
    assert.equal(face.emulator.mode(1049), false);
    // Whoever reads it now would lose it; it is there when the terminal is ours again.
    face.type("!");
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
    face.signal("SIGINT");
    face.hear(events.chunk("Told meanwhile. ", { message_id: 3, parent_id: 1, offset: 0 }));
    done.resolve();
    const text = await face.shows(/› second draft!/);
    assert.match(text, /Told meanwhile/);
    assert.doesNotMatch(text, /Ctrl\+C again/);
    assert.equal(face.emulator.mode(1049), true);
    assert.equal(face.terminal.isRaw(), true);
  }, {
    editOutside: async (text) => {
      seen.push(text);
      started.resolve();
      await done.promise;
      return { text: "second draft\n", problem: "" };
    },
  });
  assert.deepEqual(seen, ["first draft"]);
  assert.equal(raw, false);
});

Deno.test("Ctrl+G hands out the line, and nothing where no line is written", () => {
  const player = openStory();
  player.type("A line");
  player.effects();
  player.press("ctrl+g");
  assert.deepEqual(player.effects(), [{ kind: "edit_outside", text: "A line" }]);
  player.send({ kind: "edited", text: "Another\u001b[31m line\n\n", problem: "" });
  assert.equal(player.model().editor.text, "Another line");
  player.effects();
  player.send({ kind: "edited", text: null, problem: "vi ended with code 1. Your line is as it was." });
  assert.equal(player.model().editor.text, "Another line");
  assert.match(player.screen(), /✗ vi ended with code 1/);
  player.press("f1", "ctrl+g");
  player.press("esc", "ctrl+f", "ctrl+g");
  assert.deepEqual(player.effects().filter(({ kind }) => kind === "edit_outside"), []);
  const opening = createPlayer();
  opening.press("ctrl+g");
  assert.deepEqual(opening.effects(), []);
});
