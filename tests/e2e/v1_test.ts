// The original's face plays an evening on our brain, and everything that is no proper frame is answered.

import assert from "node:assert/strict";
import { FaceClient } from "../support/face_client.ts";
import { type Frame, OriginalClient } from "../support/original_client.ts";
import { STORY } from "../support/sse_replies.ts";
import { configFor, openStage, type ProviderProcess, type Stage, startProvider } from "./stage.ts";

const names = (frames: readonly Frame[]) => frames.map(({ event }) => event);

/** Frames that came after index `from`, without what the original does not know. */
function v1(client: OriginalClient, from: number): Frame[] {
  const known = ["system_update", "sync_state", "chat_history", "chat_chunk", "chat_end", "error"];
  return client.frames.slice(from).filter(({ event }) => known.includes(event));
}

/** Waits for the state that follows the last `chat_end` since index `from`. */
async function settled(client: OriginalClient, from: number): Promise<void> {
  const ready = () => {
    const seen = names(client.frames.slice(from));
    return seen.lastIndexOf("sync_state") > seen.lastIndexOf("chat_end");
  };
  await client.until(ready, "the state after the turn");
}

/** Says a line and returns its frames up to its `chat_end`, checked to be a turn as the contract has it. */
async function playTurn(client: OriginalClient, line: string): Promise<Frame[]> {
  const from = client.frames.length;
  await client.ask(line, "chat_end");
  await settled(client, from);
  const frames = v1(client, from).filter(({ event }) => event !== "sync_state");
  const chunks = frames.filter(({ event }) => event === "chat_chunk");
  assert.ok(chunks.length > 0, `${line}: at least one piece`);
  for (const { content, metadata } of chunks) {
    assert.notEqual(content, "");
    assert.equal(typeof metadata.tokens_per_second, "number");
    assert.equal(metadata.model, client.screen.model);
    assert.equal(metadata.world_id, client.screen.world_id);
  }
  assert.equal(frames.filter(({ event }) => event === "chat_end").length, 1);
  const end = frames[frames.length - 1];
  assert.equal(end.event, "chat_end");
  assert.ok(Number.isInteger(end.metadata.total_tokens) && (end.metadata.total_tokens ?? 0) > 0);
  return frames;
}

async function command(client: OriginalClient, line: string, last: string): Promise<Frame[]> {
  const from = client.frames.length;
  await client.ask(line, last);
  return v1(client, from);
}

