import assert from "node:assert/strict";
import { createFakeTerminal } from "../../../face/term/terminal.ts";
import { createWriter } from "../../../face/term/writer.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const never = (error: unknown) => assert.fail(`no error expected: ${error}`);

Deno.test("writer: a frame is drawn at once when the line is free", async () => {
  const terminal = createFakeTerminal(10, 2);
  const writer = createWriter(terminal, never);
  let drawn = false;
  writer.frame(() => {
    drawn = true;
    return bytesOf("one");
  });
  assert.equal(drawn, true, "before frame() returns");
  await writer.idle();
  assert.equal(textOf(terminal.take()), "one");
  assert.deepEqual(writer.counters(), { frames: 1, bytes: 3, dropped: 0 });
});

Deno.test("writer: on a slow line only the newest wish is drawn, when the line is free again", async () => {
  const terminal = createFakeTerminal(10, 2);
  const writer = createWriter(terminal, never);
  terminal.stall(true);
  const drawn: string[] = [];
  for (const name of ["a", "b", "c", "d"]) {
    writer.frame(() => {
      drawn.push(name);
      return bytesOf(name);
    });
  }
  assert.deepEqual(drawn, ["a"], "one frame is under way, the others wait");
  terminal.stall(false);
  await writer.idle();
  assert.deepEqual(drawn, ["a", "d"]);
  assert.equal(textOf(terminal.take()), "ad");
  assert.deepEqual(writer.counters(), { frames: 2, bytes: 2, dropped: 2 });
});

Deno.test("writer: sent bytes keep their order, go before a waiting frame, and are never dropped", async () => {
  const terminal = createFakeTerminal(10, 2);
  const writer = createWriter(terminal, never);
  terminal.stall(true);
  writer.frame(() => bytesOf("frame1 "));
  writer.frame(() => bytesOf("frame2 "));
  writer.send(bytesOf("copy1 "));
  writer.send(bytesOf("copy2 "));
  terminal.stall(false);
  await writer.idle();
  assert.equal(textOf(terminal.take()), "frame1 copy1 copy2 frame2 ");
  assert.deepEqual(writer.counters(), { frames: 2, bytes: 26, dropped: 0 });
});

Deno.test("writer: paused, it forgets the waiting frame and draws no other until it resumes", async () => {
  const terminal = createFakeTerminal(10, 2);
  const writer = createWriter(terminal, never);
  terminal.stall(true);
  writer.frame(() => bytesOf("under way "));
  writer.frame(() => bytesOf("waiting "));
  writer.pause();
  writer.frame(() => bytesOf("wished while paused "));
  terminal.stall(false);
  await writer.idle();
  assert.equal(textOf(terminal.take()), "under way ");
  writer.resume();
  await writer.idle();
  assert.equal(textOf(terminal.take()), "");
  writer.frame(() => bytesOf("after"));
  await writer.idle();
  assert.equal(textOf(terminal.take()), "after");
});

Deno.test("writer: an empty frame writes nothing and blocks nothing", async () => {
  const terminal = createFakeTerminal(10, 2);
  const writer = createWriter(terminal, never);
  writer.frame(() => new Uint8Array());
  writer.frame(() => bytesOf("x"));
  await writer.idle();
  assert.equal(textOf(terminal.take()), "x");
});

Deno.test("writer: a terminal that is gone is told once, and later frames are not drawn", async () => {
  const terminal = createFakeTerminal(10, 2);
  const errors: unknown[] = [];
  const gone = new Error("EIO");
  const writer = createWriter(
    { ...terminal, write: () => Promise.reject(gone) },
    (error) => errors.push(error),
  );
  writer.frame(() => bytesOf("a"));
  writer.frame(() => assert.fail("must not be drawn"));
  await writer.idle();
  writer.frame(() => assert.fail("must not be drawn"));
  writer.send(bytesOf("b"));
  await writer.idle();
  assert.deepEqual(errors, [gone]);
});

Deno.test("writer: an error while drawing is not mistaken for a lost terminal", async () => {
  const terminal = createFakeTerminal(10, 2);
  const writer = createWriter(terminal, never);
  const seen = Promise.withResolvers<unknown>();
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    seen.resolve(event.reason);
  };
  addEventListener("unhandledrejection", onRejection);
  try {
    writer.frame(() => {
      throw new Error("a bug in the view");
    });
    assert.match(String(await seen.promise), /a bug in the view/);
  } finally {
    removeEventListener("unhandledrejection", onRejection);
  }
  writer.frame(() => bytesOf("x"));
  await writer.idle();
  assert.equal(textOf(terminal.take()), "x");
});

Deno.test("writer: the next frame is drawn from the state of its own time", async () => {
  const terminal = createFakeTerminal(10, 2);
  const writer = createWriter(terminal, never);
  let state = 1;
  const draw = () => bytesOf(String(state));
  terminal.stall(true);
  writer.frame(draw);
  writer.frame(draw);
  state = 2;
  terminal.stall(false);
  await writer.idle();
  assert.equal(textOf(terminal.take()), "12");
});
