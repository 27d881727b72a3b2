/** The brain as a process: how soon it is ready, what it adds to a turn, what a chunk costs, what it holds. */

import { join } from "node:path";
import { openDatabase } from "../../brain/store/database.ts";
import { attachLore, syncLore } from "../../brain/store/lore.ts";
import { addMessage } from "../../brain/store/messages.ts";
import { saveState } from "../../brain/store/players.ts";
import { createSession, updateSession } from "../../brain/store/sessions.ts";
import { rememberMessage } from "../../brain/memory/remember.ts";
import { startBrain } from "./brain_process.ts";
import { quantile, type Row, rssMb } from "./rows.ts";

const MESSAGES = 10_000;
const LORE_UNITS = 5_000;
const CHUNKS = 2_000;
/** A person reads and types longer than this. */
const REST_MS = 1_000;

/** A provider in this process: `asked` resolves when a request arrives, and it answers with `chunks` in one burst. */
function startProvider(chunks: () => number) {
  let asked: (at: number) => void = () => {};
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    if (new URL(request.url).pathname.endsWith("/models")) {
      return Response.json({ object: "list", data: [{ id: "m", object: "model" }] });
    }
    asked(performance.now());
    await request.body?.cancel();
    const frame = (delta: unknown, finish: string | null) =>
      `data: ${
        JSON.stringify({
          id: "x",
          object: "chat.completion.chunk",
          choices: [{ index: 0, delta, finish_reason: finish }],
        })
      }\n\n`;
    const body = frame({ content: "word " }, null).repeat(chunks()) + frame({}, "stop") + "data: [DONE]\n\n";
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  return {
    port: server.addr.port,
    next: () => new Promise<number>((resolve) => asked = resolve),
    close: () => server.shutdown(),
  };
}

const WORDS =
  ("ferry lamp rope eel boy pier duck clay key tide marsh bell fog debt coin apple counter house water lie " +
    "smoke shed path stone chalk number door hook boat hand coat reed wind church wall oar net gull salt mud")
    .split(" ");

const SYLLABLES = "ba do fe ki lu ma ne pi ro su ta vo we xi yo zu cha dre flo gri".split(" ");
const VOCABULARY = [
  ...WORDS,
  ...Array.from(
    { length: 8000 },
    (_, i) => [i % 20, Math.floor(i / 20) % 20, Math.floor(i / 400)].map((n) => SYLLABLES[n]).join(""),
  ),
];

/** Text of `count` words that only `seed` decides; word number n is about 1/n as frequent as the first, as in real text. */
function text(seed: number, count: number): string {
  let state = Math.imul(seed, 2654435761) >>> 0;
  const words: string[] = [];
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words.push(VOCABULARY[Math.floor(VOCABULARY.length ** (state / 2 ** 32)) - 1]);
  }
  return `${words.join(" ")}.`;
}

/** A home with a long story, many pieces of lore and the provider as its only one. */
function fillHome(home: string, port: number): void {
  Deno.writeTextFileSync(
    join(home, "config.yaml"),
    `providers: [{name: bench, base_url: "http://127.0.0.1:${port}/v1", api_key: none}]\nlocal_servers: off\ndefault_model: bench/m\n` +
      // A request that tells the story so far would be taken for the one that is waited for.
      "summaries: off\n",
  );
  const db = openDatabase(join(home, "engine.db"));
  const session = {
    id: "0123456789ab",
    player_id: "local",
    world_id: "salt_marsh",
    character_id: "farrier",
    model: "bench/m",
    title: "Bench",
    leaf_id: null,
    created_ms: 1,
    last_used_ms: 1,
  };
  createSession(db, session);
  db.transaction(() => {
    let parent_id: number | null = null;
    for (let i = 0; i < MESSAGES; i++) {
      const role = i % 2 === 0 ? "user" as const : "assistant" as const;
      const content = text(i + 1, role === "user" ? 12 : 90);
      const message = addMessage(db, "local", session.id, {
        parent_id,
        role,
        content,
        status: "complete",
        model: "bench/m",
        tokens: Math.ceil(content.length / 4),
        created_ms: i,
      });
      rememberMessage(db, "local", session.id, message);
      parent_id = message.id;
    }
    updateSession(db, "local", session.id, { leaf_id: parent_id });
    const units = Array.from(
      { length: LORE_UNITS },
      (_, i) => ({ heading: text(i, 2), text: text(i + 77_777, 45), known_to: "" }),
    );
    syncLore(db, "bench_world", units.slice(0, 10));
    attachLore(db, "local", "salt_marsh", units, "bench");
    saveState(db, "local", {
      world_id: "salt_marsh",
      character_id: "farrier",
      session_id: session.id,
      model: "bench/m",
      rules: [],
    });
  });
  db.close();
}

