/** The sockets of faces, with sockets that are ours: what comes in is answered or refused, and nothing of it ends the brain. */

import assert from "node:assert/strict";
import type { Brain } from "../../brain/brain.ts";
import { FaceSockets, MAX_FACES, type Visitor } from "../../brain/face_socket.ts";
import { Metrics } from "../../brain/metrics.ts";
import { StoreError } from "../../brain/store/store_error.ts";
import { addToken, revokeToken } from "../../brain/store/tokens.ts";
import { MAX_FRAME_BYTES } from "../../shared/protocol.ts";
import { type FakeBrain, fakeBrain } from "../support/brain_fakes.ts";

/** What FaceSockets uses of a WebSocket. */
class FakeSocket extends EventTarget {
  readyState: number = WebSocket.CONNECTING;
  bufferedAmount = 0;
  /** The other side answers no close. */
  deaf = false;
  readonly sent: string[] = [];
  closed: { code?: number; reason?: string } | null = null;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;

  open(): void {
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(code?: number, reason?: string): void {
    this.closed = { code, reason };
    this.readyState = WebSocket.CLOSING;
    if (!this.deaf) queueMicrotask(() => this.end());
  }

  /** The other side has closed. */
  end(): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.();
    this.dispatchEvent(new Event("close"));
  }

  texts(): string[] {
    return this.sent.map((text) => JSON.parse(text).payload.content);
  }
}

interface Scene {
  sockets: FaceSockets;
  fake: FakeBrain;
  metrics: Metrics;
  join(visitor?: Visitor): FakeSocket;
  refused(): string[];
}

const OWNER: Visitor = { player_id: "local", token_hash: null };

async function withSockets(fn: (scene: Scene) => Promise<void> | void): Promise<void> {
  const fake = fakeBrain({ config: { limits: { frames_per_second: 5 } } });
  const metrics = new Metrics(() => 0);
  const sockets = new FaceSockets(fake.brain, metrics, () => 0);
  const gauges = {
    ...{ sockets: 0, running_turns: 0, queued_requests: 0, resident_bytes: 0, heap_bytes: 0, uptime_s: 0 },
    version: "1",
  };
  try {
    await fn({
      sockets,
      fake,
      metrics,
      join(visitor = OWNER) {
        const socket = new FakeSocket();
        sockets.attach(socket as unknown as WebSocket, visitor);
        socket.open();
        return socket;
      },
      refused: () =>
        [...metrics.text(gauges).matchAll(/^flower_refused_total\{reason="(\w+)"\} (\d+)$/gm)].map((
          [, reason, count],
        ) => `${reason} ${count}`),
    });
  } finally {
    await sockets.close(1001, "The end.");
    await fake.close();
  }
}

Deno.test("a frame is answered in its order; what is none is refused with its ref where it has one", () =>
  withSockets(async ({ join, refused }) => {
    const socket = join();
    const greeted = socket.sent.length;
    assert.ok(greeted >= 4);
    socket.onmessage?.({ data: '{"prompt": "/cancel", "ref": "a"}' });
    socket.onmessage?.({ data: '{"prompt": 7, "ref": "b"}' });
    socket.onmessage?.({ data: new ArrayBuffer(4) });
    await Promise.resolve();
    const answers = () => socket.sent.slice(greeted).map((text) => JSON.parse(text).payload);
    while (answers().length < 5) await new Promise((resolve) => setTimeout(resolve, 0));
    const told = answers().map(({ content, metadata }) => `${metadata.ref ?? "-"} ${content}`.trim());
    assert.deepEqual(
      told.sort(),
      [
        "- ✗ Binary frames are not read; send text.",
        "-",
        "a Nothing is being told.",
        "b",
        "b ✗ request.prompt: not a string",
      ].sort(),
    );
    assert.deepEqual(refused(), []);
  }));

Deno.test("a frame that comes too soon is refused by its ref and counted, whatever it holds", () =>
  withSockets(({ join, refused }) => {
    const socket = join();
    for (let i = 0; i < 5; i++) socket.onmessage?.({ data: '{"prompt": "/cancel"}' });
    const greeted = socket.sent.length;
    socket.onmessage?.({ data: '{"prompt": "I wait.", "ref": "six"}' });
    socket.onmessage?.({ data: new ArrayBuffer(2) });
    const told = socket.sent.slice(greeted).map((text) => JSON.parse(text).payload)
      .filter(({ content }) => content !== "");
    const text = "✗ At most 5 lines a second are read. Nothing was sent.";
    assert.deepEqual(told.map(({ content, metadata }) => [content, metadata.ref ?? null]), [[text, "six"], [
      text,
      null,
    ]]);
    assert.deepEqual(refused(), ["pace 2"]);
  }));

