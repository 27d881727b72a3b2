/** What is piped into plain mode: lines, however they are cut and ended. */

import assert from "node:assert/strict";
import { linesOf } from "../../face/plain.ts";

Deno.test("plain: piped lines come whole, cut anywhere, ended by either line end or by none", async () => {
  const bytes = new TextEncoder().encode("I open\r\nthe dóor\n\nlast");
  for (let size = 1; size <= bytes.length; size++) {
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    assert.deepEqual(
      await Array.fromAsync(linesOf(stream)),
      ["I open", "the dóor", "", "last"],
      `by ${size}`,
    );
  }
});
