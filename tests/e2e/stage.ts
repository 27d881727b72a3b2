/** What every end-to-end test needs: a brain behind its front door on a home of its own, and a provider, each a real process. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";
import type { Message, MessageStatus } from "../../shared/story.ts";
import { FaceClient } from "../support/face_client.ts";
import { FRONT_DOOR, type Piped, ROOT, startPiped, tempHome } from "../support/processes.ts";
import type { Reply } from "../support/sse_replies.ts";
import type { Recorded } from "../support/sse_server.ts";

/** The SSE server as a process, steered over HTTP. */
export interface ProviderProcess extends AsyncDisposable {
  port: number;
  base_url: string;
  pid: number;
  /** The next chat requests get these, whatever model they ask for. */
  script(...replies: Reply[]): Promise<void>;
  route(
    path: string,
    body: unknown,
    options?: { status?: number; delay_ms?: number; headers?: Record<string, string> },
  ): Promise<void>;
  /** Chat requests so far, oldest first. */
  chats(): Promise<Chat[]>;
  requests(): Promise<Recorded[]>;
}

/** A recorded chat request. */
export interface Chat extends Recorded {
  body: {
    model: string;
    messages: { role: string; content: string }[];
    stream: boolean;
    stream_options?: { include_usage: boolean };
    [parameter: string]: unknown;
  };
}

export async function startProvider(port = 0): Promise<ProviderProcess> {
  const child = startPiped(join(ROOT, "tests", "support", "sse_server.ts"), [String(port)]);
  const ready = await child.ready() as unknown as { port: number };
  const origin = `http://127.0.0.1:${ready.port}`;
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${origin}${path}`, { method: "POST", body: JSON.stringify(body) });
    assert.equal(response.status, 200);
    await response.body?.cancel();
  };
  const requests = async () => {
    const response = await fetch(`${origin}/requests`);
    return await response.json() as Recorded[];
  };
  return {
    port: ready.port,
    base_url: `${origin}/v1`,
    pid: child.pid,
    script: (...replies) => post("/script", { replies }),
    route: (path, body, options = {}) => post("/route", { path, body, ...options }),
    requests,
    chats: async () => (await requests()).filter(({ path }) => path.endsWith("/chat/completions")) as Chat[],
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** A row of the story database, read from the file as another program would. */
export interface StoredRow {
  id: number;
  role: string;
  content: string;
  status: MessageStatus;
}

export interface Stage extends AsyncDisposable {
  home: string;
  /** The front door that runs now. */
  door: Piped;
  url: string;
  /** The sealed brain's own. */
  pid: number;
  /** Starts front door and brain on this home again, with the same options; ends what runs. */
  start(): Promise<void>;
  face(): Promise<FaceClient>;
  /** Messages of the database file, oldest first. */
  rows(): StoredRow[];
  log(): string;
}

export interface StageOptions {
  /** Text of HOME/config.yaml; null: none. */
  config: string | null;
  env?: Record<string, string>;
  args?: readonly string[];
  /** Files of the home, by path, written before the start. */
  files?: Record<string, string>;
}

/** Starts a brain. Everything ends, and the home goes, at the end of its `using`. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const home = await tempHome();
  const write = async (path: string, text: string) => {
    await Deno.mkdir(join(home.path, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(home.path, path), text);
  };
  if (options.config !== null) await write("config.yaml", options.config);
  for (const [path, text] of Object.entries(options.files ?? {})) await write(path, text);
  const launch = () =>
    startPiped(FRONT_DOOR, ["serve", "--port", "0", ...options.args ?? [], "--home", home.path], {
      env: options.env,
      // A config.yaml in the working directory would win.
      cwd: home.path,
    });
  const stage: Stage = {
    home: home.path,
    door: launch(),
    url: "",
    pid: 0,
    async start() {
      await stage.door[Symbol.asyncDispose]();
      stage.door = launch();
      await isReady();
    },
    face: () => FaceClient.connect(stage.url),
    rows() {
      const db = new DatabaseSync(join(home.path, "engine.db"), { readOnly: true });
      try {
        return db.prepare("SELECT id, role, content, status FROM messages ORDER BY id")
          .all() as unknown as StoredRow[];
      } finally {
        db.close();
      }
    },
    log: () => Deno.readTextFileSync(join(home.path, "logs", "brain.log")),
    async [Symbol.asyncDispose]() {
      await stage.door[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
  const isReady = async () => {
    ({ url: stage.url, pid: stage.pid } = await stage.door.ready());
  };
  try {
    await isReady();
  } catch (error) {
    await stage[Symbol.asyncDispose]();
    throw error;
  }
  return stage;
}

/** config.yaml for a brain that plays with `provider` (or, without one, with the built-in narrator), fast. */
export function configFor(provider: { base_url: string } | null, more = ""): string {
  return [
    "local_servers: off",
    "narrator_word_ms: 0",
    ...(provider ? [`openai_base_url: ${provider.base_url}`, "default_model: story"] : []),
    more,
  ].join("\n");
}

/** The texts of a path, the way a reader sees them. */
export function texts(history: readonly Message[]): string[] {
  return history.map(({ role, content }) => `${role}: ${content}`);
}

/** What every request must be, whatever the story has been through. */
export function checkShape(chats: readonly Chat[]): void {
  for (const { body } of chats) {
    const roles = body.messages.map(({ role }) => role);
    const [first, ...rest] = roles;
    assert.equal(first, "system");
    assert.ok(rest.length > 0);
    for (const [index, role] of rest.entries()) assert.equal(role, index % 2 === 0 ? "user" : "assistant");
    assert.equal(rest.at(-1), "user");
    for (const { content } of body.messages) assert.ok(content.trim() !== "", "no message is empty");
    assert.equal(body.stream, true);
    assert.deepEqual(body.stream_options, { include_usage: true });
    assert.ok(typeof body.max_tokens === "number" && body.max_tokens > 0);
  }
}

/** The last request's messages after the system's. */
export async function lastSent(provider: ProviderProcess): Promise<string[]> {
  return (await provider.chats()).at(-1)!.body.messages.slice(1).map(({ role, content }) =>
    `${role}: ${content}`
  );
}
