/** Untrusted text becomes a Request or an Event, or an error that names the field. */

import type { Event, Request, SystemUpdate } from "./protocol.ts";
import { type Bag, CodecError, Field, number, text } from "./field.ts";
import {
  readCharacter,
  readCommand,
  readHistory,
  readMessage,
  readModel,
  readRecalled,
  readRecalledOf,
  readRule,
  readSession,
  readWorld,
} from "./item_codec.ts";
import { readWhy } from "./why_codec.ts";

/** A `ref` comes back in every event of a turn; longer ones are refused. In UTF-16 units. */
const MAX_REF = 200;

/**
 * One frame from a face. Text that is no JSON object is itself the prompt, as the original takes it.
 * Throws CodecError when the object has no string `prompt`.
 */
export function parseRequest(frame: string): Request {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return { prompt: frame, ref: null };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { prompt: frame, ref: null };
  }
  const bag = new Field(value, "request");
  const ref = bag.at("ref");
  const named = typeof ref.value === "number" ? String(ref.value) : ref.orNull(text);
  if (named !== null && named.length > MAX_REF) ref.fail(`a string of at most ${MAX_REF} characters`);
  return { prompt: bag.at("prompt").text(), ref: named };
}

/** The `ref` of a frame whose prompt could not be read, so that the refusal finds its asker. */
export function refOf(frame: string): string | null {
  try {
    const value: unknown = JSON.parse(frame);
    const ref = typeof value === "object" && value !== null ? (value as Bag).ref : undefined;
    const named = typeof ref === "number" ? String(ref) : ref;
    return typeof named === "string" && named.length <= MAX_REF ? named : null;
  } catch {
    return null;
  }
}

/** A request as a frame; without a `ref` it is what the original sends. */
export function encodeRequest(request: Request): string {
  return JSON.stringify(request.ref === null ? { prompt: request.prompt } : request);
}

/** The wire form. Fields that are null because they do not apply are left out: an old client drops a frame with a null. */
export function encodeEvent(event: Event): string {
  const metadata: Bag = event.event === "system_update"
    ? systemMetadata(event.metadata)
    : { ...event.metadata };
  if (event.event === "sync_state" || event.event === "chat_end") {
    for (const name of Object.keys(metadata)) if (metadata[name] === null) delete metadata[name];
  }
  if (event.event === "chat_chunk" && metadata.parent_id === null) delete metadata.parent_id;
  if (event.ref !== null) metadata.ref = event.ref;
  const envelope = { event: event.event, payload: { content: event.content, metadata } };
  const frame = JSON.stringify(envelope);
  // Half a character is written as an escape that strict readers (the original's face) drop the whole frame for.
  return frame.includes("\\ud") ? JSON.stringify(envelope, wellFormed) : frame;
}

const wellFormed = (_name: string, value: unknown) =>
  typeof value === "string" ? value.toWellFormed() : value;

function systemMetadata(update: SystemUpdate): Bag {
  const { greeting, ...changes } = update;
  const metadata: Bag = greeting === null ? {} : { status: "ok", ...greeting };
  for (const [name, value] of Object.entries(changes)) if (value !== null) metadata[name] = value;
  if (update.model !== null) metadata.model_confirmed = true;
  return metadata;
}

/**
 * One frame from a brain or from an original server; null for an event this face does not know.
 * Throws CodecError for anything that is not of the protocol.
 */
