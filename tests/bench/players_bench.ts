/** Many players at once on one brain: how long a token takes from the provider through the brain to its player. */

import { join } from "node:path";
import { openDatabase } from "../../brain/store/database.ts";
import { addToken, hashToken } from "../../brain/store/tokens.ts";
import { startBrain } from "./brain_process.ts";
import { quantile, type Row } from "./rows.ts";

const PLAYERS = 100;
const TOKENS_PER_SECOND = 50;
/** A token is the time at which it was sent. */
const TOKEN = / (\d{13}\.\d\d)/g;
const now = () => performance.timeOrigin + performance.now();

/** A face that says what it must and measures what it hears. */
interface Face {
  say(prompt: string): void;
  /** The next event of this name. */
  heard(event: string): Promise<void>;
  close(): Promise<void>;
}

async function openFace(url: string, token: string, delays: number[]): Promise<Face> {
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  const waiting = new Map<string, () => void>();
  socket.onmessage = ({ data }: MessageEvent<string>) => {
    const name = /^\{"event":"(\w+)"/.exec(data)?.[1] ?? "";
    if (name === "chat_chunk") {
      const time = now();
      // Pieces may have been put together: every token in them has its own time.
      for (const [, sent] of data.slice(0, data.indexOf('"metadata"')).matchAll(TOKEN)) {
        delays.push(time - Number(sent));
      }
    }
    waiting.get(name)?.();
    waiting.delete(name);
  };
  const heard = (event: string) => new Promise<void>((resolve) => waiting.set(event, resolve));
  const history = heard("chat_history");
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = (event) => reject(new Error(event instanceof ErrorEvent ? event.message : "no socket"));
  });
  await history;
  return {
    say: (prompt) => socket.send(JSON.stringify({ prompt })),
    heard,
    async close() {
      const closed = new Promise((resolve) => socket.onclose = resolve);
      socket.close();
      await closed;
    },
  };
}

/** The same streams read by this program itself: what the machine and this bench add to every figure. */
async function directDelays(port: number, seconds: number, provider: Worker): Promise<number[]> {
  const delays: number[] = [];
  const pace_ms = 1000 / TOKENS_PER_SECOND;
  provider.postMessage({ pace_ms, until_ms: now() + seconds * 1000 });
  await Promise.all(Array.from({ length: PLAYERS }, async () => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: "POST",
      body: "{}",
    });
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      const time = now();
      for (const [, sent] of text.matchAll(TOKEN)) delays.push(time - Number(sent));
    }
  }));
  return delays;
}

/** Rows for 100 players who are told at 50 tokens a second for this long. */
export async function playersBench(seconds = 10): Promise<Row[]> {
  const provider = new Worker(new URL("./players_provider.ts", import.meta.url), { type: "module" });
  const port = await new Promise<number>((resolve) =>
    provider.onmessage = ({ data }: MessageEvent<{ port: number }>) => resolve(data.port)
  );
  const home = await Deno.makeTempDir();
  await Deno.writeTextFile(
    join(home, "config.yaml"),
    `providers: [{name: bench, base_url: "http://127.0.0.1:${port}/v1", api_key: none}]\nlocal_servers: off\n` +
      "default_model: bench/m\nembeddings: off\n",
  );
  const tokens = Array.from({ length: PLAYERS }, (_, i) => `token-of-player-number-${i}`);
  const db = openDatabase(join(home, "engine.db"));
  tokens.forEach((token, i) => addToken(db, { id: `p${i}`, name: `p${i}`, token_hash: hashToken(token) }));
  db.close();
  const { url, pid, stop } = await startBrain(home);

  const delays: number[] = [];
  const faces: Face[] = [];
  for (const token of tokens) {
    const face = await openFace(url, token, delays);
    for (const line of ["/world select salt_marsh", "/character select farrier", "/session new"]) {
      const answer = face.heard("system_update");
      face.say(line);
      await answer;
    }
    faces.push(face);
  }
  const direct = await directDelays(port, Math.min(5, seconds), provider);
  provider.postMessage({ pace_ms: 1000 / TOKENS_PER_SECOND, until_ms: Infinity });
  const ends = faces.map((face) => face.heard("chat_end"));
  for (const face of faces) face.say("I listen.");
  // Beginning a hundred turns in one moment is not what is measured.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  delays.length = 0;
  const before = threadMs(pid);
  const from = now();
  provider.postMessage({ pace_ms: 1000 / TOKENS_PER_SECOND, until_ms: from + seconds * 1000 });
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const measured = delays.slice();
  const after = threadMs(pid);
  const share = (name: "ran" | "waited") => 100 * (after[name] - before[name]) / (now() - from);
  const [ran, waited] = [share("ran"), share("waited")];
  await Promise.all(ends);
  for (const face of faces) await face.close();
  await stop();
  provider.terminate();
  await Deno.remove(home, { recursive: true });

  const name = `${PLAYERS} players at ${TOKENS_PER_SECOND} tokens/s: a token through the brain`;
  return [
    { name: `${name}, p50`, value: quantile(measured, 0.5), unit: "ms", goal: "" },
    { name: `${name}, p99`, value: quantile(measured, 0.99), unit: "ms", goal: "< 20 ms" },
    {
      name: `${PLAYERS} streams read without a brain: a token to this bench, p99`,
      value: quantile(direct, 0.99),
      unit: "ms",
      goal: "",
    },
    {
      name: `${PLAYERS} players: tokens told in a second`,
      value: measured.length / seconds,
      unit: "",
      goal: "",
    },
    { name: `${PLAYERS} players: the brain runs`, value: ran, unit: "% of the time", goal: "" },
    {
      name: `${PLAYERS} players: the brain waits for a processor`,
      value: waited,
      unit: "% of the time",
      goal: "",
    },
  ];
}

/** How long a process's main thread ran and how long it waited for a processor so far; zeros where there is no /proc. */
function threadMs(pid: number): { ran: number; waited: number } {
  try {
    const [ran, waited] = Deno.readTextFileSync(`/proc/${pid}/schedstat`).split(" ");
    return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 };
  } catch {
    return { ran: 0, waited: 0 };
  }
}

if (import.meta.main) {
  for (const row of await playersBench(Number(Deno.args[0] ?? 10))) {
    console.log(row.name, row.value.toFixed(2), row.unit);
  }
  Deno.exit(0);
}
