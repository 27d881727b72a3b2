import assert from "node:assert/strict";
import { eitherSignal } from "../../brain/either_signal.ts";

Deno.test("a signal of two is aborted with the first of them, whichever it is, also when one was before", () => {
  for (const which of [0, 1]) {
    const two = [new AbortController(), new AbortController()];
    const both = eitherSignal(two[0].signal, two[1].signal);
    let times = 0;
    both.addEventListener("abort", () => times++);
    assert.equal(both.aborted, false);
    two[which].abort();
    assert.deepEqual([both.aborted, times], [true, 1]);
    assert.equal(two[1 - which].signal.aborted, false);
    two[1 - which].abort();
    assert.equal(times, 1);
    assert.equal(eitherSignal(two[0].signal, new AbortController().signal).aborted, true);
    assert.equal(eitherSignal(new AbortController().signal, two[0].signal).aborted, true);
  }
});
