/** Plain mode against a link we hold: nothing that a server sends reaches the terminal as a control, and every end has its code. */

import assert from "node:assert/strict";
import type { LinkEvent } from "../../face/app/link.ts";
import { runPlain } from "../../face/plain.ts";
import { BRAIN_ENDS, NO_USAGE, type Request, type SyncState } from "../../shared/protocol.ts";
import { HOSTILE } from "../support/hostile.ts";
import { events, message } from "../support/player.ts";
import { CHARACTERS, WORLDS } from "../support/salt_marsh.ts";

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Plays `lines`; `brain` answers each request, after it has greeted. */
async function run(
  lines: string[],
  greet: (tell: (event: LinkEvent) => void) => void,
  answer: (request: Request, tell: (event: LinkEvent) => void) => void,
  more: { world?: string; interactive?: boolean; signal?: AbortSignal } = {},
): Promise<Ran> {
  let out = "";
  let err = "";
  let tell: (event: LinkEvent) => void = () => {};
  const code = await runPlain({
    link(on) {
      tell = on;
      queueMicrotask(() => greet(tell));
      return {
        say(request) {
          queueMicrotask(() => answer(request, tell));
          return true;
        },
        close: () => {},
      };
    },
    lines: (async function* () {
      yield* await Promise.resolve(lines);
    })(),
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    world: more.world ?? null,
    character: null,
    interactive: more.interactive ?? false,
    signal: more.signal ?? new AbortController().signal,
  });
  return { code, out, err };
}

const event = (heard: Extract<LinkEvent, { kind: "event" }>["event"]): LinkEvent => ({
  kind: "event",
  event: heard,
});

const state = (text: string, session_id = "s"): Partial<SyncState> => ({
  model: text,
  world_id: "w",
  character_id: "c",
  session_id,
  available_worlds: [{
    id: text,
    name: text,
    hook: text,
    opening: text,
    characters: [text],
    first_line: text,
  }],
  available_characters: [{ id: text, name: text, about: text }],
});

const CONTROL = /(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}|[\u{e0000}-\u{e007f}]/u;

Deno.test("plain: hostile texts from every door come out as text", async () => {
  for (const [name, whole] of HOSTILE) {
    const text = whole.slice(0, 20_000);
    const greet = (tell: (event: LinkEvent) => void) => {
      tell({ kind: "problem", text });
      tell(event(events.greeting()));
      tell(event(events.sync(state(text))));
      tell(event(events.history([message(1, "assistant", text)])));
    };
    const ran = await run(["I wait."], greet, ({ ref }, tell) => {
      tell(event(events.progress("reply:2", text)));
      tell(event(events.system(`✗ ${text}`)));
      tell(event(events.system(text, {}, ref)));
      let offset = 0;
      for (const piece of text.match(/[^]{1,3}/g) ?? []) {
        tell(event({ ...events.chunk(piece, { message_id: 3, parent_id: 2, offset, model: text }), ref }));
        offset += piece.length;
      }
      tell(event({ ...events.error(text), ref }));
      tell(event(events.end(message(3, "assistant", text, { status: "failed" }), {}, ref)));
    }, { interactive: true });
    assert.equal(ran.code, 4, name);
    assert.doesNotMatch(ran.out, CONTROL, name);
    assert.doesNotMatch(ran.err, CONTROL, name);
    const nowhere = await run([], greet, () => {}, { world: "nowhere" });
    assert.equal(nowhere.code, 2, name);
    assert.match(nowhere.err, /There is no world "nowhere"\. There are: /);
    assert.doesNotMatch(nowhere.err, CONTROL, name);
    const gone = await run([], (tell) => tell({ kind: "gone", reason: text }), () => {});
    assert.equal(gone.code, 3, name);
    assert.doesNotMatch(gone.err, CONTROL, name);
  }
});

Deno.test("plain: a connection that is lost in mid-reply ends with 4 and keeps what was told", async () => {
  const greet = (tell: (event: LinkEvent) => void) => {
    tell(event(events.greeting()));
    tell(event(events.sync(state("w"))));
  };
  const ran = await run(["I wait."], greet, ({ ref }, tell) => {
    tell(event({ ...events.chunk("Fog ", { message_id: 3, parent_id: 2, offset: 0 }), ref }));
    tell({ kind: "lost", retry_in_ms: 100, reason: "the brain is\u001b[31m gone" });
  });
  assert.deepEqual(ran, {
    code: 4,
    out: "Fog \n",
    err: "The connection was lost: the brain is gone. What was told is kept.\n",
  });
});

