/** The codec: every form of the wire in, every complaint with its field, nothing an old client would drop. */

import assert from "node:assert/strict";
import { encodeEvent, encodeRequest, parseEvent, parseRequest, refOf } from "../../shared/codec.ts";
import { CodecError } from "../../shared/field.ts";
import type { Event, EventOf, Why } from "../../shared/protocol.ts";
import { EVENTS, MESSAGE, NOTHING_CHANGED, WHY } from "../support/wire_frames.ts";

const frame = (event: string, metadata: unknown, content: unknown = "") =>
  JSON.stringify({ event, payload: { content, metadata } });

Deno.test("every form of a request that the original takes is taken", () => {
  const rows: [string, string, string | null][] = [
    ['{"prompt":"I wait."}', "I wait.", null],
    ['{"prompt":"I wait.","ref":"a1"}', "I wait.", "a1"],
    ['{"prompt":"I wait.","ref":4}', "I wait.", "4"],
    [JSON.stringify({ prompt: "I wait.", ref: "r".repeat(200) }), "I wait.", "r".repeat(200)],
    ['{"prompt":"I wait.","ref":null}', "I wait.", null],
    ['{"prompt":"","more":1}', "", null],
    ["I wait.", "I wait.", null],
    ["/cancel", "/cancel", null],
    ["5", "5", null],
    ['"hi"', '"hi"', null],
    ["[1]", "[1]", null],
    ["null", "null", null],
    ["{broken", "{broken", null],
  ];
  for (const [text, prompt, ref] of rows) assert.deepEqual(parseRequest(text), { prompt, ref }, text);
});

Deno.test("a request without a string prompt is refused with the name of the field", () => {
  for (const text of ["{}", '{"prompt":5}', '{"prompt":null}', '{"prompt":["a"]}', '{"prompt":{}}']) {
    assert.throws(() => parseRequest(text), new CodecError("request.prompt: not a string"), text);
  }
  assert.throws(() => parseRequest('{"prompt":"a","ref":{}}'), new CodecError("request.ref: not a string"));
  assert.throws(
    () => parseRequest(JSON.stringify({ prompt: "a", ref: "r".repeat(201) })),
    new CodecError("request.ref: not a string of at most 200 characters"),
  );
});

Deno.test("the ref of an unreadable request is found for the refusal", () => {
  const rows: [string, string | null][] = [
    ['{"ref":"a"}', "a"],
    ['{"ref":3,"prompt":1}', "3"],
    ['{"ref":[]}', null],
    [JSON.stringify({ ref: "r".repeat(200) }), "r".repeat(200)],
    [JSON.stringify({ ref: "r".repeat(201) }), null],
    ["{", null],
    ["5", null],
  ];
  for (const [text, ref] of rows) assert.equal(refOf(text), ref, text);
});

Deno.test("a request survives the trip", () => {
  assert.equal(encodeRequest({ prompt: "a", ref: null }), '{"prompt":"a"}');
  assert.deepEqual(parseRequest(encodeRequest({ prompt: "é\n", ref: "9" })), { prompt: "é\n", ref: "9" });
});

Deno.test("a page of /why survives the trip, with and without what may be missing", () => {
  const told = (why: Why): Event => ({
    event: "system_update",
    content: "Why",
    ref: "9",
    metadata: { ...NOTHING_CHANGED, greeting: null, why },
  });
  for (const why of [WHY, { ...WHY, reported: null, prompt: null, recalled: [], left_out: [], story: [] }]) {
    assert.deepEqual(parseEvent(encodeEvent(told(why))), told(why));
  }
  const bad = JSON.parse(encodeEvent(told(WHY)));
  bad.payload.metadata.why.recalled[0].kind = "dream";
  assert.throws(
    () => parseEvent(JSON.stringify(bad)),
    new CodecError("system_update.why.recalled[0].kind: not one of lore, memory, fact, summary"),
  );
});

Deno.test("every event survives the trip", () => {
  for (const event of EVENTS) assert.deepEqual(parseEvent(encodeEvent(event)), event);
});

Deno.test("no field that the original knows is ever null on the wire", () => {
  const known = [
    "model",
    "world_id",
    "character_id",
    "session_id",
    "active_rules",
    "total_tokens",
    "history",
  ];
  for (const event of EVENTS) {
    const { payload } = JSON.parse(encodeEvent(event));
    assert.equal(typeof payload.content, "string");
    assert.equal(typeof payload.metadata, "object");
    for (const name of Object.keys(payload.metadata)) {
      const value = payload.metadata[name];
      if (known.includes(name) || name.startsWith("available_")) assert.notEqual(value, null, name);
    }
  }
});

