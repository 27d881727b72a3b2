/** Plain mode against a link in memory: what is interrupted or lost ends, whatever was under way. */

import assert from "node:assert/strict";
import type { LinkEvent } from "../../face/app/link.ts";
import { runPlain } from "../../face/plain.ts";
import type { Event } from "../../shared/protocol.ts";
import { events } from "../support/player.ts";

interface Play {
  tell(event: LinkEvent): void;
  hear(event: Event): void;
  /** Resolves once this was said to the brain. */
  said(prompt: string): Promise<void>;
  interrupt(): void;
  out: string[];
  err: string[];
  code: Promise<number>;
}

/** A play of a story that is open, to which these lines are said. */
function playing(...lines: string[]): Play {
  const said: string[] = [];
  let heard = () => {};
  let tell = (_event: LinkEvent) => {};
  const interrupted = new AbortController();
  const [out, err]: string[][] = [[], []];
  const code = runPlain({
    link(on) {
      tell = on;
      return {
        say({ prompt }) {
          said.push(prompt);
          heard();
          return true;
        },
        close: () => {},
      };
    },
    lines: (async function* () {
      yield* lines;
      await new Promise(() => {});
    })(),
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    world: null,
    character: null,
    interactive: false,
    signal: interrupted.signal,
  });
  const hear = (event: Event) => tell({ kind: "event", event });
  tell({ kind: "connected" });
  hear(events.greeting());
  hear(events.sync({ session_id: "4be1c09a77d2", world_id: "salt_marsh", character_id: "farrier" }));
  hear(events.history([]));
  return {
    tell: (event) => tell(event),
    hear,
    async said(prompt) {
      while (!said.includes(prompt)) await new Promise<void>((resolve) => heard = resolve);
    },
    interrupt: () => interrupted.abort(),
    out,
    err,
    code,
  };
}

Deno.test("Ctrl+C while a command runs leaves at once: nothing is told that could be stopped", async () => {
  const play = playing("/model refresh");
  await play.said("/model refresh");
  play.interrupt();
  assert.equal(await play.code, 130);
});

Deno.test("Ctrl+C in mid-reply stops the narrator, waits for what is told, and leaves", async () => {
  const play = playing("I wait.");
  await play.said("I wait.");
  play.interrupt();
  await play.said("/cancel");
  play.hear({ ...events.chunk("Fog."), ref: "1" });
  play.hear(events.end(null, {}, "1"));
  assert.equal(await play.code, 130);
  assert.equal(play.out.join("").trim(), "Fog.");
});

Deno.test("a connection that is lost ends the wait for a reply and for a command, without its control characters", async () => {
  for (const line of ["I wait.", "/model refresh"]) {
    const play = playing(line);
    await play.said(line);
    play.tell({ kind: "lost", retry_in_ms: 200, reason: "\x1b]0;evil\x07the brain is gone" });
    assert.equal(await play.code, 4, line);
    assert.deepEqual(play.err, ["The connection was lost: the brain is gone. What was told is kept.\n"]);
  }
  const play = playing();
  play.tell({ kind: "gone", reason: "\x1b[31mno brain" });
  assert.deepEqual([await play.code, play.err], [3, ["no brain\n"]]);
});
