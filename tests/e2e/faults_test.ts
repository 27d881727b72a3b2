// Faults of the provider, of the network and of faces: each ends in a sentence that names the thing, and the next turn works.

import assert from "node:assert/strict";
import type { MessageStatus } from "../../shared/story.ts";
import type { FaceClient, Told } from "../support/face_client.ts";
import { FRONT_DOOR, startPiped, until } from "../support/processes.ts";
import { chunk, DONE, STORY, storyFrames, wordsOf } from "../support/sse_replies.ts";
import { configFor, openStage, startProvider } from "./stage.ts";

const KEY = "sk-planted-5e1f0c7a";
const SECOND_KEY = "gsk_planted_9b2d4e6f";

async function playsOn(face: FaceClient): Promise<void> {
  await face.command("/model story");
  const told = await face.turn("I go on.");
  assert.deepEqual([told.message.status, told.message.content, told.errors], ["complete", STORY, []]);
}

interface Row {
  model: string;
  /** Null: no error. */
  error: RegExp | null;
  status: MessageStatus;
  /** The reply that is kept. */
  text: string;
  notice?: RegExp;
  /** Chat requests that the turn makes. */
  requests?: number;
  /** A label that the face showed while it waited. */
  waited?: string;
}

/** What a reader sees when the stream ends after `frames` frames of the story. */
const after = (frames: number) => wordsOf(STORY).slice(0, Math.max(0, frames - 1)).join("");
const failed = (model: string, error: RegExp, text = ""): Row => ({ model, error, status: "failed", text });

