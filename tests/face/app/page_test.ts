/** Scrolling, following, earlier pages: where the page stands. */

import assert from "node:assert/strict";
import { createGrid } from "../../../face/term/grid.ts";
import { dateLine } from "../../../face/text/dates.ts";
import { view } from "../../../face/view.ts";
import { createPlayer, EVENING_MS, events, message, type Player } from "../../support/player.ts";
import { openStory } from "../../support/salt_marsh.ts";

const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, at) => `row ${from + at}`).join("\n");

/** A story of one message with rows 1 to 60, on a page of 17 rows. */
function long(): Player {
  const player = openStory();
  player.hear(events.history([message(1, "assistant", numbered(1, 60))]));
  return player;
}

const rowsOf = (player: Player): number[] =>
  [...player.screen().matchAll(/^ {6}(?:row|new) (\d+)$/gm)].map((match) => Number(match[1]));
const span = (player: Player): [number, number] => {
  const rows = rowsOf(player);
  return [rows[0], rows[rows.length - 1]];
};

Deno.test("the end of the story is in view when it is opened", () => {
  assert.deepEqual(span(long()), [44, 60]);
});

Deno.test("PgUp and PgDn turn pages of all but one row, the wheel goes by three, End follows again", () => {
  const player = long();
  player.press("pgup");
  assert.deepEqual(span(player), [28, 44]);
  assert.match(player.screen(), /▼ 16 lines below ──/);
  player.press("pgdn");
  assert.deepEqual(span(player), [44, 60]);
  assert.doesNotMatch(player.screen(), /below/);
  player.send({ kind: "term", event: { kind: "mouse", action: "wheel_up", x: 1, y: 1 } });
  assert.deepEqual(span(player), [41, 57]);
  player.send({ kind: "term", event: { kind: "mouse", action: "wheel_down", x: 1, y: 1 } });
  assert.deepEqual(span(player), [44, 60]);
  player.press("home");
  assert.deepEqual(span(player), [1, 17]);
  player.press("space");
  assert.deepEqual(span(player), [17, 33]);
  player.press("end");
  assert.deepEqual(span(player), [44, 60]);
  player.press("pgup", "esc");
  assert.deepEqual(span(player), [44, 60]);
});

Deno.test("the head stays: a long reply is followed until its first row is at the top", () => {
  const player = long();
  player.type("I read.");
  player.press("enter");
  player.hear(events.message(message(2, "user", "I read."), "1"));
  let text = "";
  const grow = (to: number): void => {
    for (let n = text === "" ? 1 : text.split("\n").length; n <= to; n++) {
      const piece = `new ${n}\n`;
      player.hear(events.chunk(piece, { message_id: 3, parent_id: 2, offset: text.length }));
      text += piece;
    }
    player.wait(200);
  };
  grow(10);
  assert.equal(rowsOf(player).at(-1), 10);
  assert.match(player.screen(), /› I read\./);
  grow(17);
  assert.deepEqual(span(player), [1, 17]);
  grow(26);
  assert.deepEqual(span(player), [1, 17], "held");
  assert.match(player.screen(), /narrating ─.*▼ 9 lines below ──/);
  player.press("pgdn");
  assert.deepEqual(span(player), [10, 26]);
  grow(30);
  assert.deepEqual(span(player), [14, 30], "at the end it follows");
  player.press("pgup");
  const reading = span(player);
  grow(40);
  assert.deepEqual(span(player), reading, "nothing moves while reading further up");
  player.press("end");
  assert.deepEqual(span(player), [24, 40]);
  player.hear(events.end(message(3, "assistant", text)));
  assert.deepEqual(span(player), [24, 40]);
});

Deno.test("a reply that ends while its head is held stays there", () => {
  const player = long();
  player.type("I read.");
  player.press("enter");
  player.hear(events.message(message(2, "user", "I read."), "1"));
  const text = numbered(1, 30).replaceAll("row", "new");
  player.hear(events.chunk(text, { message_id: 3, parent_id: 2, offset: 0 }));
  player.wait(300);
  player.hear(events.end(message(3, "assistant", text)));
  assert.deepEqual(span(player), [1, 17]);
  assert.match(player.screen(), /▼ 13 lines below/);
});

Deno.test("earlier pages are asked for once at the top, and come without moving the view", () => {
  const player = openStory();
  player.hear(events.history([message(51, "assistant", numbered(1, 40))], true));
  player.press("pgup");
  assert.deepEqual(player.said(), []);
  player.press("pgup");
  assert.deepEqual(player.said(), ["/history before 51"]);
  player.press("pgup", "home");
  assert.deepEqual(player.said(), [], "asked once");
  const before = span(player);
  player.hear({
    event: "history_page",
    content: "",
    ref: "1",
    metadata: {
      before: 51,
      history: [message(49, "user", "Earlier."), message(50, "assistant", "Even so.")],
      more: false,
      recalled: [],
    },
  });
  assert.equal(span(player)[0], before[0]);
  player.press("pgup");
  assert.match(player.screen(), /› Earlier\./);
  player.press("home");
  assert.deepEqual(player.said(), []);
});

