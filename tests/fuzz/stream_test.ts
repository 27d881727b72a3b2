/** Streams of vendors, damaged on their way, through the whole provider adapter; the body comes in odd pieces, without a socket. */

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { createOpenAiChat } from "../../brain/llm/openai_chat.ts";
import { ProviderError } from "../../brain/llm/provider.ts";
import { createStoryFilter } from "../../brain/llm/story_filter.ts";
import type { Endpoint } from "../../brain/llm/vendors.ts";
import { ROOT } from "../support/processes.ts";
import { type Chance, fuzz, inPieces, mutateText, pick } from "./mutate.ts";

const FOLDER = join(ROOT, "tests", "fixtures", "llm");
const STREAMS = [...Deno.readDirSync(FOLDER)].filter(({ name }) => name.endsWith(".sse"))
  .map(({ name }) => Deno.readTextFileSync(join(FOLDER, name)));
const KEY = "sk-test-secret-key-123";

const ENDPOINT: Endpoint = {
  name: "testhost",
  vendor: "",
  label: "Testhost",
  base_url: "http://127.0.0.1:9/v1",
  local: false,
  probed: false,
  plain_ids: true,
  needs_key: true,
  key_hint: "",
  context_probe: "none",
  headers: {},
  quirks: { max_tokens_field: "max_tokens", omit: [], temperature: 0.8, top_p: 0.95, include_usage: true },
};

/** A frame is changed more often than the bytes between frames: servers differ in what they write, not in how TCP works. */
function damaged(stream: string, chance: Chance): string {
  const frames = stream.split(/(?<=\n\n)/);
  const at = chance(frames.length);
  switch (chance(6)) {
    case 0:
      return frames.toSpliced(at, 1).join("");
    case 1:
      return frames.toSpliced(at, 0, frames[at]).join("");
    case 2:
      return frames.slice(0, at + 1).join("");
    case 3:
      return mutateText(stream, chance);
    default: {
      // Within a string: the frame stays JSON.
      const changed = frames[at].replace(
        /"content":"([^"\\]*)"/,
        (_, text) => `"content":${JSON.stringify(mutateText(text, chance))}`,
      );
      return frames.with(at, changed).join("");
    }
  }
}

function bodyOf(text: string, chance: Chance): ReadableStream<Uint8Array> {
  const pieces = inPieces(new TextEncoder().encode(text), 1 + chance(400), chance);
  return new ReadableStream({
    pull(controller) {
      const { value, done } = pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

Deno.test("a damaged stream ends in a whole reply or in one ProviderError, and shows no key", async () => {
  await fuzz("streams", { percent: 5, past_percent: 50 }, async (chance) => {
    const body = damaged(pick(chance, STREAMS), chance);
    const provider = createOpenAiChat(ENDPOINT, KEY, {
      connect_timeout_ms: 0,
      first_byte_timeout_ms: 0,
      idle_timeout_ms: 0,
      chance: () => 0,
      // No time passes: a wait before a retry is over at once, a watchdog never bites.
      clock: {
        now: () => 0,
        after(ms, fn) {
          if (ms > 2000) return () => {};
          const timer = setTimeout(fn, 0);
          return () => clearTimeout(timer);
        },
      },
      connect: () => Promise.resolve(),
      fetch: () =>
        Promise.resolve(
          new Response(bodyOf(body, chance), { headers: { "content-type": "text/event-stream" } }),
        ),
    });
    const chunks = provider.stream({
      model: "m",
      messages: [{ role: "system", content: "Tell." }, { role: "user", content: "I open the door." }],
      max_tokens: 400,
      temperature: 0.8,
      top_p: 0.95,
      seed: 7,
      story: { world_id: "", seed: "", telling: 0, path: [], lore: [] },
    }, new AbortController().signal);
    let ends = 0;
    const filter = createStoryFilter(["Ida"]);
    try {
      for await (const part of chunks) {
        assert.equal(ends, 0, "nothing comes after the end");
        switch (part.kind) {
          case "text":
            assert.equal(typeof part.text, "string");
            filter.push(part.text);
            break;
          case "end":
            ends++;
            for (const count of Object.values(part.usage ?? {})) {
              assert.ok(count === null || Number.isFinite(count) && count >= 0, `usage ${count}`);
            }
            break;
          default:
            assert.ok(!JSON.stringify(part).includes(KEY));
        }
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      assert.ok(error instanceof ProviderError, `not a ProviderError: ${error}`);
      assert.equal(ends, 0);
      assert.ok(!error.message.includes(KEY) && error.message.length < 1000, error.message);
      return false;
    }
    filter.flush();
    assert.equal(ends, 1, "it ended without an end");
    return true;
  });
});
