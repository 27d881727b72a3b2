/** What every test that kills a brain needs: a home with a witness, the moments of a turn, and the check of what was left behind. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";
import { configFor, openStage, type Stage } from "../e2e/stage.ts";
import type { FaceClient } from "./face_client.ts";
import { gone, isRunning, type Piped, until } from "./processes.ts";
import { chunk, DONE, type Reply, type Step } from "./sse_replies.ts";
import type { SseServer } from "./sse_server.ts";
import {
  copyOfDead,
  faultsOf,
  memoryFaults,
  newWitness,
  note,
  PROMISED_AFTER_MS,
  type Witness,
} from "./witness.ts";

export type Victim = "brain" | "front door";

/** A home on which rounds are played, one after the other. */
export interface Ground {
  stage: Stage;
  provider: SseServer;
  witness: Witness;
  chance: () => number;
  /** A folder for copies. */
  folder: string;
}

/** When in a turn: what the provider does, and what is waited for before the kill. */
export interface Moment {
  name: string;
  reply(whole: string, chance: () => number): Reply;
  come(face: FaceClient, from: number, ground: Ground, whole: string): Promise<void>;
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export function words(round: number): string[] {
  return Array.from({ length: 60 }, (_, at) => `${at === 0 ? `Round ${round}:` : ""} eel${at}`);
}

function slowly(whole: string): Reply {
  const steps: Step[] = [...whole.matchAll(/\s*\S+/g)].flatMap(([content]) => [
    { send: chunk({ content }) },
    { wait_ms: 10 },
  ]);
  return { steps: [...steps, { send: chunk({}, "stop") }, { send: DONE }], pieces: [4096] };
}

function shown(face: FaceClient, from: number): number {
  const chunks = face.events.slice(from).filter((event) => event.event === "chat_chunk");
  const last = chunks.at(-1);
  return last === undefined ? 0 : (last.metadata.offset ?? 0) + last.content.length;
}

const asked = ({ provider }: Ground) => {
  const before = provider.chats().length;
  return until(() => provider.chats().length > before, "the request");
};

export const MOMENTS: readonly Moment[] = [
  {
    name: "before the request",
    reply: slowly,
    come: (_face, _from, { chance }) => pause(chance() * 8),
  },
  {
    name: "line saved",
    reply: slowly,
    come: async (face, from) => {
      await face.next("message", from, ({ metadata }) => metadata.message.role === "user");
    },
  },
  {
    name: "before or after the headers",
    reply: (_whole, chance) => chance() < 0.5 ? { silent: true } : { steps: [{ stall: true }] },
    come: async (_face, _from, ground) => {
      await asked(ground);
      await pause(ground.chance() * 20);
    },
  },
  {
    name: "between pieces",
    reply: slowly,
    come: async (face, from, { chance }, whole) => {
      const piece = 1 + chance() * (whole.length - 20);
      await face.until(() => shown(face, from) >= piece, "a piece");
    },
  },
  {
    name: "between saves",
    reply: slowly,
    come: async (face, from, { chance }) => {
      await face.next("chat_chunk", from);
      await pause(PROMISED_AFTER_MS + chance() * 250);
    },
  },
  {
    name: "at the reply's end",
    reply: slowly,
    come: async (face, from, { chance }, whole) => {
      await face.until(() => shown(face, from) >= whole.length - 12, "nearly all of it");
      await pause(chance() * 30);
    },
  },
  {
    name: "remembering",
    reply: slowly,
    come: async (face, from, { chance }) => {
      await face.next("chat_end", from);
      await pause(chance() * 10);
    },
  },
];

export async function openGround(
  provider: SseServer,
  chance: () => number,
  config = "",
): Promise<Ground & AsyncDisposable> {
  const stage = await openStage({ config: configFor(provider, config) });
  const folder = await Deno.makeTempDir({ prefix: "flower-kill-" });
  return {
    stage,
    provider,
    witness: newWitness(),
    chance,
    folder,
    async [Symbol.asyncDispose]() {
      await stage[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Kills, and waits until no process of this home is left. Throws when the one that was spared does not end by itself. */
export async function killAndWait(victim: Victim, door: Piped, brain: number): Promise<void> {
  kill(victim === "brain" ? brain : door.pid);
  await door.ended;
  await gone(brain);
}

/** The database that was left behind, and after the next start: no faults, and the next turn works. */
export async function mustBeWhole(ground: Ground, what: string): Promise<string[]> {
  const { stage, witness, folder } = ground;
  const database = join(stage.home, "engine.db");
  const copy = join(folder, "copy.db");
  copyOfDead(database, copy);
  assert.deepEqual(faultsOf(copy, witness, false), [], `${what}: what was left behind`);
  const states = statesOf(copy, witness);
  await stage.start();
  await using face = await stage.face();
  for (const message of face.history) assert.notEqual(message.status, "writing", what);
  ground.provider.reset();
  await face.begin();
  const { message, errors } = await face.turn("I count the eels.");
  assert.deepEqual([message.status, errors], ["complete", []], what);
  await face.close();
  note(witness, face, { killed_ms: performance.now(), promised_ms: 0, whole: "" });
  // What a crash left out of memory is made off the ready path, in steps; a stop leaves the rest to the next start.
  await until(() => isRemembered(database), "a memory of everything");
  stage.door.signal("SIGTERM");
  assert.equal(await stage.door.ended, 0, what);
  copyOfDead(database, copy);
  assert.deepEqual(faultsOf(copy, witness, true), [], `${what}: after the next start`);
  return states;
}

function isRemembered(path: string): boolean {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return memoryFaults(db).length === 0;
  } finally {
    db.close();
  }
}

/** How the replies of which no record came stood when the brain died. */
function statesOf(path: string, witness: Witness): string[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const last = db.prepare(
      "SELECT id, status, length(content) AS length FROM messages ORDER BY id DESC LIMIT 1",
    )
      .get() as { id: number; status: string; length: number } | undefined;
    if (!last) return ["nothing"];
    const kept = last.length === 0 ? "empty" : `${last.length} characters`;
    return [`${last.status} ${kept}, ${witness.told.get(last.id)?.shown.length ?? "no"} shown`];
  } finally {
    db.close();
  }
}

/** Ends what runs on this home, as its owner would. */
export async function stop(stage: Stage): Promise<void> {
  if (!isRunning(stage.door.pid)) return;
  stage.door.signal("SIGTERM");
  await stage.door.ended;
}