Deno.test("a history that comes again, after a lost connection, leaves the reader where he is", () => {
  const player = openStory({ height: 24 });
  const all = Array.from(
    { length: 12 },
    (_, at) => message(at + 1, "assistant", numbered(at * 10, at * 10 + 9)),
  );
  player.hear(events.history(all.slice(6), true));
  const page = (before: number, from: number, more: boolean) =>
    player.hear({
      event: "history_page",
      content: "",
      ref: null,
      metadata: { before, history: all.slice(from - 1, before - 1), more, recalled: [] },
    });
  page(7, 4, true);
  player.press("ctrl+home", "pgdn");
  const reading = span(player);
  assert.ok(reading[1] < 60, "it is a page above what the brain sends");
  player.link({ kind: "lost", retry_in_ms: 1000, reason: "gone" });
  player.link({ kind: "connected" });
  player.hear(events.greeting());
  player.hear(events.history(all.slice(6), true));
  assert.deepEqual(span(player), reading);
  assert.equal(player.model().transcript.messages.length, 9);
  player.effects();
  player.press("ctrl+home");
  assert.deepEqual(player.said(), ["/history before 4"]);
  // Another leaf: what stands above it is not its past.
  player.hear(events.history([message(7, "assistant", "Elsewhere.", { parent_id: 2 })], false));
  assert.deepEqual(player.model().transcript.messages.map(({ id }) => id), [7]);
  assert.equal(player.model().transcript.more, false);
});

Deno.test("a page for another place in the story is not taken", () => {
  const player = openStory();
  player.hear({
    event: "history_page",
    content: "",
    ref: "1",
    metadata: { before: 999, history: [message(49, "user", "Earlier.")], more: false, recalled: [] },
  });
  assert.equal(player.model().transcript.messages.length, 5);
});

Deno.test("what is above does not move when the window changes its height, and the end stays the end", () => {
  const player = long();
  player.send({ kind: "resize", width: 80, height: 30 });
  assert.deepEqual(span(player), [38, 60]);
  player.press("home");
  player.send({ kind: "resize", width: 80, height: 20 });
  assert.equal(span(player)[0], 1);
});

Deno.test("lines below are counted to 998, and are many from then on", () => {
  for (
    const [rows, words] of [[998, "998 lines below"], [999, "many lines below"], [
      1500,
      "many lines below",
    ]] as const
  ) {
    const player = openStory();
    player.hear(events.history([message(1, "assistant", numbered(1, 17 + rows))]));
    player.press("ctrl+home");
    assert.deepEqual(span(player), [1, 17]);
    assert.match(player.screen(), new RegExp(`▼ ${words} ──`), `${rows}`);
    // One by one over many messages, too.
    const many = openStory();
    many.hear(
      events.history(Array.from({ length: 17 + rows }, (_, at) => message(at + 1, "assistant", "x"))),
    );
    many.press("ctrl+home");
    assert.match(many.screen(), /▼ many lines below ──/);
  }
});

Deno.test("a short story stands at the top of the page", () => {
  const player = openStory();
  player.hear(events.history([message(1, "assistant", "One row.")]));
  assert.equal(player.screen().split("\n")[2], "      One row.");
});

Deno.test("a frame reads as many messages of ten thousand as of a thousand, wherever the page stands", () => {
  const reads = (count: number, ...keys: string[]): number => {
    const player = createPlayer({ width: 120, height: 40, settings: { hint_seen: true } });
    player.link({ kind: "connected" });
    player.hear(events.greeting());
    player.hear(events.sync({ session_id: "s" }));
    player.hear(
      events.history(
        Array.from(
          { length: count },
          (_, at) => message(at + 1, at % 2 ? "user" : "assistant", `Text ${at}.`),
        ),
      ),
    );
    player.press(...keys);
    let read = 0;
    const model = player.model();
    const messages = new Proxy(model.transcript.messages, {
      get(list, key) {
        if (typeof key === "string" && /^\d+$/.test(key)) read++;
        return Reflect.get(list, key);
      },
    });
    const counted = { ...model, transcript: { ...model.transcript, messages } };
    const grid = createGrid(120, 40);
    // What is worked out once per list of messages is known after the first frame.
    view(grid, counted, player.now());
    read = 0;
    view(grid, counted, player.now());
    view(grid, counted, player.now());
    return read;
  };
  for (const keys of [[], ["pgup"], ["pgup", "pgup", "pgup"], ["home"], ["tab", "up", "up"]]) {
    // Rows below are counted up to 999: a thousand messages have more.
    const [small, large] = [reads(1000, ...keys), reads(10_000, ...keys)];
    assert.ok(small > 0);
    assert.equal(large, small, `reads of messages in two frames after ${keys}`);
  }
});

Deno.test("a pause of more than six hours gets a line with the day", () => {
  const at = (day: number, hour: number) => new Date(2026, 2, day, hour).getTime();
  const cases: [number, number, string][] = [
    [at(2, 20), at(5, 20), "Thursday evening, three days later"],
    [at(5, 8), at(5, 15), "Thursday afternoon, later that day"],
    [at(4, 23), at(5, 6), "Thursday morning, one day later"],
    [at(5, 2) - 86_400_000 * 21, at(5, 2), "Thursday night, three weeks later"],
    [at(5, 12) - 86_400_000 * 90, at(5, 12), "Thursday afternoon, three months later"],
    [at(5, 12) - 86_400_000 * 800, at(5, 12), "Thursday afternoon, two years later"],
  ];
  for (const [before, after, text] of cases) assert.equal(dateLine(before, after), text);
  const player = openStory();
  const later = EVENING_MS + 6 * 3600_000;
  const two = (gap_ms: number) => {
    player.hear(
      events.history([
        message(1, "assistant", "One."),
        message(2, "user", "Two.", { created_ms: later + gap_ms }),
      ]),
    );
    return player.screen();
  };
  assert.match(two(61_000), /later/);
  assert.doesNotMatch(two(0), /later/);
});
