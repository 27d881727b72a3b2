/** The page as a window over all rows of the story: wherever it stands, it shows what stands there. */

import assert from "node:assert/strict";
import { pageContext } from "../../../face/app/geometry.ts";
import {
  block,
  blockCount,
  type PageContext,
  type PageRow,
  rowOf,
  troubleOf,
} from "../../../face/widgets/blocks.ts";
import {
  type Scroll,
  scrollBy,
  scrollToMessage,
  scrollToRow,
  scrollToStart,
  viewPage,
} from "../../../face/widgets/page.ts";
import type { Message } from "../../../shared/story.ts";
import { events, message, seeded } from "../../support/player.ts";
import { openStory } from "../../support/salt_marsh.ts";

/** A story of messages of one to six rows. */
function contextOf(seed: number, count = 12): PageContext {
  const chance = seeded(seed);
  const player = openStory({ width: 80 });
  player.hear(events.history(Array.from({ length: count }, (_, at): Message => {
    const rows = Array.from({ length: 1 + Math.floor(chance() * 6) }, (_, row) => `message ${at} row ${row}`);
    return message(at + 1, at % 2 === 0 ? "assistant" : "user", rows.join("\n"));
  })));
  return pageContext(player.model(), player.now());
}

const allRows = (context: PageContext): PageRow[] =>
  Array.from({ length: blockCount(context) }, (_, index) => block(context, index)).flatMap((part) =>
    Array.from({ length: part.height }, (_, row) => rowOf(part, row))
  );
const words = (rows: readonly PageRow[]): string[] =>
  rows.map((row) => row.kind === "prose" ? row.row.runs.map(({ text }) => text).join("") : row.kind);

Deno.test("scrolled by any number of rows, up and down again, the page shows those rows and counts those below", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const context = contextOf(seed);
    const all = words(allRows(context));
    const height = 3 + seed;
    const last = Math.max(0, all.length - height);
    for (let up = 0; up <= all.length + 3; up++) {
      const scroll = scrollBy(context, { kind: "end" }, height, -up);
      const top = Math.max(0, last - up);
      const where = `seed ${seed}, ${up} rows up of ${all.length}`;
      const view = viewPage(context, scroll, height);
      assert.deepEqual(words(view.rows), all.slice(top, top + height), where);
      assert.equal(view.below, last - top, where);
      assert.equal(view.at_start, top === 0, where);
      for (const down of [1, 2, 5, up]) {
        const to = Math.min(last, top + down);
        const back = scrollBy(context, scroll, height, down);
        assert.deepEqual(
          words(viewPage(context, back, height).rows),
          all.slice(to, to + height),
          `${where}, ${down} down`,
        );
        if (to === last) assert.deepEqual(back, { kind: "end" }, where);
      }
    }
    assert.deepEqual(words(viewPage(context, scrollToStart(context), height).rows), all.slice(0, height));
  }
});

Deno.test("a message is brought into view whole where it fits, from above and from below, and moved no more than needed", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const context = contextOf(seed);
    const all = allRows(context);
    const height = 9;
    const last = all.length - height;
    const starts: Scroll[] = [
      { kind: "end" },
      scrollToStart(context),
      scrollBy(context, { kind: "end" }, height, -11),
    ];
    for (const from of starts) {
      const top = all.indexOf(viewPage(context, from, height).rows[0]);
      for (let id = 1; id <= 12; id++) {
        const scroll = scrollToMessage(context, from, height, id);
        const view = viewPage(context, scroll, height);
        const shown = view.rows.filter((row) => row.kind === "prose" && row.id === id).length;
        const rows = all.filter((row) => row.kind === "prose" && row.id === id).length;
        const where = `seed ${seed}, message ${id} of ${rows} rows`;
        assert.equal(shown, rows, where);
        if (
          viewPage(context, from, height).rows.filter((row) => row.kind === "prose" && row.id === id)
            .length === rows
        ) {
          const lines = words(viewPage(context, from, height).rows);
          if (top >= 0 && top <= last) assert.deepEqual(words(view.rows), lines, `${where}: it was in view`);
        }
      }
    }
  }
});

