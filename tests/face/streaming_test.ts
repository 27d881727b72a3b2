/** Words are drawn whole and never move: a reply in small pieces, at every width. */

import assert from "node:assert/strict";
import { WORD_WAIT_MS } from "../../face/widgets/transcript.ts";
import type { Row } from "../../face/text/wrap.ts";
import { layMessage } from "../../face/widgets/blocks.ts";
import { placementsOf } from "../../face/widgets/transcript.ts";
import { geometry, pageContext } from "../../face/app/geometry.ts";
import { block, blockCount } from "../../face/widgets/blocks.ts";
import { events, message, type Player, seeded } from "../support/player.ts";
import { openStory, PROSE } from "../support/salt_marsh.ts";

const REPLY = PROSE.key + "\n\n" + PROSE.nobody +
  "\n\n*She turns half-heartedly, incomprehensibly slowly,* and **nevertheless** says: “Notwithstanding—never.”\n\n" +
  "- a list with unforgettable circumstances and characteristically long words in its only entry\n" +
  "- another\n\n> a letter that somebody never sent\n\nThe end of it all, and 日本語のことばも少し。";

/** Rows of the growing reply as drawn now. */
function replyRows(player: Player): readonly Row[] {
  const context = pageContext(player.model(), player.now());
  for (let index = blockCount(context) - 1; index >= 0; index--) {
    const part = block(context, index);
    if (part.prose?.message.role === "assistant") return part.prose.rows;
  }
  return [];
}

/** Each drawn word by its place in the source: its row, column and text. */
function words(rows: readonly Row[]): Map<number, { y: number; x: number; text: string }> {
  const found = new Map<number, { y: number; x: number; text: string }>();
  for (const [y, row] of rows.entries()) {
    let x = row.indent;
    for (const run of row.runs) {
      for (const part of run.text.matchAll(/\S+/g)) {
        found.set(run.start + part.index, { y, x: x + part.index, text: part[0] });
      }
      x += run.text.length;
    }
  }
  return found;
}

for (const pace_ms of [40, 5]) {
  Deno.test(`a reply in pieces of one to three letters every ${pace_ms} ms never moves a word, at any width`, () => {
    for (let width = 40; width <= 120; width += pace_ms === 40 ? 1 : 8) {
      const seed = width * 7 + pace_ms;
      const chance = seeded(seed);
      const player = openStory({
        answered: false,
        width,
        height: 40,
        settings: { panel: false, hint_seen: true },
      });
      let seen = new Map<number, { y: number; x: number; text: string }>();
      let at = 0;
      while (at < REPLY.length) {
        const size = 1 + Math.floor(chance() * 3);
        player.hear(events.chunk(REPLY.slice(at, at + size), { message_id: 5, parent_id: 4, offset: at }));
        at += size;
        player.wait(pace_ms);
        const now = words(replyRows(player));
        for (const [start, word] of seen) {
          const same = now.get(start);
          assert.ok(same !== undefined, `seed ${seed}, width ${width}: ${word.text} is gone at ${at}`);
          assert.deepEqual(
            [same.y, same.x],
            [word.y, word.x],
            `seed ${seed}, width ${width}: ${word.text} moved at ${at}`,
          );
          assert.ok(
            same.text.startsWith(word.text),
            `seed ${seed}, width ${width}: ${word.text} became ${same.text}`,
          );
        }
        seen = now;
      }
      player.wait(WORD_WAIT_MS);
      const before = words(replyRows(player));
      player.hear(events.end(message(5, "assistant", REPLY)));
      const after = words(replyRows(player));
      for (const [start, word] of before) {
        assert.deepEqual(after.get(start), word, `seed ${seed}: ${word.text} moved at the end`);
      }
      const text = replyRows(player).map((row) => row.runs.map((run) => run.text).join("")).join(" ");
      assert.match(text, /circumstances/);
      for (const row of replyRows(player)) {
        assert.ok(row.width <= geometry(player.model()).width, `seed ${seed}`);
      }
    }
  });
}

Deno.test("every letter is drawn at most 150 ms after it came, but signs that wait for their meaning", () => {
  const player = openStory({ answered: false });
  const arrived: number[] = [];
  const text =
    "Notwithstanding everything the ferrywoman characteristically answered, nobody listened to her at all that night.";
  let at = 0;
  const drawn = (): number =>
    replyRows(player).reduce(
      (sum, row) => sum + row.runs.map((run) => run.text).join("").replaceAll(" ", "").length,
      0,
    );
  const letters = (end: number): number => text.slice(0, end).replaceAll(" ", "").length;
  for (let ms = 0; ms < 9000; ms++) {
    if (ms % 40 === 0 && at < text.length) {
      const piece = text.slice(at, at + 1 + (ms / 40) % 3);
      player.hear(events.chunk(piece, { message_id: 5, parent_id: 4, offset: at }));
      for (let i = 0; i < piece.length; i++) arrived.push(ms);
      at += piece.length;
    }
    player.wait(1);
    const due = arrived.findLastIndex((came_ms) => came_ms + WORD_WAIT_MS + 1 <= ms) + 1;
    assert.ok(drawn() >= letters(due), `at ${ms} ms ${drawn()} letters of ${letters(due)} are drawn`);
  }
  assert.equal(drawn(), letters(text.length));
});

