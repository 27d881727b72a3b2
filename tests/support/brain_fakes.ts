/** A brain in this process: real store, turn, commands and prompt; the provider, the library and the clock are ours. */

import type { Listener } from "../../brain/audience.ts";
import { Brain } from "../../brain/brain.ts";
import type { Config } from "../../brain/config.ts";
import type { Deps } from "../../brain/deps.ts";
import type { Library } from "../../brain/library/assets.ts";
import type { ChatRequest, Chunk, Provider } from "../../brain/llm/provider.ts";
import type { Recalled, RecallQuestion } from "../../brain/memory/recall.ts";
import { openDatabase } from "../../brain/store/database.ts";
import { encodeEvent } from "../../shared/codec.ts";
import type { Event, EventName, EventOf } from "../../shared/protocol.ts";
import type { Character, Model, Rule, World } from "../../shared/story.ts";
import { readFrame } from "./original_client.ts";

export const WORLD: World = {
  id: "marsh",
  name: "The Marsh",
  hook: "Fog and debts.",
  lore: "## The bell\nThe bell rings when someone lies.",
  start_message: "Fog comes in, {{user}}. It is early.",
  scene: "Thursday evening; rain.",
  system_prompt: "Nobody here is in a hurry.",
  characters: ["smith"],
  narrator: null,
};

/** The lore of `WORLD`, as recall finds it. */
export const BELL: Recalled["lore"][number] = {
  unit_id: 5,
  heading: "The bell",
  text: "The bell rings when someone lies.",
  known_to: "",
  score: 1,
  words: ["bell"],
};
export const BARE_WORLD: World = { ...WORLD, id: "bare", name: "Bare", start_message: "", narrator: null };
export const SMITH: Character = {
  id: "smith",
  name: "Ida",
  persona: "Stubborn. Shoes horses.",
  secret: "Fears water.",
};
export const CLERK: Character = { id: "clerk", name: "Tobias", persona: "Counts things.", secret: "" };
export const RULES: Rule[] = [
  { id: "gritty", name: "Gritty", prompt: "Wounds slow." },
  { id: "terse", name: "Terse", prompt: "Be short." },
];
export const MODELS: Model[] = [
  model("fake/one", 0, 0, true),
  model("dear/two", 500, 2000, false),
  { ...model("odd/three", null, null, false), context: null },
];

function model(
  id: string,
  prompt_price: number | null,
  completion_price: number | null,
  local: boolean,
): Model {
  return {
    id,
    name: id,
    provider: id.split("/")[0],
    local,
    context: 8192,
    max_output: null,
    prompt_price,
    completion_price,
  };
}

export const CONFIG: Config = {
  home: "/nowhere",
  assets: "/nowhere",
  database_path: ":memory:",
  host: "127.0.0.1",
  port: 0,
  token: "",
  allowed_hosts: [],
  trust_proxy: false,
  limits: {},
  grace_ms: 0,
  default_model: "fake/one",
  supported_models: [],
  main_provider: "fake",
  reachable: [],
  providers: [],
  local_servers: [],
  prices: {},
  ask_above_cost: 0.05,
  max_context_tokens: 0,
  max_reply_bytes: 1024 * 1024,
  reply_words: { min: 80, max: 160 },
  lore_tokens: 500,
  memory_tokens: 600,
  lore_folders: [],
  embeddings: { engine: "off", path: "/nowhere", url: "", model: "" },
  vectors: { engine: "embedded", url: "", tenant: "default_tenant", database: "default_database" },
  facts_model: "",
  summaries: true,
  connect_timeout_ms: 1000,
  first_byte_timeout_ms: 1000,
  idle_timeout_ms: 1000,
  log_level: "error",
  narrator_word_ms: 0,
  max_page_count: 0,
  complaints: [],
};

/** Tells what a test scripted: one entry a request, the last one again and again. */
export type Script = (request: ChatRequest, signal: AbortSignal) => AsyncGenerator<Chunk>;

/** A script of pieces that ends well. */
export function says(...pieces: string[]): Script {
  return async function* () {
    for (const text of pieces) {
      await Promise.resolve();
      yield { kind: "text", text };
    }
    yield { kind: "end", finish: "stop", usage: null };
  };
}

/** A face that keeps what it hears. */
export class FakeFace implements Listener {
  readonly heard: Event[] = [];
  #waiting: { ready: () => boolean; resolve: () => void }[] = [];

  constructor(readonly player_id = "local") {}

  send(event: Event): void {
    // Every event takes the way over the wire: an original client must be able to read it.
    const frame = readFrame(encodeEvent(event));
    if (typeof frame === "string") {
      throw new Error(`an original client drops ${encodeEvent(event)}: ${frame}`);
    }
    this.heard.push(structuredClone(event));
    this.#waiting = this.#waiting.filter(({ ready, resolve }) => !(ready() && (resolve(), true)));
  }

  of<Name extends EventName>(name: Name): EventOf<Name>[] {
    return this.heard.filter((event): event is EventOf<Name> => event.event === name);
  }

  last<Name extends EventName>(name: Name): EventOf<Name> {
    const event = this.of(name).at(-1);
    if (event === undefined) {
      throw new Error(`no ${name} was heard: ${this.heard.map(({ event }) => event).join(" ")}`);
    }
    return event;
  }