async function evening(stage: Stage, provider: ProviderProcess): Promise<void> {
  const client = await OriginalClient.connect(stage.url);
  const { screen } = client;
  await client.until(({ frames }) => frames.some(({ event }) => event === "chat_history"), "the greeting");
  assert.deepEqual(names(v1(client, 0)).slice(0, 2), ["system_update", "sync_state"]);
  assert.equal(client.frames[0].content, "✓ Engine ready.");
  assert.equal(client.frames[0].metadata.status, "ok");
  assert.equal(client.frames[1].content, "State synchronized");
  assert.deepEqual([screen.world_id, screen.character_id, screen.session_id], ["", "", ""]);

  // The provider's list comes when it comes, and is told.
  await client.until(() => screen.models.some((model) => model.id === "story"), "the provider's models");

  // Before the stage is ready: ✗ and, unlike the original, an end.
  const early = await command(client, "Is anybody there?", "chat_end");
  assert.deepEqual(names(early), ["system_update", "chat_end"]);
  assert.equal(early[0].content, "✗ Prepare the stage first (World, Char, Session).");
  assert.equal(early[1].metadata.total_tokens, 0);
  assert.equal(screen.typing, false);
  // Whoever asks for a reply by a command of ours waits for one, and must not wait for ever.
  for (const line of ["/retry", "/continue"]) {
    const refused = await command(client, line, "chat_end");
    assert.deepEqual(names(refused), ["system_update", "chat_end"]);
    assert.match(refused[0].content, /^✗ There is no story yet/);
  }
  assert.match((await command(client, "/session new", "system_update"))[0].content, /^✗ Select world\/char/);

  for (
    const [line, answer, field, value] of [
      ["/world select salt_marsh", "Active world set to salt_marsh", "world_id", "salt_marsh"],
      ["/character select farrier", "Active character set to farrier", "character_id", "farrier"],
    ] as const
  ) {
    const frames = await command(client, line, "sync_state");
    assert.deepEqual(names(frames), ["system_update", "sync_state"]);
    assert.equal(frames[0].content, answer);
    assert.equal(frames[0].metadata[field], value);
    assert.equal(screen[field], value);
  }
  await command(client, "/model demo/narrator", "sync_state");
  assert.deepEqual([screen.model, screen.model_confirmed], ["demo/narrator", true]);

  const begun = await command(client, "/session new", "chat_history");
  assert.deepEqual(names(begun), ["system_update", "sync_state", "chat_history"]);
  const id = begun[0].metadata.session_id ?? "";
  assert.match(id, /^[0-9a-f]{12}$/);
  assert.equal(begun[0].content, `✓ New session: ${id}`);
  assert.equal(screen.session_id, id);
  assert.deepEqual(screen.transcript.map(({ role }) => role), ["assistant"]);
  assert.match(screen.transcript[0].content, /^Fog comes in over the reeds/);

  for (const line of ["I take the rope.", "Who are you?", "I look at the boy."]) {
    await playTurn(client, line);
    const [said, told] = screen.transcript.slice(-2);
    assert.deepEqual([said, told.role], [{ role: "user", content: line }, "assistant"]);
    assert.ok(told.content.length > 100, told.content);
  }

  const swapped = await command(client, "/model story", "sync_state");
  assert.equal(swapped[0].content, "Hot-swapped model to story");
  assert.deepEqual([screen.model, screen.model_confirmed], ["story", true]);
  const before = screen.total_tokens;
  for (const line of ["I ring the bell.", "I wait.", "I go inside."]) {
    const frames = await playTurn(client, line);
    assert.equal(screen.transcript.at(-1)?.content, STORY);
    // The provider's own count of completion tokens.
    assert.equal(frames.at(-1)?.metadata.total_tokens, 24);
  }
  assert.equal(screen.total_tokens - before, 72);
  assert.deepEqual((await provider.chats()).map(({ body }) => body.model), ["story", "story", "story"]);

  // Cancel: the last piece, ✗, the end; the text stays.
  await command(client, "/model fault/slow:50", "sync_state");
  const from = client.frames.length;
  client.say("Tell me a long one.");
  await client.until(() => screen.partial.length > 10, "some words");
  client.say("/cancel");
  await client.until(() => names(client.frames.slice(from)).includes("chat_end"), "the end");
  await settled(client, from);
  const cancelled = v1(client, from).filter(({ event }) => event !== "sync_state").slice(-3);
  assert.deepEqual(names(cancelled), ["chat_chunk", "system_update", "chat_end"]);
  assert.equal(cancelled[1].content, "✗ Stream cancelled by user.");
  const partial = screen.transcript.at(-1)?.content ?? "";
  assert.ok(partial.length > 10 && partial.length < STORY.length && STORY.startsWith(partial), partial);
  assert.equal((await command(client, "/cancel", "system_update"))[0].content, "Nothing is being told.");

  // Retry: the faces see the path without the old telling, then the new one.
  await command(client, "/model story", "sync_state");
  const retried = client.frames.length;
  await client.ask("/retry", "chat_end");
  await settled(client, retried);
  const retelling = [...new Set(names(v1(client, retried)))];
  assert.deepEqual(retelling, ["chat_history", "chat_chunk", "chat_end", "sync_state"]);
  assert.deepEqual(screen.transcript.slice(-2), [
    { role: "user", content: "Tell me a long one." },
    { role: "assistant", content: STORY },
  ]);

  // Another story, and back.
  const other = (await command(client, "/session new", "chat_history"))[0].metadata.session_id ?? "";
  assert.equal(screen.transcript.length, 1);
  assert.deepEqual(screen.sessions.map((session) => session.id), [other, id]);
  assert.equal(screen.sessions[1].name, "[salt_marsh] farrier: I take the rope.");
  const continued = await command(client, `/session continue ${id}`, "sync_state");
  assert.deepEqual(names(continued), ["chat_history", "sync_state"]);
  assert.deepEqual([screen.session_id, screen.model], [id, "story"]);
  assert.equal(screen.transcript.length, 1 + 2 * 7);
  const deleted = await command(client, `/session delete ${other}`, "sync_state");
  assert.deepEqual(names(deleted), ["system_update", "sync_state"]);
  assert.equal(deleted[0].content, `✓ Deleted session ${other}`);
  assert.deepEqual(screen.sessions.map((session) => session.id), [id]);

  const added = await command(client, "/rules add cosy", "sync_state");
  assert.equal(added[0].content, "✓ Rule 'cosy' activated");
  assert.deepEqual(added[0].metadata.active_rules, ["cosy"]);
  await command(client, "/rules add terse", "sync_state");
  assert.deepEqual(screen.active_rules, ["cosy", "terse"]);
  const cleared = await command(client, "/rules clear", "sync_state");
  assert.equal(cleared[0].content, "✓ All active rules cleared");
  assert.deepEqual(screen.active_rules, []);

  // What the original meets with silence has an answer here, and it begins with ✗ or says "Error".
  for (
    const [line, answer] of [
      ["/wrold select salt_marsh", /^✗ .*\/world select/],
      ["/world", /^✗ \/world needs one of: /],
      ["/world select nowhere", /^✗ .*nowhere/],
      ["/character select nobody", /^✗ .*nobody/],
      ["/rules add ../worlds/salt_marsh", /^✗ /],
      ["/session continue 000000000000", /^✗ There is no story/],
      ["/session delete 000000000000", /^✗ There is no story/],
      ["/nsfw", /^✗ NSFW rule file not found\./],
      ["/model", /^The narrator is story\. On offer: demo\/narrator, story, /],
      ["/model two words", /^Error: .* is not recognized/],
      ["/help swipe", /^\/swipe next/],
    ] as const
  ) {
    const frames = await command(client, line, "system_update");
    assert.match(frames[0].content, answer, line);
  }
  await playTurn(client, "I go home.");
  client.assertNothingDropped();
  assert.equal(screen.typing, false);
  await client.close();
}

