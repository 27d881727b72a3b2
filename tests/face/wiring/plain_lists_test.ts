/** The lists of plain mode: what is shown of them and what may be typed for one. */

import assert from "node:assert/strict";
import { chosen, listText, merged, missing, named, offeredIn } from "../../../face/wiring/plain_lists.ts";
import type { SyncState } from "../../../shared/protocol.ts";
import { events } from "../../support/player.ts";
import { CHARACTERS, MODELS, RULES, SESSIONS, WORLDS } from "../../support/salt_marsh.ts";

Deno.test("a list is numbered from one, a line each, without controls", () => {
  const items = [{ id: "a", name: "A\u001b[31m\nb" }, { id: "c", name: "C" }];
  assert.equal(
    listText("Where?", items, (item) => item.id === "a" ? "far\raway" : ""),
    "Where?\n  1  A b: far away\n  2  C\nA number or a name; Enter takes the first.\n> ",
  );
});

Deno.test("one is meant by its number, its id, or its name in any case", () => {
  const rows: [string, string | undefined][] = [
    ["1", "salt_marsh"],
    ["4", "honey_year"],
    ["0", undefined],
    ["5", undefined],
    ["12345", undefined],
    ["honey_year", "honey_year"],
    ["the HONEY year", "honey_year"],
    ["honey", undefined],
    ["", undefined],
  ];
  for (const [typed, id] of rows) assert.equal(chosen(typed, WORLDS)?.id, id, typed);
  assert.equal(named("1", WORLDS), undefined, "a number is no name");
  assert.equal(missing("x".repeat(99), WORLDS), `There is no "${"x".repeat(60)}" here. There are 1 to 4.`);
  assert.equal(missing("x", WORLDS.slice(0, 1)), `There is no "x" here. There is one: 1.`);
});

Deno.test("characters that the world suggests stand first, in its order, and none twice", () => {
  const world = { ...WORLDS[0], characters: ["midwife", "nobody", "farrier"] };
  assert.deepEqual(offeredIn(world, CHARACTERS).map(({ id }) => id), [
    "midwife",
    "farrier",
    ...CHARACTERS.map(({ id }) => id).filter((id) => id !== "midwife" && id !== "farrier"),
  ]);
});

Deno.test("a state that leaves a list out leaves it as it was", () => {
  const sync = (more: Partial<SyncState>): SyncState => {
    const event = events.sync(more);
    assert.ok(event.event === "sync_state");
    return event.metadata;
  };
  const lists = {
    available_worlds: WORLDS,
    available_characters: CHARACTERS,
    available_models: MODELS,
    available_rules: RULES,
    available_sessions: SESSIONS,
  };
  const before = sync({ ...lists, world_id: "a" });
  assert.deepEqual(merged(null, before), before);
  assert.deepEqual(merged(before, sync({ world_id: "b" })), sync({ ...lists, world_id: "b" }));
  const others = {
    available_worlds: [],
    available_characters: [],
    available_models: [],
    available_rules: [],
    available_sessions: [],
  };
  assert.deepEqual(merged(before, sync(others)), sync(others));
});