const ROWS: Row[] = [
  failed("fault/401", /^HOST does not accept the key: set OPENAI_API_KEY or openai_api_key in config\.yaml/),
  failed("fault/402", /^The account at HOST has no credit .* pick a free or local \/model\.$/),
  failed("fault/quota", /^The account at HOST has no credit /),
  failed("fault/403", /^HOST refused the request \(403\) \("Country, region/),
  failed("fault/404", /^HOST has no model fault\/404 for you: pick another with \/model\.$/),
  failed(
    "fault/429-html",
    /^HOST takes no more requests for now\. Try again in 60 min; your line is kept\.$/,
  ),
  {
    ...failed(
      "fault/429:1",
      /^HOST takes no more requests for now\. Try again in 1 s; your line is kept\.$/,
    ),
    requests: 3,
    waited: "trying again in 1 s (rate limit)",
  },
  {
    model: "fault/429-once:1",
    error: null,
    status: "complete",
    text: STORY,
    requests: 2,
    waited: "trying again in 1 s (rate limit)",
  },
  {
    ...failed("fault/500", /^HOST has a problem of its own \(500\)\. Your line is kept\.$/),
    requests: 3,
    waited: "trying again in 2 s (server error)",
  },
  failed("fault/context", /^This prompt is too long for fault\/context: lower max_context_tokens/),
  failed("nobody/x", /^Nobody answers at 127\.0\.0\.1:\d+: start nobody, or pick another \/model\.$/),
  failed("nowhere/x", /^Cannot find nowhere\.invalid: check the network and the address in config\.yaml\.$/),
  failed(
    "fault/stall-headers",
    /^HOST has been silent for 2\.5 s, so the request was ended\. Your line is kept\.$/,
  ),
  failed(
    "fault/stall-before",
    /^HOST has been silent for 2\.5 s, so the request was ended\. Your line is kept\.$/,
  ),
  failed(
    "fault/stall-between:5",
    /^HOST has been silent for 2\.5 s, so the request was ended\. What was told is kept\.$/,
    after(5),
  ),
  failed("fault/malformed", /^HOST sent something that is not a reply\. What was told is kept\.$/, after(4)),
  failed("fault/fin-in-frame", /^The connection to HOST broke off\. What was told is kept\.$/, after(4)),
  failed("fault/no-finish", /^The connection to HOST broke off\. What was told is kept\.$/, STORY),
  failed("fault/mid-error", /^HOST has a problem of its own \(502\)/, after(4)),
  failed("fault/mid-error-finish", /^HOST broke off with an error/, after(4)),
  failed("fault/web-page", /^HOST answered with a web page: the address in config\.yaml should end/),
  failed("fault/long-line", /^HOST sent a line without an end\. Your line is kept\.$/),
  failed("fault/empty", /^HOST sent an empty reply\. Your line is kept\.$/),
  failed("fault/blank", /^HOST sent an empty reply\. Your line is kept\.$/),
  failed("fault/only-thinking", /^The model used up its whole reply with thinking: raise reply_words/),
  failed("fault/filter-empty", /^HOST did not want to write this: change the line/),
  {
    model: "fault/filter",
    error: null,
    status: "complete",
    text: "The door",
    notice: /^HOST ended this reply with its content filter\.$/,
  },
  {
    model: "fault/length",
    error: null,
    status: "stopped",
    text: "The door opens and",
    notice: /^The reply came to its length limit\. \/continue goes on in the same place\.$/,
  },
];

/** Adds the host to an expectation. */
const at = (host: string, pattern: RegExp) => new RegExp(pattern.source.replaceAll("HOST", host), "s");

function check(row: Row, told: Told, host: string): void {
  if (row.error === null) assert.deepEqual(told.errors, []);
  else {
    assert.equal(told.errors.length, 1, `one sentence, not ${JSON.stringify(told.errors)}`);
    assert.match(told.errors[0], at(host, row.error));
  }
  assert.deepEqual([told.message.status, told.message.content], [row.status, row.text]);
  assert.equal(told.text, row.text, "the face saw what is kept");
  if (row.notice) assert.ok(told.notices.some((text) => at(host, row.notice!).test(text)), `${told.notices}`);
  assert.ok(Number.isInteger(told.end.metadata.total_tokens));
}

Deno.test("every fault of a provider is told, the text is kept, and the next turn works", async (t) => {
  await using provider = await startProvider();
  const { host } = new URL(provider.base_url);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port: closed_port } = listener.addr;
  listener.close();
  const config = configFor(
    provider,
    `openai_api_key: ${KEY}
log_level: debug
providers:
  - {name: nobody, base_url: "http://127.0.0.1:${closed_port}/v1"}
  - {name: nowhere, base_url: "http://nowhere.invalid/v1"}
  - {name: groq, base_url: "${provider.base_url.replace("/v1", "/groq/v1")}"}
`,
  );
  await using stage = await openStage({ config, env: { GROQ_API_KEY: SECOND_KEY } });
  await using patient = await stage.face();
  await patient.begin();
  // Only where silence is what is tested: a busy machine is silent, too.
  await using hasty = await openStage({
    config: configFor(provider, `openai_api_key: ${KEY}\nfirst_byte_timeout_ms: 2500\nidle_timeout_ms: 2500`),
  });
  await using impatient = await hasty.face();
  await impatient.begin();

  for (const row of ROWS) {
    await t.step(row.model, async () => {
      const face = row.model.startsWith("fault/stall") ? impatient : patient;
      const asked = (await provider.chats()).length;
      await face.command(`/model ${row.model}`);
      const from = face.events.length;
      check(row, await face.turn("I knock."), host);
      if (row.requests) assert.equal((await provider.chats()).length - asked, row.requests);
      if (row.waited) {
        await face.next("progress", from, ({ metadata }) => metadata.label === row.waited, row.waited);
      }
      await playsOn(face);
    });
  }

  const face = patient;
  await t.step(
    "a connection that is cut after any chunk keeps what came until the finish reason is in",
    async () => {
      const whole = storyFrames().findIndex((frame) => frame.includes('"finish_reason":"stop"')) + 1;
      assert.ok(whole > 20);
      for (let frames = 2; frames <= whole + 1; frames++) {
        for (const fault of frames % 5 === 2 ? ["cut", "cut-body"] : ["cut-body"]) {
          await face.command(`/model fault/${fault}:${frames}`);
          const told = await face.turn(`Cut ${frames}.`);
          const complete = frames >= whole;
          assert.deepEqual(
            [told.message.status, told.message.content, told.errors],
            [
              complete ? "complete" : "failed",
              after(frames),
              complete ? [] : [
                `The connection to ${host} broke off. What was told is kept.`,
              ],
            ],
            `${fault}:${frames}`,
          );
        }
      }
      await playsOn(face);
    },
  );

  await t.step("a connection that is cut before the first word is tried again", async () => {
    await provider.script({ steps: [{ send: chunk({ role: "assistant", content: "" }) }, { cut: true }] });
    await face.command("/model story");
    const told = await face.turn("Once more.");
    assert.deepEqual([told.message.status, told.text, told.errors], ["complete", STORY, []]);
  });

  await t.step("/continue goes on in the reply that was cut, /retry tells another", async () => {
    await face.command("/model fault/cut-body:6");
    const { message } = await face.turn("I listen.");
    await face.command("/model story");
    await provider.script({
      steps: [chunk({ content: " And on." }), chunk({}, "stop"), DONE].map((send) => ({ send })),
    });
    const more = await face.turn("/continue");
    assert.deepEqual([more.message.id, more.message.status], [message.id, "complete"]);
    assert.equal(more.message.content, `${after(6)} And on.`);
    assert.equal(more.chunks[0].metadata.offset, after(6).length);
    const again = await face.turn("/retry");
    assert.deepEqual([again.message.alternative, again.message.alternatives], [2, 2]);
    assert.deepEqual([again.message.parent_id, again.message.content], [message.parent_id, STORY]);
    const asked = await provider.chats();
    const [first, second] = [-3, -1].map((at) => asked.at(at)?.body);
    assert.notEqual(first?.seed, second?.seed);
    assert.notEqual(first?.temperature, second?.temperature);
  });

  await t.step("ten megabytes end at one, with a notice, and the provider is hung up on", async () => {
    await face.command("/model fault/long");
    const told = await face.turn("Tell me everything.");
    const bytes = new TextEncoder().encode(told.message.content).length;
    assert.ok(bytes <= 1024 * 1024 && bytes > 1024 * 1024 - 4, `${bytes} bytes`);
    assert.equal(told.message.status, "stopped");
    assert.equal(told.text, told.message.content);
    assert.ok(told.notices.includes("The reply was stopped at 1048576 bytes (max_reply_bytes)."));
    const { sent, closed } = await until(async () => {
      const last = (await provider.chats()).at(-1);
      return last?.closed ? last : null;
    }, "the end of the connection");
    assert.equal(closed?.by, "client");
    assert.ok(sent < 10 * 1024 * 1024, `${sent} bytes were sent`);
    await playsOn(face);
    const { body } = (await provider.chats()).at(-1)!;
    assert.ok(JSON.stringify(body.messages).length < 40_000, "the megabyte is no history");
  });

  await t.step("no key stands anywhere but in the config and in the requests", async () => {
    await face.command("/model groq/fault/401");
    const { errors } = await face.turn("And with the other key?");
    assert.match(errors[0], /^Groq does not accept the key: set GROQ_API_KEY or groq_api_key/);
    const chats = await provider.chats();
    const sent = new Set(chats.map(({ path, headers }) => `${path} ${headers.authorization}`));
    assert.deepEqual([...sent].sort(), [
      `/groq/v1/chat/completions Bearer ${SECOND_KEY}`,
      `/v1/chat/completions Bearer ${KEY}`,
    ]);
    const { pid } = stage;
    const places = new Map<string, Uint8Array>();
    for (const format of ["md", "jsonl"]) {
      assert.match((await face.command(`/export ${format}`)).content, /^✓ Exported to /);
    }
    const metrics = await fetch(new URL("/metrics", stage.url.replace("ws:", "http:")));
    places.set("metrics", await metrics.bytes());
    for (const role of [["doctor"], ["doctor", "--json"], ["models", "list"], ["memory", "check"]]) {
      await using run = startPiped(FRONT_DOOR, [...role, "--home", stage.home]);
      await run.ended;
      assert.ok(run.stdout().length > 100, role.join(" "));
      places.set(role.join(" "), new TextEncoder().encode(run.stdout() + run.stderr()));
    }
    for (const path of [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`, `/proc/${stage.door.pid}/cmdline`]) {
      places.set(path, Deno.readFileSync(path));
    }
    // What is still in the log of the database comes into its file.
    stage.door.signal("SIGTERM");
    assert.equal(await stage.door.ended, 0);
    for (const path of filesIn(stage.home)) {
      if (!path.endsWith("/config.yaml")) places.set(path, Deno.readFileSync(path));
    }
    const encoder = new TextEncoder();
    places.set("stdout", encoder.encode(stage.door.stdout()));
    places.set("stderr", encoder.encode(stage.door.stderr()));
    places.set("what the face was told", encoder.encode(JSON.stringify(face.events)));
    for (const end of ["/engine.db", ".jsonl", ".md"]) {
      assert.ok([...places.keys()].some((path) => path.endsWith(end)), end);
    }
    assert.ok([...places.keys()].some((path) => path.endsWith("/logs/brain.log")));
    for (const [place, bytes] of places) {
      const text = new TextDecoder("latin1").decode(bytes);
      for (const key of [KEY, SECOND_KEY]) assert.ok(!text.includes(key), `a key stands in ${place}`);
    }
  });
});

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

Deno.test("a face that vanishes in mid-reply finds it whole, or the part that is there and then the rest", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider) });
  {
    await using face = await stage.face();
    await face.begin();
    await face.command("/model fault/slow:40");
    const from = face.events.length;
    face.say("I open the door.");
    await face.next("chat_chunk", from);
  }
  await using back = await stage.face();
  // The answer comes behind all that a new face is shown.
  await back.command("/usage");
  const running = back.events.filter((event) => event.event === "chat_chunk");
  assert.deepEqual(
    back.history.map(({ role }) => role),
    ["assistant", "user"],
    "not the reply being written",
  );
  assert.deepEqual([running[0]?.metadata.offset, STORY.startsWith(running[0]?.content ?? "-")], [0, true]);
  const told = await back.told(0);
  assert.deepEqual([told.text, told.message.status], [STORY, "complete"]);

  {
    await using again = await stage.face();
    again.say("I close it.");
    await again.next("message", 0);
  }
  // Nobody is there when this one ends.
  await until(async () => (await provider.chats())[1]?.closed, "the end of the second reply");
  await using last = await stage.face();
  await last.until(() => last.history.at(-1)?.role === "assistant", "the whole reply");
  assert.equal(last.history.at(-1)?.status, "complete");
  assert.equal(last.history.at(-1)?.content, STORY);
  await playsOn(last);
});