Deno.test("a frame of the largest size is read, one byte more ends the socket, counted in bytes", () =>
  withSockets(({ join, refused, sockets, fake }) => {
    const frame = (bytes: number) => `{"prompt":"x${"é".repeat((bytes - 14) / 2)}"}`;
    for (const bytes of [MAX_FRAME_BYTES, MAX_FRAME_BYTES + 2]) {
      assert.equal(new TextEncoder().encode(frame(bytes)).length, bytes);
    }
    const largest = join();
    largest.onmessage?.({ data: frame(MAX_FRAME_BYTES) });
    assert.equal(largest.closed, null);
    const larger = join();
    larger.onmessage?.({ data: frame(MAX_FRAME_BYTES + 2) });
    assert.deepEqual(larger.closed, { code: 1009, reason: `A frame has at most ${MAX_FRAME_BYTES} bytes.` });
    assert.deepEqual(refused(), ["size 1"]);
    assert.equal(sockets.size, 1);
    // What it sent meanwhile is not read.
    const read: string[] = [];
    fake.brain.handle = (_listener, { prompt }) => Promise.resolve(void read.push(prompt));
    larger.onmessage?.({ data: '{"prompt": "/help"}' });
    largest.onmessage?.({ data: '{"prompt": "/usage"}' });
    assert.deepEqual(read, ["/usage"]);
  }));

Deno.test("a brain that fails at a frame is told in the log and goes on", () =>
  withSockets(async ({ join, fake, sockets }) => {
    const socket = join();
    const faults: Partial<Brain> = {
      handle: () => Promise.reject(new Error("planted in handle")),
      reject() {
        throw new Error("planted in reject");
      },
    };
    Object.assign(fake.brain, faults);
    socket.onmessage?.({ data: '{"prompt": "I wait."}' });
    socket.onmessage?.({ data: "\u0000" + "x".repeat(3) });
    socket.onmessage?.({ data: new ArrayBuffer(1) });
    await new Promise((resolve) => setTimeout(resolve, 0));
    const told = fake.logs.filter((line) => line.startsWith("error"));
    assert.match(told.join("\n"), /a frame could not be answered: .*planted in handle/);
    assert.match(told.join("\n"), /a frame could not be answered: .*planted in reject/);
    assert.deepEqual([sockets.size, socket.closed], [1, null]);
  }));

Deno.test("a face that cannot join is told why and may come back", () =>
  withSockets(({ join, fake, sockets }) => {
    fake.brain.join = () => {
      throw new Error("planted in join");
    };
    const socket = join();
    assert.match(socket.texts().join(), /^✗ .*planted in join/);
    assert.deepEqual(socket.closed, { code: 1011, reason: "The story could not be read." });
    assert.equal(sockets.size, 0);
  }));

Deno.test("eight megabytes may wait to be read, one byte more ends the face, and no other", () =>
  withSockets(({ join, fake, refused, sockets }) => {
    const [slow, quick] = [join(), join()];
    slow.bufferedAmount = 8 * 1024 * 1024;
    fake.brain.refreshAll();
    assert.equal(slow.closed, null);
    const sent = slow.sent.length;
    slow.bufferedAmount += 1;
    fake.brain.refreshAll();
    assert.deepEqual(slow.closed, { code: 1013, reason: "Too slow." });
    assert.deepEqual([slow.sent.length, refused(), sockets.size], [sent, ["slow 1"], 1]);
    assert.equal(quick.closed, null);
  }));

Deno.test("the brain forgets a face that ends, however it ends", () =>
  withSockets(({ join, fake }) => {
    const left: unknown[] = [];
    fake.brain.leave = (listener) => void left.push(listener);
    const [ended, failed, slow] = [join(), join(), join()];
    ended.end();
    assert.equal(left.length, 1);
    failed.onerror?.();
    assert.equal(left.length, 2);
    slow.bufferedAmount = 8 * 1024 * 1024 + 1;
    fake.brain.refreshAll();
    assert.equal(new Set(left).size, 3);
  }));