Deno.test("a word is not drawn before its end has come, unless it keeps growing", () => {
  const player = openStory({ answered: false });
  const shown = (): string =>
    replyRows(player).map((row) => row.runs.map((run) => run.text).join("")).join("|");
  player.hear(events.chunk("The lam", { message_id: 5, parent_id: 4, offset: 0 }));
  assert.equal(shown(), "The");
  player.wait(100);
  assert.equal(shown(), "The");
  player.hear(events.chunk("p ", { message_id: 5, parent_id: 4, offset: 7 }));
  assert.equal(shown(), "The lamp");
  player.hear(events.chunk("burns", { message_id: 5, parent_id: 4, offset: 9 }));
  player.wait(WORD_WAIT_MS - 1);
  assert.equal(shown(), "The lamp");
  player.wait(1);
  assert.equal(shown(), "The lamp burns");
});

Deno.test("a burst is spread over a moment and is whole within 150 ms", () => {
  const player = openStory({ answered: false });
  const count = (): number => [...words(replyRows(player)).keys()].length;
  player.hear(events.chunk(PROSE.key, { message_id: 5, parent_id: 4, offset: 0 }));
  assert.equal(count(), 0);
  player.wait(50);
  const half = count();
  const whole = PROSE.key.split(/\s+/).length;
  assert.ok(half > 10 && half < whole - 10, `${half} of ${whole}`);
  player.wait(100);
  assert.equal(count(), whole);
});

Deno.test("with motion off a burst is there at once, and only a word without an end is waited for", () => {
  const player = openStory({ answered: false, settings: { motion: false, hint_seen: true } });
  const drawn = (): string =>
    replyRows(player).map((row) => row.runs.map((run) => run.text).join("")).join(" ");
  const text = PROSE.shop.slice(0, 120);
  player.hear(events.chunk(text, { message_id: 5, parent_id: 4, offset: 0 }));
  const words = text.slice(0, text.lastIndexOf(" "));
  assert.equal(drawn(), words);
  player.wait(WORD_WAIT_MS);
  assert.equal(drawn().replaceAll(/\s+/g, " "), text);
  assert.match(player.screen(), /^ +· narrating ─/m, "a mark that stands still in place of the spinner");
});

Deno.test("a layout that grew equals a layout made at once, where no word was drawn early", () => {
  const player = openStory({ answered: false, width: 60 });
  for (let at = 0; at < REPLY.length; at += 5) {
    player.hear(events.chunk(REPLY.slice(at, at + 5), { message_id: 5, parent_id: 4, offset: at }));
  }
  player.hear(events.end(message(5, "assistant", REPLY)));
  assert.equal(placementsOf(player.model().transcript, 5).size, 0);
  const { width } = geometry(player.model());
  const fresh = layMessage(new Map(), 5, REPLY, { width, final: true, placements: new Map() }).rows;
  const shape = (rows: readonly Row[]) =>
    rows.map((row) => [row.indent, row.runs, row.start, row.end, row.soft, row.scene]);
  assert.deepEqual(shape(replyRows(player)), shape(fresh));
});

Deno.test("a resize in mid-reply lays the words anew once; from then on none moves, at any width", () => {
  for (let width = 40; width <= 120; width += 5) {
    const seed = width * 13;
    const chance = seeded(seed);
    const player = openStory({
      answered: false,
      width: 80,
      height: 40,
      settings: { panel: false, hint_seen: true },
    });
    const resize_at = 40 + Math.floor(chance() * (REPLY.length - 200));
    let seen = new Map<number, { y: number; x: number; text: string }>();
    let resized = false;
    for (let at = 0; at < REPLY.length;) {
      const piece = REPLY.slice(at, at + 1 + Math.floor(chance() * 3));
      player.hear(events.chunk(piece, { message_id: 5, parent_id: 4, offset: at }));
      at += piece.length;
      player.wait(40);
      const drawn_before = [...words(replyRows(player)).keys()];
      if (!resized && at >= resize_at) {
        resized = true;
        player.send({ kind: "resize", width, height: 40 });
        player.wait(WORD_WAIT_MS);
        seen = new Map();
        const after = words(replyRows(player));
        for (const start of drawn_before) {
          // A word that is cut at the new width begins where it began.
          assert.ok(after.has(start) || start > at - 30, `seed ${seed}: a word is gone after the resize`);
        }
      }
      const now = words(replyRows(player));
      for (const [start, word] of seen) {
        const same = now.get(start);
        assert.deepEqual(
          [same?.y, same?.x],
          [word.y, word.x],
          `seed ${seed}, width ${width}: ${word.text} moved at ${at}`,
        );
      }
      seen = now;
    }
    assert.ok(resized);
  }
});

Deno.test("the promise is 150 ms", () => assert.equal(WORD_WAIT_MS, 150));
