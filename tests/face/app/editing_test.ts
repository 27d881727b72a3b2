/** Another wording for a message: nothing that was written is lost, whoever refuses it, and a draft comes back. */

import assert from "node:assert/strict";
import type { CommandItem } from "../../../shared/protocol.ts";
import { events, message, type Player } from "../../support/player.ts";
import { COMMANDS, openStory, story } from "../../support/salt_marsh.ts";

/** The bar on the player's last line, `e`, and other words for it; a draft stood in the editor before. */
function editing(draft = ""): Player {
  const player = openStory();
  player.type(draft);
  player.click("I take the duck down");
  player.press("e");
  assert.match(player.screen(), /editing/);
  assert.match(player.model().editor.text, /^I take the duck down/);
  player.press("ctrl+u");
  player.type("I leave the duck.");
  player.effects();
  return player;
}

const LINE = story().findLast((item) => item.role === "user")?.id ?? 0;

Deno.test("the wording goes to the brain under the message's id, and the draft is back in the editor", () => {
  const player = editing("a draft");
  player.press("enter");
  assert.deepEqual(player.said(), [`/edit ${LINE} I leave the duck.`]);
  assert.equal(player.model().editor.text, "a draft");
  assert.equal(player.model().editing, null);
});

Deno.test("Esc leaves the message as it was, and the draft is back, on the disk too", () => {
  const player = editing("a draft");
  player.press("esc");
  assert.equal(player.model().editor.text, "a draft");
  assert.equal(player.model().editing, null);
  assert.deepEqual(player.effects(), [{ kind: "save_draft", text: "a draft" }]);
});

Deno.test("a wording that the brain refuses comes back as an edit; one that it took does not", () => {
  const ref = "1";
  const rows: [string, Parameters<Player["hear"]>[0], boolean][] = [
    ["a refusal", events.system("✗ The narrator is still speaking.", {}, ref), true],
    ["an original server's refusal", events.system("Error: busy", {}, ref), true],
    ["an error", { ...events.error("The database is locked."), ref }, true],
    ["a refusal of something else", events.system("✗ No.", {}, "99"), false],
    ["taken", events.message(message(90, "user", "I leave the duck."), ref), false],
    ["an answer", events.system("✓ Saved.", {}, ref), false],
  ];
  for (const [name, event, back] of rows) {
    const player = editing();
    player.press("enter");
    player.hear(event);
    assert.equal(player.model().editing, back ? LINE : null, name);
    assert.equal(player.model().editor.text, back ? "I leave the duck." : "", name);
    // Answered once, it is over: a lost connection brings nothing back.
    if (name === "a refusal of something else" || back) continue;
    player.link({ kind: "lost", retry_in_ms: 1000, reason: "gone" });
    assert.equal(player.model().editor.text, "", name);
  }
});

Deno.test("a refused wording that finds a draft in its place waits among what was said", () => {
  const player = editing("a draft");
  player.press("enter");
  player.hear(events.system("✗ No.", {}, "1"));
  assert.equal(player.model().editor.text, "a draft");
  assert.equal(player.model().editing, null);
  player.press("ctrl+u", "up");
  assert.equal(player.model().editor.text, "I leave the duck.");
});

Deno.test("a connection that is lost, or was never there, loses no wording", () => {
  const lost = editing();
  lost.press("enter");
  lost.link({ kind: "lost", retry_in_ms: 1000, reason: "gone" });
  assert.deepEqual([lost.model().editing, lost.model().editor.text], [LINE, "I leave the duck."]);
  lost.press("enter");
  assert.match(lost.screen(), /There is no connection now/);
  assert.deepEqual([lost.model().editing, lost.model().editor.text], [LINE, "I leave the duck."]);
  const unsent = editing();
  unsent.press("enter");
  unsent.send({ kind: "unsent", prompt: "/edit", ref: "1" });
  assert.deepEqual([unsent.model().editing, unsent.model().editor.text], [LINE, "I leave the duck."]);
  const other = editing();
  other.press("enter");
  other.send({ kind: "unsent", prompt: "/usage", ref: "7" });
  assert.equal(other.model().editing, null);
});

Deno.test("while the narrator speaks a wording is not sent, and stays", () => {
  const player = editing();
  player.hear(events.chunk("Fog", { message_id: 91, parent_id: 90, offset: 0 }));
  player.press("enter");
  assert.match(player.screen(), /The narrator is still speaking\. Your wording stays here\./);
  assert.deepEqual(player.said(), []);
  assert.equal(player.model().editor.text, "I leave the duck.");
  assert.equal(player.model().editing, LINE);
});

Deno.test("what needs the editor for itself waits until the wording is saved or left", () => {
  for (const chord of ["ctrl+f", "ctrl+t", "ctrl+o", "ctrl+p"]) {
    const player = editing();
    player.press(chord);
    assert.match(player.screen(), /First the wording: Enter saves it, Esc leaves it as it was\./, chord);
    assert.deepEqual(
      [player.model().editing, player.model().editor.text],
      [LINE, "I leave the duck."],
      chord,
    );
    player.press("esc");
    assert.deepEqual([player.model().editing, player.model().editor.text], [null, ""], chord);
  }
  const player = editing();
  player.click("Behind you a board gives");
  assert.deepEqual([player.model().desk, player.model().editing], [null, LINE]);
});

Deno.test("/edit from the palette keeps the draft that was put aside", () => {
  const player = openStory();
  const edit: CommandItem = {
    name: "/edit",
    usage: "/edit [MESSAGE TEXT]",
    help: "Other words.",
    arguments: [],
  };
  player.hear({ event: "commands", content: "", ref: null, metadata: { commands: [...COMMANDS, edit] } });
  player.type("a draft");
  player.press("ctrl+p");
  player.type("edit");
  player.press("enter");
  assert.equal(player.model().editing, LINE);
  player.press("esc");
  assert.equal(player.model().editor.text, "a draft");
});
