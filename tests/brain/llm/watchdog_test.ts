import assert from "node:assert/strict";
import { createWatchdog, type Limits, type Stall, type Watchdog } from "../../../brain/llm/watchdog.ts";

/** Time that goes only when it is told to. */
function fakeClock() {
  let now_ms = 0;
  const alarms: { at_ms: number; fn: () => void }[] = [];
  return {
    now: () => now_ms,
    after(ms: number, fn: () => void) {
      const alarm = { at_ms: now_ms + ms, fn };
      alarms.push(alarm);
      return () => {
        if (alarms.includes(alarm)) alarms.splice(alarms.indexOf(alarm), 1);
      };
    },
    async go(ms: number) {
      for (const end_ms = now_ms + ms;;) {
        const next = alarms.toSorted((a, b) => a.at_ms - b.at_ms)[0];
        if (!next || next.at_ms > end_ms) {
          now_ms = end_ms;
          return;
        }
        now_ms = next.at_ms;
        alarms.splice(alarms.indexOf(next), 1);
        next.fn();
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    },
    pending: () => alarms.length,
  };
}

const LIMITS: Limits = { connect_timeout_ms: 15, first_byte_timeout_ms: 120, idle_timeout_ms: 60 };
const REACHED = () => Promise.resolve();

type Step = number | "touch" | "begun" | "finished" | "stop";

Deno.test("each phase has its own silence", async () => {
  const rows: { steps: Step[]; bites: string; limits?: Partial<Limits>; connect?: () => Promise<void> }[] = [
    { steps: [119], bites: "" },
    { steps: [120], bites: "first_byte 120" },
    { steps: [100, "touch", 119], bites: "" },
    { steps: [100, "touch", 120], bites: "first_byte 120" },
    { steps: ["touch", "begun", 59], bites: "" },
    { steps: ["touch", "begun", 60], bites: "between 60" },
    { steps: ["touch", "begun", 59, "touch", 59, "touch", 59], bites: "" },
    { steps: ["touch", "begun", 50, "begun", 10], bites: "between 60" },
    { steps: ["touch", "begun", "finished", 2999], bites: "" },
    { steps: ["touch", "begun", "finished", 3000], bites: "between 3000" },
    { steps: ["touch", "begun", "finished", "begun", 2999], bites: "" },
    { steps: ["touch", "begun", "stop", 9999], bites: "" },
    { steps: [9999], limits: { first_byte_timeout_ms: 0 }, bites: "" },
    { steps: ["touch", "begun", 9999], limits: { idle_timeout_ms: 0 }, bites: "" },
    // Connecting: what is tried halfway must hang as well.
    { steps: [14.9], connect: () => new Promise(() => {}), bites: "" },
    { steps: [9999], connect: () => new Promise(() => {}), bites: "connect 15" },
    { steps: [9999], connect: () => Promise.reject(new Error("refused")), bites: "first_byte 120" },
    { steps: [7, "touch", 20], connect: () => new Promise(() => {}), bites: "" },
    { steps: [8, "touch", 20], connect: () => new Promise(() => {}), bites: "" },
    { steps: [50], limits: { connect_timeout_ms: 0 }, connect: () => new Promise(() => {}), bites: "" },
  ];
  for (const { steps, bites, limits, connect = REACHED } of rows) {
    const clock = fakeClock();
    const bitten: Stall[] = [];
    const dog: Watchdog = createWatchdog({ ...LIMITS, ...limits }, clock, connect, (stall) => {
      bitten.push(stall);
      dog.stop();
    });
    for (const step of steps) {
      if (typeof step === "number") await clock.go(step);
      else dog[step]();
    }
    dog.stop();
    const what = `${JSON.stringify(steps)} ${JSON.stringify(limits ?? {})}`;
    assert.equal(bitten.map(({ phase, timeout_ms }) => `${phase} ${timeout_ms}`).join(), bites, what);
    assert.equal(clock.pending(), 0, `${what}: a timer is left`);
  }
});