Deno.test("a row that is looked for comes a third down the page, or stays where it is in view", () => {
  const context = contextOf(3);
  const height = 12;
  const content = context.transcript.messages[1].content;
  const start = content.lastIndexOf("message");
  const there = scrollToRow(context, { kind: "end" }, height, 2, start);
  const rows = words(viewPage(context, there, height).rows);
  const at = rows.indexOf(content.slice(start));
  assert.ok(at === 4 || viewPage(context, there, height).at_start, `row ${at}`);
  assert.equal(scrollToRow(context, there, height, 2, start), there);
});

Deno.test("what went wrong is told from the story itself after a restart, with what helps", () => {
  const troubled = (last: Message) => {
    const context = contextOf(1, 2);
    const messages = [...context.transcript.messages, last];
    return troubleOf({ ...context, transcript: { ...context.transcript, messages }, idle: true });
  };
  assert.deepEqual(troubled(message(3, "assistant", "", { status: "failed" })), {
    text: "The narrator did not answer.",
    retry: true,
    go_on: false,
  });
  assert.deepEqual(troubled(message(3, "assistant", "It", { status: "failed" })), {
    text: "The reply broke off here.",
    retry: true,
    go_on: true,
  });
  assert.deepEqual(troubled(message(3, "user", "And?")), {
    text: "This line has no answer yet.",
    retry: true,
    go_on: false,
  });
  assert.equal(troubled(message(3, "assistant", "It", { status: "stopped" })), null);
  // The line of an original server has no answer to wait for.
  assert.equal(troubled(message(-3, "user", "And?")), null);
});

Deno.test("a place below a message's last row, as after the page became wider, is that last row", () => {
  const context = contextOf(1);
  const { id, height } = block(context, 2);
  const { top, rows } = viewPage(context, { kind: "at", id, row: 99 }, 5);
  assert.deepEqual(top, { id, row: height - 1 });
  assert.equal(words(rows)[0], words([rowOf(block(context, 2), height - 1)])[0]);
});

/** A page of these messages, with the bar on one of them. */
function pageOf(messages: readonly Message[], cursor_id: number | null = null): PageRow[] {
  const player = openStory({ width: 80 });
  player.hear(events.history([...messages]));
  return allRows({ ...pageContext(player.model(), player.now()), cursor_id });
}

Deno.test("a foot stands under the last reply, and under the reply that has the bar", () => {
  const told = { alternative: 1, alternatives: 2 };
  const story = [
    message(1, "assistant", "one", told),
    message(2, "user", "two"),
    message(3, "assistant", "three", told),
  ];
  const feet = (cursor: number | null): number[] =>
    pageOf(story, cursor).flatMap((row) => row.kind === "foot" ? [row.message.id] : []);
  assert.deepEqual(feet(null), [3]);
  assert.deepEqual(feet(1), [1, 3]);
  assert.deepEqual(feet(2), [3]);
});

Deno.test("a date stands before what was told more than six hours later, and none where no time is known", () => {
  const HOUR_MS = 3_600_000;
  const evening_ms = new Date(2026, 10, 19, 20).getTime();
  const dates = (first_ms: number, second_ms: number): number =>
    pageOf([
      message(1, "assistant", "one", { created_ms: first_ms }),
      message(2, "user", "two", { created_ms: second_ms }),
    ]).filter((row) => row.kind === "date").length;
  assert.equal(dates(evening_ms, evening_ms + 6 * HOUR_MS), 0);
  assert.equal(dates(evening_ms, evening_ms + 6 * HOUR_MS + 1), 1);
  // What an original server sends has no time, and what is said to it now has one.
  assert.equal(dates(0, evening_ms), 0);
});
