/** Signals that follow others: stopped by each, and hanging on none when the work is done. */

import assert from "node:assert/strict";
import { deadline, eitherSignal, unlessAborted } from "../../shared/signals.ts";

Deno.test("either of two signals stops, whichever comes first, also one that was there before", () => {
  for (const first of [true, false]) {
    for (const before of [true, false]) {
      const [one, two] = [new AbortController(), new AbortController()];
      const aborted = first ? one : two;
      if (before) aborted.abort();
      const either = eitherSignal(one.signal, two.signal);
      assert.equal(either.aborted, before);
      aborted.abort();
      assert.equal(either.aborted, true);
    }
  }
});

/** A signal that counts its listeners. */
function counted(): { controller: AbortController; listeners: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
    listeners += 1;
    add(type, listener, { once: true });
  };
  signal.removeEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
    listeners -= 1;
    remove(type, listener);
  };
  return { controller, listeners: () => listeners };
}

Deno.test("a deadline ends with its time, with who leaves, and lets go of both when the work is done", async () => {
  {
    const { controller, listeners } = counted();
    using limit = deadline(controller.signal, 5);
    assert.equal(limit.signal.aborted, false);
    assert.equal(limit.late, false);
    await new Promise((resolve) => limit.signal.addEventListener("abort", resolve));
    assert.equal(limit.late, true);
    assert.equal(listeners(), 1);
  }
  const { controller, listeners } = counted();
  {
    using limit = deadline(controller.signal, 60_000);
    assert.equal(listeners(), 1);
    assert.equal(limit.signal.aborted, false);
  }
  // The timer is gone too: the sanitizer would tell.
  assert.equal(listeners(), 0);
  {
    using limit = deadline(controller.signal, 60_000);
    controller.abort();
    assert.deepEqual([limit.signal.aborted, limit.late], [true, false]);
  }
  using limit = deadline(controller.signal, 60_000);
  assert.deepEqual([limit.signal.aborted, limit.late], [true, false]);
});

Deno.test("work is waited for until the signal says otherwise, and its later end is ignored", async () => {
  const { controller, listeners } = counted();
  assert.equal(await unlessAborted(Promise.resolve(7), controller.signal), 7);
  assert.equal(listeners(), 0);
  await assert.rejects(unlessAborted(Promise.reject(new Error("no")), controller.signal), /^Error: no$/);
  const work = Promise.withResolvers<number>();
  const waiting = unlessAborted(work.promise, controller.signal);
  controller.abort(new Error("stop"));
  await assert.rejects(waiting, /^Error: stop$/);
  // Nobody awaits it any more: this must not end the process.
  work.reject(new Error("late"));
  await assert.rejects(unlessAborted(Promise.resolve(7), controller.signal), /^Error: stop$/);
});
