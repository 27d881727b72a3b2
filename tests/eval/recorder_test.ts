import assert from "node:assert/strict";
import { rawOf, startRecorder } from "./recorder.ts";

const exchange = (last: unknown, raw: string) => ({
  request: { messages: [{ role: "system", content: "You narrate." }, { role: "user", content: last }] },
  raw,
  status: 200,
});

Deno.test("the reply to a line is the newest one whose prompt ends with it, not what was asked beside the story", () => {
  const exchanges = [
    exchange("Go on from the line.\n\nI wait.", "cut"),
    exchange("Go on from the line.\n\nI wait.\n", "Rain."),
    exchange("Tell in short: I wait. Rain.", "It rained."),
    exchange(null, "nothing"),
    { request: {}, raw: "none", status: 400 },
  ];
  assert.equal(rawOf(exchanges, "I wait."), "Rain.");
  assert.equal(rawOf(exchanges, "I look."), "");
  assert.equal(rawOf([], "I wait."), "");
});

Deno.test("requests and the model's text are kept, bytes are passed on as they come, and a server that is gone is a 502", async () => {
  const frames = [
    'data: {"choices":[{"delta":{"content":"Ra"}}]}\n\n',
    'data: {"choices":[{"delta":{"content":"in."}}]}\n\ndata: [DONE]\n\n',
  ];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    const bytes = new TextEncoder().encode(frames.join(""));
    // In odd pieces, one of them in the middle of a line.
    const body = new ReadableStream({
      start(controller) {
        for (const piece of [bytes.slice(0, 20), bytes.slice(20, 61), bytes.slice(61)]) {
          controller.enqueue(piece);
        }
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const ask = (base: string) =>
    fetch(`${base}/chat/completions`, { method: "POST", body: JSON.stringify({ messages: [] }) });
  {
    await using recorder = startRecorder(`http://127.0.0.1:${server.addr.port}/v1/`);
    assert.equal(await (await ask(recorder.url)).text(), frames.join(""));
    assert.deepEqual(recorder.exchanges, [{ request: { messages: [] }, raw: "Rain.", status: 200 }]);
    await server.shutdown();
    const gone = await ask(recorder.url);
    await gone.body?.cancel();
    assert.equal(gone.status, 502);
  }
});