Deno.test("the original's face plays an evening on our brain and drops no frame", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider) });
  await evening(stage, provider);
});

Deno.test("frames that are no proper request are told, and the next one is answered", async (t) => {
  await using stage = await openStage({ config: configFor(null) });
  await using face = await stage.face();
  await face.begin();

  await t.step("text that is no JSON object is the prompt itself, quotes and all", async () => {
    for (const frame of ["I wait.", "5", '"hi"', "[1]", "null", "{not json", 'I say "\u{1F980}".']) {
      const from = face.events.length;
      face.raw(frame);
      const { text } = await face.told(from);
      assert.ok(text.length > 0);
      assert.equal(face.history.at(-2)?.content, frame);
    }
  });

  const stored = stage.rows().length;
  const MEGABYTE = "a".repeat(1_000_000);
  for (
    const [name, frame, told] of [
      ["an empty object", "{}", "✗ request.prompt: not a string"],
      ["a number", '{"prompt":5}', "✗ request.prompt: not a string"],
      ["a null", '{"prompt":null,"ref":"r"}', "✗ request.prompt: not a string"],
      ["a ref of a wrong kind", '{"prompt":"x","ref":{}}', "✗ request.ref: not a string"],
      ["an empty prompt", '{"prompt":""}', "✗ An empty line tells nothing."],
      ["an empty frame", "", "✗ An empty line tells nothing."],
      ["white space", '{"prompt":" \\n\\t "}', "✗ An empty line tells nothing."],
      ["a binary frame", new Uint8Array([1, 2, 3]), "✗ Binary frames are not read; send text."],
      [
        "a megabyte",
        JSON.stringify({ prompt: MEGABYTE }),
        "✗ This line has 1000000 bytes; at most 65536 are read. Nothing was sent.",
      ],
      [
        "one byte too many",
        JSON.stringify({ prompt: `${"é".repeat(32 * 1024)}a` }),
        "✗ This line has 65537 bytes; at most 65536 are read. Nothing was sent.",
      ],
      ["a whole frame of text", MEGABYTE, "✗ This line has 1000000 bytes; at most 65536 are read."],
    ] as const
  ) {
    await t.step(`refused with an end: ${name}`, async () => {
      const from = face.events.length;
      face.raw(frame as string);
      const end = await face.next("chat_end", from);
      const answers = face.events.slice(from, face.events.indexOf(end));
      assert.deepEqual(answers.map(({ event }) => event), ["system_update"]);
      assert.ok(answers[0].content.startsWith(told), answers[0].content);
      assert.deepEqual([end.metadata.total_tokens, end.metadata.message], [0, null]);
      assert.equal(stage.rows().length, stored, "nothing was saved");
    });
  }

  await t.step("a line of exactly 64 KiB is read", async () => {
    await face.turn("b".repeat(64 * 1024));
    assert.equal(face.history.at(-2)?.content.length, 64 * 1024);
  });

  await t.step("a frame over 4 MiB closes its socket with 1009, and the brain goes on", async () => {
    for (const size of [4 * 1024 * 1024 + 1, 5_000_000]) {
      await using big = await stage.face();
      big.raw("c".repeat(size));
      await big.until(() => big.closed !== null, "the close").catch(() => {});
      assert.equal(big.closed?.code, 1009);
    }
    assert.match((await face.turn("I am still here.")).text, /\S/);
    await using again = await stage.face();
    assert.equal(again.history.at(-2)?.content, "I am still here.");
  });

  await t.step("a frame of exactly 4 MiB is answered", async () => {
    await using big = await stage.face();
    const from = big.events.length;
    big.raw("c".repeat(4 * 1024 * 1024));
    await big.next("chat_end", from);
    assert.match(big.events[from].content, /^✗ This line has 4194304 bytes;/);
  });
});