  /** Contents of all notices, oldest first. */
  notices(): string[] {
    return this.of("system_update").map(({ content }) => content);
  }

  /** Resolves once `ready` is true of what was heard. */
  until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ ready, resolve }));
  }

  forget(): void {
    this.heard.length = 0;
  }
}

export interface FakeBrain {
  brain: Brain;
  deps: Deps;
  face: FakeFace;
  requests: ChatRequest[];
  questions: RecallQuestion[];
  logs: string[];
  /** The scripts of the next requests. */
  scripts: Script[];
  clock: { now: number };
  recalled: Recalled;
  worlds: World[];
  /** What `/export` wrote, by file name. */
  exports: Map<string, string>;
  /** Says a line and waits for the end of the turn (or of its refusal). */
  turn(line: string, face?: FakeFace): Promise<EventOf<"chat_end">>;
  say(prompt: string, face?: FakeFace, ref?: string | null): Promise<void>;
  close(): Promise<void>;
}

/** A brain with one face that has joined. */
export function fakeBrain(
  options: { config?: Partial<Config>; path?: string; start?: boolean } = {},
): FakeBrain {
  const requests: ChatRequest[] = [];
  const questions: RecallQuestion[] = [];
  const logs: string[] = [];
  const scripts: Script[] = [];
  const clock = { now: 1_700_000_000_000 };
  const recalled: Recalled = { lore: [], memories: [], took_ms: 0 };
  const exports = new Map<string, string>();
  const worlds = [WORLD, BARE_WORLD];
  let ids = 0;
  const provider: Provider = {
    name: "fake",
    stream(request, signal) {
      requests.push(request);
      const script = scripts.length > 1 ? scripts.shift() : scripts[0];
      return (script ?? says("The reeds bend."))(request, signal);
    },
  };
  const library: Library = {
    worlds: () => worlds,
    characters: () => [SMITH, CLERK],
    rules: () => RULES,
    baseRules: () => "You narrate. 80 to 160 words. {{user}} belongs to the player.",
    problems: () => [],
    onChange: () => {},
    close: () => {},
  };
  const deps: Deps = {
    config: { ...CONFIG, ...options.config },
    db: openDatabase(options.path ?? ":memory:", { max_page_count: options.config?.max_page_count }),
    library,
    recall: {
      ask(question) {
        questions.push(question);
        return Promise.resolve(recalled);
      },
      close: () => Promise.resolve(),
    },
    registry: {
      resolve: (id) =>
        id.startsWith("none/") ? undefined : {
          provider,
          model: id.slice(id.indexOf("/") + 1),
          entry: { name: "fake", label: "fake", local: true, quirks: { temperature: 0.8, top_p: 0.95 } },
        },
      close: () => {},
    },
    catalogue: {
      models: () => MODELS,
      listed: () => [],
      ready: Promise.resolve(),
      refresh: () => Promise.resolve(),
      price(id) {
        const found = MODELS.find((model) => model.id === id);
        if (found === undefined || found.prompt_price === null || found.completion_price === null) {
          return null;
        }
        return { prompt: found.prompt_price, completion: found.completion_price, cached: null };
      },
      contextOf: () => Promise.resolve(8192),
      onChange: () => {},
      close: () => {},
    },
    learned: new Map(),
    writeExport(name, text) {
      exports.set(name, text);
      return Promise.resolve(`/nowhere/exports/${name}`);
    },
    readLoreFolder: () =>
      Promise.resolve({
        files: [{ name: "a.md", text: "## Eel\nEel is sold by the braid." }],
        left_out: [],
      }),
    now: () => clock.now,
    chance: () => 0.5,
    newId: () => (++ids).toString(16).padStart(12, "0"),
    log: (level, text) => logs.push(`${level} ${text}`),
  };
  const brain = new Brain(deps, "0.0.0");
  const face = new FakeFace();
  brain.join(face);
  const say = (prompt: string, who = face, ref: string | null = null) => brain.handle(who, { prompt, ref });
  return {
    brain,
    deps,
    face,
    requests,
    questions,
    logs,
    scripts,
    clock,
    recalled,
    worlds,
    exports,
    say,
    async turn(line, who = face) {
      const before = who.of("chat_end").length;
      await say(line, who);
      await who.until(() => who.of("chat_end").length > before);
      return who.last("chat_end");
    },
    async close() {
      await brain.stop();
      deps.db.close();
    },
  };
}

/** Brings a story on the stage: the marsh, with Ida. */
export async function onStage(fake: FakeBrain, world = "marsh", character = "smith"): Promise<void> {
  await fake.say(`/world select ${world}`);
  await fake.say(`/character select ${character}`);
  await fake.say("/session new");
}

/** Runs with a brain that has a story on the stage, and a face that has heard nothing of it yet. */
export async function withBrain(
  run: (fake: FakeBrain) => Promise<void>,
  options: Parameters<typeof fakeBrain>[0] = {},
): Promise<void> {
  const fake = fakeBrain(options);
  try {
    await onStage(fake);
    fake.face.forget();
    await run(fake);
  } finally {
    await fake.close();
  }
}