Deno.test("plain: who sits there is asked where to go and who to be, by number, name or Enter", async () => {
  const lists = { available_worlds: WORLDS, available_characters: CHARACTERS };
  const rows: [typed: string[], world: string, character: string][] = [
    [["1", "2"], "salt_marsh", "midwife"],
    [["The LONG stair", "midwife"], "long_stair", "midwife"],
    [["", ""], "salt_marsh", "farrier"],
    [["nowhere", "9", "0", "4", "3"], "honey_year", "midwife"],
  ];
  for (const [typed, world, character] of rows) {
    const said: string[] = [];
    const ran = await run([...typed, "I wait."], (tell) => {
      tell(event(events.greeting()));
      tell(event(events.sync(lists)));
    }, ({ prompt, ref }, tell) => {
      said.push(prompt);
      if (!prompt.startsWith("/")) {
        tell(event({ ...events.chunk("The fog.", { message_id: 3, parent_id: 2, offset: 0 }), ref }));
        return tell(event(events.end(message(3, "assistant", "The fog."), {}, ref)));
      }
      tell(event(events.system("✓ Done.", {}, ref)));
      if (prompt !== "/session new") return;
      tell(event(events.history([message(1, "assistant", "It begins.")])));
      tell(event(events.sync({ session_id: "s" })));
    }, { interactive: true });
    assert.deepEqual(said, [
      `/world select ${world}`,
      `/character select ${character}`,
      "/session new",
      "I wait.",
    ]);
    assert.equal(ran.code, 0);
    assert.equal(ran.err, "");
    assert.match(ran.out, /^Where do you want to go\?\n {2}1 {2}The Salt Marsh: Fog, debts, and a bell/);
    assert.match(ran.out, /Who are you there\?\n {2}1 /);
    assert.match(ran.out, /It begins\.\n\n> The fog\.\n\n> $/);
    assert.doesNotMatch(ran.out, /Done/);
    assert.equal(/There is no "nowhere" here\. There are 1 to 4\./.test(ran.out), typed[0] === "nowhere");
  }
  const left = await run(
    ["/quit"],
    (tell) => {
      tell(event(events.greeting()));
      tell(event(events.sync(lists)));
    },
    () => assert.fail("nothing is said"),
    { interactive: true },
  );
  assert.equal(left.code, 0);
});

Deno.test("plain: a brain that is ended in mid-reply is a lost connection, though it ends the reply first", async () => {
  const greet = (tell: (event: LinkEvent) => void) => {
    tell(event(events.greeting()));
    tell(event(events.sync(state("w"))));
  };
  const ran = await run(["I wait.", "And now?"], greet, ({ ref }, tell) => {
    tell(event({ ...events.chunk("Fog ", { message_id: 3, parent_id: 2, offset: 0 }), ref }));
    tell(event(events.system(BRAIN_ENDS, {}, ref)));
    tell(event(events.end(message(3, "assistant", "Fog", { status: "stopped" }), {}, ref)));
  });
  assert.deepEqual(ran, {
    code: 4,
    out: "Fog \n",
    err: "The connection was lost: the brain is gone. What was told is kept.\n",
  });
});

Deno.test("plain: a story whose last reply was cut at its limit says so to who comes back", async () => {
  for (const at_limit of [true, false]) {
    const last = message(3, "assistant", "Fog on", { status: "stopped", usage: { ...NO_USAGE, at_limit } });
    const ran = await run(
      [],
      (tell) => {
        tell(event(events.greeting()));
        tell(event(events.sync(state("w"))));
        tell(event(events.history([last])));
      },
      () => {},
      { interactive: true },
    );
    const note = "· This reply came to its length limit. /continue goes on in the same place.\n";
    assert.deepEqual(ran, { code: 0, out: `Fog on\n\n${at_limit ? note : ""}> `, err: "" });
  }
});

