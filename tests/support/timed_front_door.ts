/** The front door with the fixture brain, which tells on stderr again and again for how long (ms) its timers are set. */

const { setTimeout: start, clearTimeout: stop } = globalThis;
const held = new Map<unknown, number>();
const timed = (act: () => void, ms = 0) => {
  const id = start(() => {
    held.delete(id);
    act();
  }, ms);
  held.set(id, ms);
  return id;
};
globalThis.setTimeout = timed as typeof start;
globalThis.clearTimeout = (id) => {
  held.delete(id);
  stop(id);
};
setInterval(() => console.error(`held ${[...held.values()].join(" ")}.`), 50);
await import("./fixture_front_door.ts");
