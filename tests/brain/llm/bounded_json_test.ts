import assert from "node:assert/strict";
import { boundedJson } from "../../../brain/llm/bounded_json.ts";

/** A body in pieces; `taken` counts those that were asked for. */
function inPieces(
  pieces: Uint8Array<ArrayBuffer>[],
): { response: Response; seen: { taken: number; left: boolean } } {
  const seen = { taken: 0, left: false };
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const piece = pieces[seen.taken++];
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
    cancel: () => void (seen.left = true),
  }, { highWaterMark: 0 });
  return { response: new Response(body), seen };
}

Deno.test("JSON is read through pieces that cut a character, up to its last allowed byte", async () => {
  const bytes = new TextEncoder().encode('{"id":"Zoë"}');
  const pieces = [...bytes].map((byte) => Uint8Array.of(byte));
  assert.deepEqual(await boundedJson(inPieces(pieces).response, bytes.length), { id: "Zoë" });
  await assert.rejects(boundedJson(inPieces(pieces).response, bytes.length - 1), RangeError);
});

Deno.test("of a list without end no more is taken than the limit, and the server is let go", async () => {
  const { response, seen } = inPieces(Array.from({ length: 1000 }, () => new Uint8Array(1024).fill(0x20)));
  await assert.rejects(boundedJson(response, 4096), /more than 4096 bytes came/);
  assert.deepEqual(seen, { taken: 5, left: true });
});

Deno.test("an answer without a body is no JSON", async () => {
  await assert.rejects(boundedJson(new Response(null)), SyntaxError);
});