export function parseEvent(frame: string): Event | null {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    throw new CodecError("frame: not JSON");
  }
  const envelope = new Field(value, "frame");
  const name = envelope.at("event").text();
  const payload = envelope.at("payload");
  const content = payload.at("content").text();
  const bag = new Field(payload.at("metadata").or({}, (field) => field.object()), name);
  const ref = bag.at("ref").orNull(text);
  const event = name as Event["event"];
  switch (event) {
    case "system_update":
      return { event, content, ref, metadata: readSystemUpdate(bag) };
    case "sync_state":
      return {
        event,
        content,
        ref,
        metadata: {
          model: bag.at("model").or("", text),
          model_confirmed: bag.at("model_confirmed").or(false, (field) => field.boolean()),
          world_id: bag.at("world_id").or("", text),
          character_id: bag.at("character_id").or("", text),
          session_id: bag.at("session_id").or("", text),
          active_rules: bag.at("active_rules").or([], (field) => field.list(text)),
          available_worlds: bag.at("available_worlds").orNull((field) => field.list(readWorld)),
          available_characters: bag.at("available_characters").orNull((field) => field.list(readCharacter)),
          available_models: bag.at("available_models").orNull((field) => field.list(readModel)),
          available_rules: bag.at("available_rules").orNull((field) => field.list(readRule)),
          available_sessions: bag.at("available_sessions").orNull((field) => field.list(readSession)),
        },
      };
    case "commands":
      return { event, content, ref, metadata: { commands: bag.at("commands").list(readCommand) } };
    case "chat_history":
      return {
        event,
        content,
        ref,
        metadata: {
          history: readHistory(bag.at("history")),
          more: bag.at("more").or(false, (f) => f.boolean()),
          recalled: readRecalledOf(bag),
        },
      };
    case "history_page":
      return {
        event,
        content,
        ref,
        metadata: {
          before: bag.at("before").number(),
          history: readHistory(bag.at("history")),
          more: bag.at("more").or(false, (field) => field.boolean()),
          recalled: readRecalledOf(bag),
        },
      };
    case "message":
      return { event, content, ref, metadata: { message: readMessage(bag.at("message"), 0) } };
    case "chat_chunk":
      return {
        event,
        content,
        ref,
        metadata: {
          model: bag.at("model").or("", text),
          tokens_per_second: bag.at("tokens_per_second").or(bag.at("tps").or(0, number), number),
          world_id: bag.at("world_id").or("", text),
          message_id: bag.at("message_id").orNull(number),
          parent_id: bag.at("parent_id").orNull(number),
          offset: bag.at("offset").orNull(number),
        },
      };
    case "chat_end":
      return {
        event,
        content,
        ref,
        metadata: {
          total_tokens: bag.at("total_tokens").or(0, number),
          message: bag.at("message").orNull((field) => readMessage(field, 0)),
          recalled: bag.at("recalled").orNull(readRecalled),
        },
      };
    case "progress":
      return {
        event,
        content,
        ref,
        metadata: {
          id: bag.at("id").text(),
          label: bag.at("label").text(),
          done: bag.at("done").number(),
          total: bag.at("total").orNull(number),
          unit: bag.at("unit").word(["bytes", "items"]),
          state: bag.at("state").word(["running", "done", "failed"]),
        },
      };
    case "error":
      return { event, content, ref, metadata: {} };
    default:
      event satisfies never;
      return null;
  }
}

function readSystemUpdate(bag: Field): SystemUpdate {
  const greets = bag.at("status").value === "ok" || !bag.at("protocol").absent;
  return {
    greeting: greets
      ? {
        protocol: bag.at("protocol").orNull(number),
        version: bag.at("version").or("", text),
        player: bag.at("player").or("", text),
      }
      : null,
    model: bag.at("model").orNull(text),
    world_id: bag.at("world_id").orNull(text),
    character_id: bag.at("character_id").orNull(text),
    session_id: bag.at("session_id").orNull(text),
    active_rules: bag.at("active_rules").orNull((field) => field.list(text)),
    line: bag.at("line").orNull(text),
    why: bag.at("why").orNull(readWhy),
    ask: bag.at("ask").orNull((ask) => ({
      cost: ask.at("cost").number(),
      limit: ask.at("limit").or(0, number),
      model: ask.at("model").or("", text),
    })),
    found: bag.at("found").orNull((field) =>
      field.list((item) => ({
        session_id: item.at("session_id").text(),
        quote: item.at("quote").or("", text),
        story: item.at("story").orNull(readSession),
      }))
    ),
  };
}