Deno.test("an end without a record says nothing of it, for an old client drops a frame with a null in it", () => {
  const metadata = { total_tokens: 3, message: null, recalled: null };
  const sent = encodeEvent({ event: "chat_end", content: "", ref: "1", metadata });
  assert.deepEqual(JSON.parse(sent).payload.metadata, { total_tokens: 3, ref: "1" });
});

Deno.test("a model that was chosen is confirmed as the original confirms it; other news confirm none", () => {
  const sent = (model: string | null) =>
    JSON.parse(encodeEvent({
      event: "system_update",
      content: "",
      ref: null,
      metadata: { ...NOTHING_CHANGED, greeting: null, model },
    })).payload.metadata;
  assert.deepEqual(sent("m"), { model: "m", model_confirmed: true });
  assert.deepEqual(sent(null), {});
});

Deno.test("a greeting carries the original's status", () => {
  const { payload } = JSON.parse(encodeEvent(EVENTS[0]));
  assert.deepEqual(payload.metadata, { status: "ok", protocol: 1, version: "0.1.0", player: "local" });
});

Deno.test("what an original server sends is understood", () => {
  const greeting = parseEvent(frame("system_update", { status: "ok" }, "✓ Engine ready.")) as EventOf<
    "system_update"
  >;
  assert.deepEqual(greeting.metadata.greeting, { protocol: null, version: "", player: "" });
  const chunk = parseEvent(frame("chat_chunk", { tps: 5.01, model: "gemini/x" }, "Fog")) as EventOf<
    "chat_chunk"
  >;
  assert.equal(chunk.metadata.tokens_per_second, 5.01);
  assert.equal(chunk.metadata.message_id, null);
  const history = parseEvent(
    frame("chat_history", {
      history: [{ role: "assistant", content: "Fog." }, { role: "user", content: "I wait." }],
    }),
  ) as EventOf<"chat_history">;
  assert.deepEqual(history.metadata.history.map(({ id, role }) => [id, role]), [[-1, "assistant"], [
    -2,
    "user",
  ]]);
  assert.equal(history.metadata.more, false);
  const sync = parseEvent(
    frame("sync_state", {
      available_models: [{ id: "m", name: "M" }, { id: "n", name: "N", prompt_price: 2 }],
      available_sessions: [{ id: "s", name: "[Fen] Farrier: Eel" }],
    }),
  ) as EventOf<"sync_state">;
  assert.deepEqual(sync.metadata.available_models?.map((model) => model.price_known), [false, true]);
  assert.equal(sync.metadata.available_worlds, null);
  // It has one label for a story and no title.
  assert.equal(sync.metadata.available_sessions?.[0].title, "[Fen] Farrier: Eel");
  assert.equal(parseEvent('{"event":"error","payload":{"content":"x"}}')?.content, "x");
});

Deno.test("a role that nobody knows is the narrator's: no line is put into the player's mouth", () => {
  const history = [{ role: "system", content: "x" }, { role: "user", content: "y" }];
  const event = parseEvent(frame("chat_history", { history })) as EventOf<"chat_history">;
  assert.deepEqual(event.metadata.history.map(({ role }) => role), ["assistant", "user"]);
});

Deno.test("an event that this face does not know is no error", () => {
  assert.equal(parseEvent(frame("thinking", {})), null);
});

Deno.test("a bad frame is named with its field", () => {
  const rows: [string, string][] = [
    ["no json", "frame: not JSON"],
    ["5", "frame: not an object"],
    ['{"event":5}', "frame.event: not a string"],
    ['{"event":"error"}', "frame.payload: not an object"],
    [frame("error", {}, null), "frame.payload.content: not a string"],
    [frame("error", null), "frame.payload.metadata: not an object"],
    [frame("chat_end", { total_tokens: "3" }), "chat_end.total_tokens: not a number"],
    [
      '{"event":"chat_chunk","payload":{"content":"","metadata":{"tokens_per_second":1e999}}}',
      "chat_chunk.tokens_per_second: not a number",
    ],
    [
      frame("chat_history", { history: [{ role: "user", content: 3 }] }),
      "chat_history.history[0].content: not a string",
    ],
    [
      frame("sync_state", { available_worlds: [{ id: "w" }] }),
      "sync_state.available_worlds[0].name: not a string",
    ],
    [
      frame("message", { message: { ...MESSAGE, status: "gone" } }),
      "message.message.status: not one of writing, complete, stopped, failed",
    ],
    [
      frame("progress", { id: "a", label: "b", done: 1, total: null, unit: "miles", state: "done" }),
      "progress.unit: not one of bytes, items",
    ],
  ];
  for (const [text, message] of rows) assert.throws(() => parseEvent(text), new CodecError(message), text);
});