Deno.test("plain: an answer has one mark", async () => {
  const ran = await run(["/undo"], (tell) => {
    tell(event(events.greeting()));
    tell(event(events.sync(state("w"))));
  }, ({ ref }, tell) => tell(event(events.system("✓ Taken back.", {}, ref))));
  assert.deepEqual(ran, { code: 0, out: "", err: "· Taken back.\n" });
});

Deno.test("plain: what lasts is told beside a turn, what another face asked for is not", async () => {
  const ran = await run(["I wait."], (tell) => {
    tell(event(events.greeting()));
    tell(event(events.sync(state("w"))));
  }, ({ ref }, tell) => {
    tell(event(events.system("✗ Chroma is not there.")));
    tell(event(events.system("A greeting to all.")));
    tell(event(events.system("✗ Not your affair.", {}, "99")));
    tell(event({ ...events.chunk("Nor this.", { message_id: 9, parent_id: 8, offset: 0 }), ref: "99" }));
    tell(event({ ...events.chunk("Fog.", { message_id: 3, parent_id: 2, offset: 0 }), ref }));
    tell(event(events.end(message(3, "assistant", "Fog."), {}, ref)));
  });
  assert.deepEqual(ran, { code: 0, out: "Fog.\n\n", err: "✗ Chroma is not there.\n" });
});

const greetPlainly = (tell: (event: LinkEvent) => void): void => {
  tell(event(events.greeting()));
  tell(event(events.sync(state("w"))));
};

Deno.test("plain: a reply that failed without a word of why ends with 4, and so does a line that is refused", async () => {
  const failed = await run(["I wait."], greetPlainly, ({ ref }, tell) => {
    tell(event({ ...events.chunk("Fog", { message_id: 3, parent_id: 2, offset: 0 }), ref }));
    tell(event(events.end(message(3, "assistant", "Fog", { status: "failed" }), {}, ref)));
  });
  assert.deepEqual(failed, { code: 4, out: "Fog\n\n", err: "" });
  const refused = await run(["I wait."], greetPlainly, ({ ref }, tell) => {
    tell(event(events.system("✗ The home is full.", {}, ref)));
    tell(event(events.end(null, {}, ref)));
  });
  assert.deepEqual(refused, { code: 4, out: "", err: "✗ The home is full.\n" });
});

Deno.test("plain: a sequence cut between two pieces is removed, and a reply told anew stands below the first", async () => {
  const ran = await run(["I wait."], greetPlainly, ({ ref }, tell) => {
    const piece = (text: string, offset: number) =>
      tell(event({ ...events.chunk(text, { message_id: 3, parent_id: 2, offset }), ref }));
    piece("Fo\x1b[3", 0);
    piece("1mg", 5);
    piece("Fog again.", 0);
    tell(event(events.end(message(3, "assistant", "Fog again."), {}, ref)));
  });
  assert.deepEqual(ran, { code: 0, out: "Fog\n\nFog again.\n\n", err: "" });
});

Deno.test("plain: nothing after /quit is said", async () => {
  const said: string[] = [];
  const ran = await run(["/quit", "I wait."], greetPlainly, ({ prompt, ref }, tell) => {
    said.push(prompt);
    tell(event(events.end(message(3, "assistant", "Fog."), {}, ref)));
  });
  assert.deepEqual([ran.code, said], [0, []]);
});

Deno.test("plain: who interrupts a reply stops the narrator, keeps what was told, says no further line, and leaves with 130", async () => {
  const leaving = new AbortController();
  const said: string[] = [];
  const greet = (tell: (event: LinkEvent) => void) => {
    tell(event(events.greeting()));
    tell(event(events.sync(state("w"))));
    tell(event(events.history([message(1, "assistant", "Fog.")])));
  };
  const answer = ({ prompt, ref }: Request, tell: (event: LinkEvent) => void) => {
    said.push(prompt);
    if (prompt !== "/cancel") {
      tell(event({ ...events.chunk("The door opens", { message_id: 3, offset: 0 }), ref }));
      return queueMicrotask(() => leaving.abort());
    }
    tell(event(events.end(message(3, "assistant", "The door opens", { status: "stopped" }), {}, "1")));
  };
  const { code, out } = await run(["I open the door.", "I go in."], greet, answer, {
    signal: leaving.signal,
  });
  assert.deepEqual(said, ["I open the door.", "/cancel"]);
  assert.equal(code, 130);
  assert.match(out, /The door opens/);
});