async function openSocket(url: string): Promise<{ socket: WebSocket; wait(event: string): Promise<number> }> {
  const socket = new WebSocket(url);
  const waiting = new Map<string, (at: number) => void>();
  socket.onmessage = ({ data }) => {
    const name = /^\{"event":"(\w+)"/.exec(data)?.[1] ?? "";
    const wake = waiting.get(name);
    if (wake) {
      waiting.delete(name);
      wake(performance.now());
    }
  };
  const wait = (event: string) => new Promise<number>((resolve) => waiting.set(event, resolve));
  const history = wait("chat_history");
  await new Promise((resolve) => socket.onopen = resolve);
  await history;
  return { socket, wait };
}

/** Rows for the brain; about half a minute. */
export async function brainBench(): Promise<Row[]> {
  const rows: Row[] = [];
  const empty = await Deno.makeTempDir();
  const readies: number[] = [];
  for (let i = 0; i < 7; i++) {
    const brain = await startBrain(empty);
    readies.push(brain.ready_ms);
    await brain.stop();
  }
  rows.push({
    name: "front door to the ready line, p50",
    value: quantile(readies, 0.5),
    unit: "ms",
    goal: "",
  });

  let burst = 1;
  const provider = startProvider(() => burst);
  const home = await Deno.makeTempDir();
  fillHome(home, provider.port);
  const brain = await startBrain(home);
  const { socket, wait } = await openSocket(brain.url);
  const say = (prompt: string) => socket.send(JSON.stringify({ prompt }));
  // The tokenizer, the SDK and the connection are warm after a first turn, as they are for a player.
  for (let i = 0; i < 3; i++) {
    const end = wait("chat_end");
    say(text(500_000 + i, 9));
    await end;
  }
  const trips: number[] = [];
  for (let i = 0; i < 500; i++) {
    const answer = wait("system_update");
    const from = performance.now();
    say("/cancel");
    trips.push(await answer - from);
  }
  rows.push({
    name: "WebSocket round trip (/cancel to its answer), p50",
    value: quantile(trips, 0.5),
    unit: "ms",
    goal: "",
  });

  /** What `lines` lines each add until the provider is asked, said at once after the last reply or after `rest_ms`. */
  async function added(lines: string[], rest_ms: number): Promise<number[]> {
    const times: number[] = [];
    for (const line of lines) {
      await new Promise((resolve) => setTimeout(resolve, rest_ms));
      const asked = provider.next();
      const end = wait("chat_end");
      const from = performance.now();
      say(line);
      times.push(await asked - from);
      await end;
    }
    return times;
  }
  const lines = WORDS.map((word, i) => `I look at the ${text(i + 900_000, 3)} Then I ask about the ${word}.`);
  const name = `line to the provider's request, ${MESSAGES} messages, ${LORE_UNITS} lore chunks`;
  const at_once = await added(lines.slice(0, 40), 0);
  const rested = await added(lines.slice(0, 20), REST_MS);
  // What is told of the last turn (remembering, indexing, saving) goes on beside a line that is said at once.
  rows.push({
    name: `${name}, said at once, p50`,
    value: quantile(at_once, 0.5),
    unit: "ms",
    goal: "< 10 ms",
  });
  rows.push({ name: `${name}, said at once, p95`, value: quantile(at_once, 0.95), unit: "ms", goal: "" });
  rows.push({
    name: `${name}, after a second, p50`,
    value: quantile(rested, 0.5),
    unit: "ms",
    goal: "< 10 ms",
  });
  rows.push({ name: `${name}, after a second, p95`, value: quantile(rested, 0.95), unit: "ms", goal: "" });

  burst = CHUNKS;
  const costs: number[] = [];
  for (let i = 0; i < 5; i++) {
    const asked = provider.next();
    const end = wait("chat_end");
    say("I listen.");
    const from = await asked;
    costs.push((await end - from) / CHUNKS);
  }
  rows.push({
    name: "a chunk from provider to socket, p50",
    value: quantile(costs, 0.5),
    unit: "ms",
    goal: "< 0.2 ms",
  });
  // Beside a turn: what a line that asks recall for nothing adds, the rest is recall.
  burst = 1;
  const bare = await added(Array(20).fill("I nod."), 0);
  rows.push({
    name: "the same for a line that asks for nothing, said at once, p50",
    value: quantile(bare, 0.5),
    unit: "ms",
    goal: "",
  });
  rows.push({
    name: "memory of the sealed brain, long story",
    value: rssMb(brain.pid),
    unit: "MB",
    goal: "",
  });
  rows.push({ name: "memory of the front door", value: rssMb(brain.door_pid), unit: "MB", goal: "" });
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
  await brain.stop();
  await provider.close();
  await Deno.remove(home, { recursive: true });
  await Deno.remove(empty, { recursive: true });
  return rows;
}
