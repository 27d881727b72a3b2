/** The story as the face knows it: edges of pages that are added and of bursts that are spread. */

import assert from "node:assert/strict";
import {
  addChunk,
  addEarlier,
  EMPTY_TRANSCRIPT,
  setHistory,
  shownLength,
  SPREAD_MS,
} from "../../../face/widgets/transcript.ts";
import { message } from "../../support/player.ts";

const told = (...ids: number[]) => ids.map((id) => message(id, "assistant", `Message ${id}.`));

Deno.test("an earlier page says whether there is more; a page with nothing new is the last", () => {
  const rows: [
    name: string,
    page: { before: number; ids: number[]; more: boolean },
    ids: number[],
    more: boolean,
  ][] = [
    ["more to come", { before: 5, ids: [3, 4], more: true }, [3, 4, 5, 6], true],
    ["the first page", { before: 5, ids: [3, 4], more: false }, [3, 4, 5, 6], false],
    ["nothing new: it would be asked for ever", { before: 5, ids: [5, 6], more: true }, [5, 6], false],
    ["empty", { before: 5, ids: [], more: true }, [5, 6], false],
    ["partly known", { before: 5, ids: [4, 5], more: true }, [4, 5, 6], true],
    ["for another place", { before: 4, ids: [2, 3], more: false }, [5, 6], true],
  ];
  for (const [name, { before, ids, more }, all, left] of rows) {
    const page = { before, history: told(...ids), more, recalled: [] };
    const after = addEarlier(setHistory(EMPTY_TRANSCRIPT, told(5, 6), true), page);
    assert.deepEqual(after.messages.map(({ id }) => id), all, name);
    assert.equal(after.more, left, name);
  }
});

Deno.test("a piece of up to 16 letters is shown as it comes, a longer one is spread over a moment", () => {
  const metadata = { message_id: 7, parent_id: 6, model: "m", tokens_per_second: 0, world_id: "w" };
  const start = addChunk(setHistory(EMPTY_TRANSCRIPT, told(6), false), "A", { ...metadata, offset: 0 }, 0);
  for (const [length, spread] of [[16, false], [17, true]] as const) {
    const { live } = addChunk(start, "x".repeat(length), { ...metadata, offset: 1 }, 1000);
    assert.ok(live !== null);
    assert.equal(shownLength(live, 1000), spread ? 1 : 1 + length, `${length}`);
    assert.equal(shownLength(live, 1000 + SPREAD_MS / 2), spread ? 1 + Math.ceil(length / 2) : 1 + length);
    assert.equal(shownLength(live, 1000 + SPREAD_MS), 1 + length);
  }
});
