/** Frames of the protocol, both ways: an Event or a Request comes out, or a CodecError that names the field. */

import assert from "node:assert/strict";
import { encodeEvent, encodeRequest, parseEvent, parseRequest, refOf } from "../../shared/codec.ts";
import { CodecError } from "../../shared/field.ts";
import { EVENTS, MESSAGE } from "../support/wire_frames.ts";
import { anyText, type Chance, fuzz, mutateText, mutateValue, pick } from "./mutate.ts";

const USAGE = { ...MESSAGE.usage, cost: 0.5 };

/** As they stand on the line, each with a `ref`; every message with what it used. */
const FRAMES = EVENTS.map((event) => {
  const frame = JSON.parse(encodeEvent({ ...event, ref: "4", content: event.content || "It is said." }));
  return JSON.parse(JSON.stringify(frame, (name, value) => name === "usage" ? USAGE : value));
});

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
