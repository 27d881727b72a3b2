/** Searching the story. */

import assert from "node:assert/strict";
import { cutByHits, findHits } from "../../../face/widgets/found.ts";
import { styleAt } from "../../../face/term/grid.ts";
import { createPlayer, events, message, type Player } from "../../support/player.ts";
import { connectFresh, openStory } from "../../support/salt_marsh.ts";

/** The words drawn in the colour of what was found, and the one looked at, in reverse. */
function marked(player: Player): { found: string[]; here: string[] } {
  const grid = player.grid();
  const { theme } = player.model();
  const rows = player.screen().split("\n");
  const found: string[] = [];
  const here: string[] = [];
  for (let y = 0; y < grid.height; y++) {
    let text = "";
    let reverse = false;
    for (let x = 0; x <= grid.width; x++) {
      const style = x < grid.width ? styleAt(grid, x, y) : null;
      const hit = style !== null && style.fg !== null && theme.found.fg !== null &&
        JSON.stringify(style.fg) === JSON.stringify(theme.found.fg);
      if (hit) {
        text += rows[y]?.[x] ?? "";
        reverse = style.reverse;
      } else if (text !== "") {
        (reverse ? here : found).push(text);
        text = "";
      }
    }
  }
  return { found, here };
}

const rule = (player: Player): string =>
  player.screen().split("\n").find((row) => /─{8}/.test(row))?.trim().replace(/ *─+$/, "") ?? "";

Deno.test("places are found whatever their case, and counted from the beginning of the story", () => {
  const messages = [message(1, "assistant", "A Bell. Another bell, a BELL"), message(2, "user", "no belt")];
  assert.deepEqual(findHits(messages, " bell "), [
    { id: 1, start: 2, end: 6 },
    { id: 1, start: 16, end: 20 },
    { id: 1, start: 24, end: 28 },
  ]);
  assert.deepEqual(findHits(messages, "  "), []);
  assert.deepEqual(findHits([message(9, "user", "hahahaha")], "haha").map(({ start }) => start), [0, 4]);
  assert.deepEqual(findHits([message(3, "user", "İİ the duck")], "DUCK"), [{ id: 3, start: 7, end: 11 }]);
});

Deno.test("a run is cut where places begin and end, and a place may reach over its borders", () => {
  const hit = { id: 1, start: 8, end: 14 };
  assert.deepEqual(cutByHits("the bell rings", 4, [hit]), [
    { text: "the ", hit: null },
    { text: "bell r", hit },
    { text: "ings", hit: null },
  ]);
  assert.deepEqual(cutByHits("rings", 12, [hit]), [{ text: "ri", hit }, { text: "ngs", hit: null }]);
  assert.deepEqual(cutByHits("after", 14, [hit]), [{ text: "after", hit: null }]);
  assert.deepEqual(cutByHits("befor", 3, [hit]), [{ text: "befor", hit: null }]);
});

Deno.test("Ctrl+F looks while it is typed: the newest place is shown, all are marked, the rule counts", () => {
  const player = openStory({ height: 40 });
  player.press("ctrl+f");
  assert.match(player.screen(), /› Words to look for/);
  player.type("duck");
  assert.equal(rule(player), "search 2 of 2");
  assert.deepEqual(marked(player), { found: ["duck"], here: ["duck"] });
  player.press("up");
  assert.equal(rule(player), "search 1 of 2");
  assert.equal(player.model().search?.hits[0].id, 3);
  player.press("down", "down");
  assert.equal(rule(player), "search 2 of 2");
  player.type("ling");
  assert.equal(rule(player), "search not in this story");
});

Deno.test("the draft waits, comes back with Esc, and is never what is searched or lost in a crash", () => {
  const player = openStory();
  player.type("A line of mine");
  player.effects();
  player.press("ctrl+f");
  player.type("boy");
  assert.deepEqual(player.effects(), []);
  player.press("backspace");
  assert.deepEqual(player.effects(), [{ kind: "save_draft", text: "A line of mine" }]);
  player.press("esc");
  assert.equal(player.model().editor.text, "A line of mine");
  assert.equal(player.model().search, null);
});

Deno.test("Enter keeps the places: n and N walk, another letter is written, Esc leads back", () => {
  const player = openStory();
  player.press("ctrl+f");
  player.type("the");
  const all = player.model().search?.hits.length ?? 0;
  assert.ok(all > 8);
  player.press("enter", "n", "n");
  assert.equal(rule(player), `search ${all - 2} of ${all}`);
  player.press("N");
  assert.equal(rule(player), `search ${all - 1} of ${all}`);
  assert.equal(player.model().editor.text, "");
  player.press("ctrl+f");
  assert.equal(player.model().editor.text, "the");
  player.press("esc");
  assert.deepEqual(player.model().scroll, { kind: "end" });
  player.press("ctrl+f");
  player.type("boy");
  player.press("enter", "n");
  player.type("I go.");
  assert.equal(player.model().search, null);
  assert.equal(player.model().editor.text, "I go.");
});

Deno.test("a place out of view is brought into it, a third of the page down, and Enter stays there", () => {
  const player = openStory({ height: 14 });
  player.press("ctrl+f");
  player.type("rope-end");
  assert.deepEqual(marked(player).here, ["rope-end"]);
  player.press("enter", "enter");
  assert.equal(player.model().search, null);
  assert.match(player.screen(), /rope-end/);
  player.press("end");
  assert.doesNotMatch(player.screen(), /rope-end/);
});

Deno.test("a place over the end of a row is marked on both", () => {
  const player = openStory({ height: 40 });
  const row = player.screen().split("\n").find((text) => /\S+ \S+$/.test(text) && text.includes("smells"));
  const last = row?.trim().split(" ").at(-1) ?? "";
  const next = player.screen().split("\n")[player.screen().split("\n").indexOf(row ?? "") + 1].trim()
    .split(" ")[0];
  player.press("ctrl+f");
  player.type(`${last} ${next}`);
  assert.equal(marked(player).here.join("|"), `${last}|${next}`);
});

Deno.test("above the first place, earlier pages are asked for until one holds the words", () => {
  const player = createPlayer({ settings: { hint_seen: true } });
  connectFresh(player);
  player.hear(events.sync({ world_id: "salt_marsh", character_id: "farrier", session_id: "4be1c09a77d2" }));
  player.hear(events.history([message(101, "assistant", "A lamp.")], true));
  player.effects();
  const page = (before: number, id: number, text: string, more: boolean) =>
    player.hear({
      event: "history_page",
      content: "",
      ref: null,
      metadata: { before, more, history: [message(id, "assistant", text)], recalled: [] },
    });
  player.press("ctrl+f");
  player.type("lamp");
  assert.equal(rule(player), "search 1 of 1 so far");
  assert.deepEqual(player.said(), []);
  player.press("up");
  assert.deepEqual(player.said(), ["/history before 101"]);
  assert.equal(rule(player), "search looking further back");
  page(101, 51, "A bell.", true);
  assert.deepEqual(player.said(), ["/history before 51"]);
  page(51, 1, "The lamp and the lamp.", false);
  assert.deepEqual(player.said(), []);
  assert.equal(rule(player), "search 2 of 3");
  player.press("up", "up");
  assert.equal(rule(player), "search 1 of 3");
  assert.deepEqual(player.said(), []);
});

Deno.test("/find searches for its words", () => {
  const player = openStory();
  player.type("/find lamp");
  player.press("enter");
  assert.match(rule(player), /^search \d of \d$/);
  assert.equal(player.model().editor.text, "lamp");
  player.press("esc");
  assert.equal(player.model().editor.text, "");
});
