/** Frames of the protocol, both ways: an Event or a Request comes out, or a CodecError that names the field. */

import assert from "node:assert/strict";
import { encodeEvent, encodeRequest, parseEvent, parseRequest, refOf } from "../../shared/codec.ts";
import { CodecError } from "../../shared/field.ts";
import { anyText, type Chance, fuzz, mutateText, mutateValue, pick } from "./mutate.ts";

const USAGE = {
  prompt_tokens: 10,
  cached_tokens: 0,
  completion_tokens: 2,
  cost: 0.5,
  first_token_ms: 12,
  tokens_per_second: 40,
};
const MESSAGE = {
  id: 7,
  parent_id: 6,
  role: "assistant",
  content: "Fog comes in.",
  status: "complete",
  model: "demo/narrator",
  usage: USAGE,
  created_ms: 1,
  alternative: 2,
  alternatives: 3,
};
const PIECE = {
  kind: "memory",
  id: "m12",
  message_id: 4,
  role: "user",
  speaker: "Ida",
  heading: "",
  known_to: "the keeper",
  turns_ago: 3,
  quote: "I hide the key.",
  words: ["key"],
  page_words: ["pier"],
  fact: "Ida hid the key",
  pinned: true,
  tokens: 9,
  score: 1.5,
  split: [{ name: "words", score: 1.5 }],
  reason: "",
};

const FRAMES = ([
  ["system_update", { status: "ok", protocol: 1, version: "0.1.0", player: "local" }],
  ["system_update", { model: "a/b", active_rules: ["x"], line: "I wait.", world_id: "w", session_id: "s" }],
  ["system_update", {
    why: {
      message_id: 7,
      turn: 2,
      model: "m",
      tokens: 30,
      window: 8192,
      reported: 29,
      searched: 12,
      late: true,
      recalled: [PIECE],
      left_out: [{ ...PIECE, kind: "lore", message_id: null, role: null }],
      story: [],
      parts: [{ name: "rules", tokens: 20 }],
      history_turns: 1,
      prompt: [{ role: "system", content: "You narrate." }],
    },
  }],
  ["sync_state", {
    model: "a",
    model_confirmed: true,
    world_id: "w",
    character_id: "c",
    session_id: "",
    active_rules: ["r"],
    available_worlds: [{
      id: "w",
      name: "W",
      hook: "h",
      opening: "o",
      characters: ["c"],
      first_line: "I knock.",
    }],
    available_characters: [{ id: "c", name: "C", about: "Tall." }],
    available_models: [{
      id: "m",
      name: "M",
      prompt_price: 0,
      completion_price: 0,
      price_known: false,
      local: true,
      context: 4096,
    }],
    available_rules: [{ id: "r", name: "R", about: "Wounds slow." }],
    available_sessions: [{
      id: "s",
      name: "[w] c: t",
      title: "t",
      world_id: "w",
      character_id: "c",
      turns: 3,
      last_used_ms: 5,
      last: "Fog.",
    }],
  }],
  ["commands", {
    commands: [{
      name: "/model",
      usage: "/model ID",
      help: "Choose",
      arguments: [{ name: "ID", kind: "model", required: false }],
    }],
  }],
  ["chat_history", { history: [MESSAGE, { ...MESSAGE, id: 8, role: "user", usage: null }], more: true }],
  ["history_page", { before: 7, history: [MESSAGE], more: false }],
  ["message", { message: MESSAGE }],
  ["chat_chunk", {
    model: "m",
    tokens_per_second: 31.42,
    world_id: "w",
    message_id: 8,
    parent_id: 7,
    offset: 0,
  }],
  ["chat_end", { total_tokens: 3, message: MESSAGE, recalled: { lore: 2, memories: 3 } }],
  ["progress", { id: "p", label: "Indexing", done: 1, total: 4, unit: "items", state: "running" }],
  ["error", {}],
] as const).map(([event, metadata]) => ({
  event,
  payload: { content: "It is said.", metadata: { ...metadata, ref: "4" } },
}));

/** What JSON.parse made of the frame, told by nobody but the codec. */
function codecOnly<T>(parse: () => T): T | "refused" {
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof CodecError, `not a CodecError: ${error}`);
    assert.ok(error.message.length > 5 && error.message.length < 400, error.message);
    return "refused";
  }
}

function changed(value: unknown, chance: Chance): string {
  const frame = JSON.stringify(value);
  const once = () => JSON.stringify(mutateValue(JSON.parse(frame), chance));
  // Where bytes are lost is rarer than a sender of another mind.
  return chance(8) === 0 ? mutateText(frame, chance) : once();
}

Deno.test("events of a strange brain: understood, or refused by name; what is understood survives the trip", async () => {
  await fuzz("events", { percent: 25, past_percent: 50 }, (chance) => {
    const event = codecOnly(() => parseEvent(changed(pick(chance, FRAMES), chance)));
    if (event === "refused" || event === null) return false;
    // Halves of characters do not go out.
    const whole = JSON.parse(
      JSON.stringify(event),
      (_, value) => typeof value === "string" ? value.toWellFormed() : value,
    );
    assert.deepEqual(parseEvent(encodeEvent(event)), whole);
    return true;
  });
});

Deno.test("requests of a strange face: understood, or refused by name; what is understood survives the trip", async () => {
  await fuzz("requests", { percent: 15, past_percent: 50 }, (chance) => {
    const frame = chance(4) === 0
      ? anyText(chance)
      : changed({ prompt: "/world select salt_marsh", ref: "r1" }, chance);
    const request = codecOnly(() => parseRequest(frame));
    const ref = refOf(frame);
    assert.ok(ref === null || typeof ref === "string");
    if (request === "refused") return false;
    assert.equal(typeof request.prompt, "string");
    assert.deepEqual(parseRequest(encodeRequest(request)), request);
    if (request.ref !== null) assert.equal(ref, request.ref);
    return true;
  });
});