Deno.test("a message from beyond the calendar comes on its last day", () => {
  const rows: [number, number][] = [[0, 0], [8.64e15, 8.64e15], [1e300, 8.64e15], [-1e300, -8.64e15], [5, 5]];
  for (const [sent, read] of rows) {
    const message = { id: 1, role: "user", content: "x", created_ms: sent };
    const frame = JSON.stringify({ event: "message", payload: { content: "", metadata: { message } } });
    const event = parseEvent(frame);
    assert.equal(event?.event === "message" && event.metadata.message.created_ms, read);
    assert.notEqual(String(new Date(read)), "Invalid Date");
  }
});

Deno.test("what a reply used comes over whole, with the last request's size only where it is told", () => {
  const usage = {
    prompt_tokens: 1,
    cached_tokens: 2,
    completion_tokens: 3,
    cost: null,
    first_token_ms: 4,
    tokens_per_second: 5.5,
  };
  for (const told of [usage, { ...usage, cost: 0.5, window_tokens: 6 }, { ...usage, at_limit: true }]) {
    const metadata = { message: { ...MESSAGE, usage: told } };
    const event: Event = { event: "message", content: "", ref: null, metadata };
    assert.deepEqual(parseEvent(encodeEvent(event)), event);
  }
  for (const name of Object.keys(usage).filter((name) => name !== "cost")) {
    const message = { ...MESSAGE, usage: { ...usage, [name]: "x" } };
    const reason = `message.message.usage.${name}: not a number`;
    assert.throws(() => parseEvent(frame("message", { message })), new CodecError(reason));
  }
});

Deno.test("what a frame may leave out has its default", () => {
  const metadataOf = (name: string, metadata: unknown) => parseEvent(frame(name, metadata))?.metadata;
  assert.deepEqual(metadataOf("history_page", { before: 3, history: [] }), {
    before: 3,
    history: [],
    more: false,
    recalled: [],
  });
  const asked = metadataOf("system_update", { ask: { cost: 0.5 } }) as EventOf<"system_update">["metadata"];
  assert.deepEqual(asked.ask, { cost: 0.5, limit: 0, model: "" });
  // A message without an id of its own is none of ours.
  const { message } = metadataOf("message", { message: { role: "user", content: "x" } }) as EventOf<
    "message"
  >["metadata"];
  assert.equal(message.id, 0);
  const [piece] = WHY.recalled;
  const { score: _score, ...without } = piece;
  const why = metadataOf("system_update", { why: { ...WHY, recalled: [without] } }) as EventOf<
    "system_update"
  >["metadata"];
  assert.equal(why.why?.recalled[0].score, 0);
});

Deno.test("a piece of the story's first reply carries no parent, which an old client would take for a broken frame", () => {
  const metadata = {
    model: "m",
    tokens_per_second: 0,
    world_id: "w",
    message_id: 1,
    parent_id: null,
    offset: 0,
  };
  const sent = JSON.parse(encodeEvent({ event: "chat_chunk", content: "x", ref: null, metadata }));
  assert.ok(!("parent_id" in sent.payload.metadata));
  assert.equal(sent.payload.metadata.offset, 0);
});

Deno.test("a list that is none, and a switch that is none, are named", () => {
  const rows: [string, unknown, string][] = [
    ["commands", { commands: { length: 0 } }, "commands.commands: not a list"],
    ["sync_state", { model_confirmed: 1 }, "sync_state.model_confirmed: not true or false"],
  ];
  for (const [name, metadata, reason] of rows) {
    assert.throws(() => parseEvent(frame(name, metadata)), new CodecError(reason));
  }
  assert.equal(refOf("7"), null);
  assert.equal(refOf('"x"'), null);
});

Deno.test("half a character goes out as U+FFFD, and everything else as it is", () => {
  const message = { ...MESSAGE, content: "Eel \ud83d and 🌊 and \\ud83d" };
  const event: Event = { event: "message", content: "", ref: "r", metadata: { message } };
  const sent = encodeEvent(event);
  assert.deepEqual(JSON.parse(sent).payload.metadata, {
    message: { ...message, content: "Eel \ufffd and 🌊 and \\ud83d" },
    ref: "r",
  });
  const whole: Event = { ...event, metadata: { message: MESSAGE } };
  assert.deepEqual(JSON.parse(encodeEvent(whole)).payload.metadata.message, MESSAGE);
});