Deno.test("nothing is sent on a socket that is not open, and one that fails at it fails alone", () =>
  withSockets(({ join, fake }) => {
    const [closing, failing, good] = [join(), join(), join()];
    const counts = [closing.sent.length, good.sent.length];
    closing.readyState = WebSocket.CLOSING;
    failing.send = () => {
      throw new Error("planted in send");
    };
    fake.brain.refreshAll();
    assert.deepEqual([closing.sent.length, good.sent.length], [counts[0], counts[1] + 1]);
    assert.match(fake.logs.join("\n"), /warn a face is gone: planted in send/);
  }));

Deno.test("a player with a token has a number of faces, each counts from before it opens until it is gone", () =>
  withSockets(({ join, sockets }) => {
    const ann: Visitor = { player_id: "a1", token_hash: "of ann" };
    const faces = Array.from({ length: MAX_FACES - 1 }, () => join(ann));
    assert.ok(sockets.hasRoom(ann));
    const opening = new FakeSocket();
    sockets.attach(opening as unknown as WebSocket, ann);
    assert.equal(sockets.size, MAX_FACES);
    assert.ok(!sockets.hasRoom(ann));
    assert.ok(sockets.hasRoom({ player_id: "b1", token_hash: "of ben" }) && sockets.hasRoom(OWNER));
    faces[0].end();
    assert.ok(sockets.hasRoom(ann));
    for (let i = 0; i < MAX_FACES; i++) join();
    assert.ok(sockets.hasRoom(OWNER));
  }));

Deno.test("after a token's end its faces are closed and its turns stopped, and nobody else's", () =>
  withSockets(async ({ join, fake }) => {
    for (const name of ["ann", "ben"]) {
      addToken(fake.deps.db, { id: `${name}1`, name, token_hash: `of ${name}` });
    }
    const stopped: string[] = [];
    fake.brain.stopTurns = (player_id) => void stopped.push(player_id);
    const ann = join({ player_id: "ann1", token_hash: "of ann" });
    const again = join({ player_id: "ann1", token_hash: "of ann" });
    const ben = join({ player_id: "ben1", token_hash: "of ben" });
    const owner = join();
    revokeToken(fake.deps.db, "ann");
    while (again.closed === null) await new Promise((resolve) => setTimeout(resolve, 50));
    for (const face of [ann, again]) {
      assert.deepEqual(face.closed, { code: 4401, reason: "This token was revoked." });
    }
    assert.deepEqual([ben.closed, owner.closed], [null, null]);
    // Once, with the last of her faces.
    assert.deepEqual(stopped, ["ann1"]);
    // And where there is but one guest.
    revokeToken(fake.deps.db, "ben");
    while (ben.closed === null) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual([stopped, owner.closed], [["ann1", "ben1"], null]);
  }));

Deno.test("a database that does not answer when tokens are looked for closes nobody", () =>
  withSockets(async ({ join, fake }) => {
    const ann = join({ player_id: "ann1", token_hash: "of ann" });
    const { db } = fake.deps;
    db.all = () => {
      throw new StoreError("locked", "planted in the store");
    };
    const told = () =>
      fake.logs.filter((line) => line.includes("tokens could not be checked: planted")).length;
    while (told() === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(ann.closed, null);
  }));

Deno.test("the end waits for faces that answer, and not for those that do not", () =>
  withSockets(async ({ join, sockets }) => {
    const [quick, deaf] = [join(), join()];
    deaf.deaf = true;
    const begun = performance.now();
    const closing = sockets.close(1012, "restarting");
    assert.deepEqual([quick.closed, deaf.closed], [
      { code: 1012, reason: "restarting" },
      { code: 1012, reason: "restarting" },
    ]);
    await closing;
    const took = performance.now() - begun;
    assert.ok(took >= 290 && took < 10_000, `${took}`);
    const alone = join();
    const second = sockets.close(1012, "restarting");
    const waits = Promise.withResolvers<string>();
    const timer = setTimeout(() => waits.resolve("waits"), 0);
    assert.equal(await Promise.race([second.then(() => "at once"), waits.promise]), "at once");
    clearTimeout(timer);
    await second;
    assert.notEqual(alone.closed, null);
  }));