Deno.test("of 200 lines at once one is told, and each of the others is refused by its ref", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider) });
  await using face = await stage.face();
  await face.begin();
  await face.command("/model fault/slow:25");
  const from = face.events.length;
  const refs = Array.from({ length: 200 }, (_, index) => face.say(`Line ${index}.`));
  const told = await face.told(from, 20_000);
  assert.equal(told.message.content, STORY);
  const refused = face.events.slice(from).filter(({ content }) => content.startsWith("✗"));
  assert.deepEqual(refused.map(({ ref }) => ref), refs.slice(1));
  for (const event of refused) {
    assert.ok(event.event === "system_update");
    assert.equal(event.content, "✗ The narrator is still speaking. /cancel stops it.");
    // What was typed goes back to the editor.
    assert.equal(event.metadata.line, `Line ${refs.indexOf(event.ref ?? "")}.`);
  }
  assert.equal(face.events.slice(from).filter(({ event }) => event === "chat_end").length, 1);
  assert.equal((await provider.chats()).length, 1);
  assert.deepEqual(stage.rows().map(({ role }) => role), ["assistant", "user", "assistant"]);
  assert.equal((await face.turn("And now?")).message.status, "complete");
});

/** Sends one HTTP request as it stands and returns the status line. */
async function statusOf(url: string, path: string, headers: Record<string, string>): Promise<string> {
  const { hostname, port } = new URL(url);
  using conn = await Deno.connect({ hostname, port: Number(port) });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const request = new TextEncoder().encode(`GET ${path} HTTP/1.1\r\n${lines}\r\n`);
  for (let at = 0; at < request.length;) at += await conn.write(request.subarray(at));
  const answer = new Uint8Array(4096);
  const count = await conn.read(answer) ?? 0;
  return new TextDecoder().decode(answer.subarray(0, count)).split("\r\n")[0];
}

const UPGRADE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

Deno.test("who may open a socket is decided before the upgrade", async () => {
  await using stage = await openStage({ config: configFor(null) });
  const port = new URL(stage.url).port;
  const own = `127.0.0.1:${port}`;
  for (
    const [status, path, headers] of [
      [101, "/ws/rpc", { Host: own, ...UPGRADE }],
      [101, "/ws/rpc", { Host: `localhost:${port}`, ...UPGRADE }],
      [403, "/ws/rpc", { Host: own, Origin: "http://evil.example", ...UPGRADE }],
      // A page on the same address is a page all the same.
      [403, "/ws/rpc", { Host: own, Origin: `http://${own}`, ...UPGRADE }],
      [403, "/ws/rpc", { Host: own, Origin: "null", ...UPGRADE }],
      // A name that was bound to 127.0.0.1 by somebody else's DNS.
      [403, "/ws/rpc", { Host: `evil.example:${port}`, ...UPGRADE }],
      [403, "/ws/rpc", { Host: "127.0.0.1", ...UPGRADE }],
      [403, "/ws/rpc", { Host: `127.0.0.1:${Number(port) + 1}`, ...UPGRADE }],
      [403, "/", { Host: `evil.example:${port}` }],
      [404, "/", { Host: own }],
      [404, "/ws/rpc/", { Host: own, ...UPGRADE }],
      [404, "/ws", { Host: own, ...UPGRADE }],
      [426, "/ws/rpc", { Host: own }],
    ] as [number, string, Record<string, string>][]
  ) {
    const line = await statusOf(stage.url, path, headers);
    assert.equal(Number(line.split(" ")[1]), status, `${path} ${JSON.stringify(headers)}: ${line}`);
  }
  await using face = await stage.face();
  assert.equal((await face.command("/cancel")).content, "Nothing is being told.");
});

Deno.test("a brain with a token wants it, in full", async () => {
  await using stage = await openStage({ config: configFor(null), args: ["--with-parent"] });
  const { token } = JSON.parse(Deno.readTextFileSync(`${stage.home}/brain.json`)) as { token: string };
  assert.match(token, /^[0-9a-f]{64}$/);
  const Host = new URL(stage.url).host;
  for (
    const [status, authorization] of [
      [401, null],
      [401, ""],
      [401, "Bearer "],
      [401, `Bearer ${token.slice(1)}`],
      [401, `Bearer ${token}0`],
      [401, `Bearer ${token.slice(0, -1)}${token.endsWith("0") ? "1" : "0"}`],
      [401, token],
      [101, `Bearer ${token}`],
    ] as const
  ) {
    const headers = { Host, ...UPGRADE, ...(authorization === null ? {} : { Authorization: authorization }) };
    const line = await statusOf(stage.url, "/ws/rpc", headers);
    assert.equal(Number(line.split(" ")[1]), status, `${authorization}: ${line}`);
  }
  await using face = await FaceClient.connect(stage.url, token);
  assert.equal((await face.command("/cancel")).content, "Nothing is being told.");
  await stage.door.closeStdin();
  assert.equal(await stage.door.ended, 0);
});
