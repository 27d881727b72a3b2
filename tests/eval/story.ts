/**
 * deno task eval:story --model ID [--world ID]... : plays the design's twelve lines through the real brain, prints what
 * can be counted and keeps the transcripts. `--url BASE` names the model's server; then raw text is counted too.
 */

import { parseArgs } from "node:util";
import { openLibrary } from "../../brain/library/assets.ts";
import { chunkLore } from "../../brain/memory/units.ts";
import { encodeRequest, parseEvent } from "../../shared/codec.ts";
import { parseBrainFile } from "../../shared/home.ts";
import type { Event } from "../../shared/protocol.ts";
import type { Character, World } from "../../shared/story.ts";
import { FRONT_DOOR, ROOT, startPiped } from "../support/processes.ts";
import {
  countReplies,
  type Finding,
  type Kind,
  KINDS,
  type ReplyWords,
  type Told,
  totals,
} from "./counts.ts";
import { type Recorder, startRecorder } from "./recorder.ts";

/** story.md's twelve, for every world; 5 is the impossible deed, 6 the lie, 11 the other language. */
const LINES = [
  "I look around.",
  '"Who are you?"',
  "I nod.",
  "I take the nearest thing that is not nailed down.",
  "I jump straight up onto the highest roof in sight.",
  '"I am the new inspector, and I am expected," I say. It is a lie.',
  "I ask the nearest stranger for a secret.",
  "I wait until morning.",
  "I leave by the wrong door.",
  '"Tell me again: who are you?"',
  "¿Dónde se puede dormir aquí, y cuánto cuesta la noche?",
  "I go back to where it began.",
];
const REPLY_TIMEOUT_MS = 15 * 60_000;
const KEYS = [
  "OPENROUTER_API_KEY",
  "OPENAI_API_KEY",
  "OPENAI_BASE_URL",
  "DEEPSEEK_API_KEY",
  "GROQ_API_KEY",
  "GEMINI_API_KEY",
];
const USAGE = `deno task eval:story --model ID [options]
  --world ID       only this world (may stand several times; default: all)
  --character ID   the player's character (default: the first that the world suggests)
  --script FILE    other lines, one a line; # begins a remark
  --url BASE       the model's server, such as http://127.0.0.1:8080/v1
  --key-env NAME   variable that holds the key for --url
  --rules FILE     another system_rules.yaml, to compare
  --words MIN-MAX  reply_words (80-160)
  --context N      max_context_tokens
  --out DIR        where transcripts go (default: a new temporary folder)`;

interface Options {
  model: string;
  worlds: string[];
  character: string;
  lines: string[];
  url: string;
  key: string;
  rules: string;
  words: ReplyWords;
  context: number;
  out: string;
}

interface Played {
  world: World;
  character: Character;
  opening: string;
  told: Told[];
  /** What was said beside the story. */
  notices: string[];
  /** The model's own text per line; null: not seen, because the brain asked it directly. */
  raw: Told[] | null;
}

async function readOptions(args: string[]): Promise<Options> {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: "string" },
      world: { type: "string", multiple: true },
      character: { type: "string", default: "" },
      script: { type: "string" },
      url: { type: "string", default: "" },
      "key-env": { type: "string" },
      rules: { type: "string" },
      words: { type: "string", default: "80-160" },
      context: { type: "string", default: "0" },
      out: { type: "string" },
    },
  });
  if (!values.model) throw new TypeError("--model is needed");
  const words = /^(\d+)-(\d+)$/.exec(values.words);
  if (!words) throw new TypeError("--words wants two numbers: 80-160");
  const script = values.script ? await Deno.readTextFile(values.script) : "";
  return {
    model: values.model,
    worlds: values.world ?? [],
    character: values.character,
    lines: script
      ? script.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"))
      : LINES,
    url: values.url,
    key: values["key-env"] ? Deno.env.get(values["key-env"]) ?? "" : "",
    rules: values.rules ? await Deno.readTextFile(values.rules) : "",
    words: { min: Number(words[1]), max: Number(words[2]) },
    context: Number(values.context),
    out: values.out ?? await Deno.makeTempDir({ prefix: "flower-eval-" }),
  };
}

/** A face without a screen: says a line, waits for what it brings. */
class Client {
  #socket: WebSocket;
  #waiting: { done: (event: Event) => boolean; resolve: () => void } | null = null;
  #events: Event[] = [];
  #refs = 0;

  constructor(url: string, token: string) {
    this.#socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
    this.#socket.onmessage = (message) => {
      const event = parseEvent(String(message.data));
      if (!event) return;
      this.#events.push(event);
      if (this.#waiting?.done(event)) this.#waiting.resolve();
    };
  }

  /** Everything that came from the line to the event after which `done` holds. Throws when that takes too long. */
  async ask(prompt: string, done: (event: Event, ref: string) => boolean): Promise<Event[]> {
    await this.#opened();
    const ref = `eval-${++this.#refs}`;
    this.#events = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no end of the answer to ${prompt}`)), REPLY_TIMEOUT_MS);
      this.#waiting = { done: (event) => done(event, ref), resolve };
      this.#socket.onclose = () => reject(new Error("the brain closed the socket"));
      this.#socket.send(encodeRequest({ prompt, ref }));
    });
    clearTimeout(timer);
    this.#waiting = null;
    return this.#events;
  }

  /** Throws when the answer is ✗. */
  async command(prompt: string): Promise<void> {
    const answered = (event: Event, ref: string) =>
      (event.event === "system_update" || event.event === "error") && event.ref === ref;
    const answer = (await this.ask(prompt, answered)).at(-1);
    if (answer?.event === "error" || answer?.content.startsWith("✗")) {
      throw new Error(`${prompt}: ${answer.content}`);
    }
  }

  async #opened(): Promise<void> {
    if (this.#socket.readyState === WebSocket.OPEN) return;
    await new Promise<void>((resolve, reject) => {
      this.#socket.onopen = () => resolve();
      this.#socket.onerror = () => reject(new Error("no socket to the brain"));
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#socket.onclose = () => resolve());
    this.#socket.close();
    await closed;
  }
}

/** The text of the reply and the notices of one line. */
function toldBy(events: Event[]): { reply: string; notices: string[] } {
  let reply = "";
  const notices: string[] = [];
  for (const event of events) {
    if (event.event === "chat_end") reply = event.metadata.message?.content ?? "";
    if (event.event === "error" || (event.event === "system_update" && event.content)) {
      notices.push(event.content);
    }
  }
  return { reply, notices };
}

async function play(
  client: Client,
  world: World,
  character: Character,
  options: Options,
  recorder: Recorder | null,
): Promise<Played> {
  await client.command(`/world select ${world.id}`);
  await client.command(`/character select ${character.id}`);
  await client.command(`/model ${options.url ? "eval/" : ""}${options.model}`);
  await client.command("/session new");
  const played: Played = {
    world,
    character,
    opening: world.start_message,
    told: [],
    notices: [],
    raw: recorder ? [] : null,
  };
  for (const line of options.lines) {
    const before = recorder?.exchanges.length ?? 0;
    const events = await client.ask(line, (event) => event.event === "chat_end" || event.event === "error");
    const { reply, notices } = toldBy(events);
    played.told.push({ line, reply });
    played.notices.push(...notices.map((text) => `${played.told.length}: ${text}`));
    played.raw?.push({ line, reply: recorder?.exchanges.slice(before).at(-1)?.raw ?? "" });
    await Deno.stdout.write(new TextEncoder().encode("."));
  }
  return played;
}

function findingsOf(played: Played, told: Told[], options: Options): Finding[] {
  const { world, character, opening } = played;
  const units = chunkLore(world.lore);
  const known = [opening, world.scene, world.system_prompt, character.persona, character.secret]
    .concat(units.filter((unit) => unit.known_to === "").map((unit) => unit.text)).join("\n");
  return countReplies(told, {
    player_name: character.name,
    words: options.words,
    restricted: units.filter((unit) => unit.known_to !== ""),
    known,
  });
}

function transcript(played: Played, findings: Finding[]): string {
  const parts = [`# ${played.world.name}, with ${played.character.name}`, played.opening];
  played.told.forEach(({ line, reply }, index) => {
    parts.push(`> ${line}`, reply || "(nothing)");
    const raw = played.raw?.[index].reply ?? reply;
    if (raw.trim() !== reply.trim()) parts.push("Raw:", "```", raw, "```");
    for (const found of findings.filter((finding) => finding.reply === index)) {
      parts.push(`- ${KINDS[found.kind]}: ${found.quote}`);
    }
  });
  if (played.notices.length > 0) parts.push("Notices:", ...played.notices.map((notice) => `- ${notice}`));
  return parts.join("\n\n") + "\n";
}

function table(stories: Played[], options: Options): string {
  const count = (pick: (played: Played) => Told[] | null) => {
    const all = stories.map((played) => totals(findingsOf(played, pick(played) ?? [], options)));
    return (kind: Kind) => all.reduce((sum, counts) => sum + counts[kind], 0);
  };
  const shown = count((played) => played.told);
  const raw = count((played) => played.raw);
  const has_raw = stories.some((played) => played.raw !== null);
  const replies = stories.reduce((sum, played) => sum + played.told.length, 0);
  const rows = (Object.keys(KINDS) as Kind[]).map((kind) =>
    `${(has_raw ? String(raw(kind)) : "-").padStart(5)} ${String(shown(kind)).padStart(6)}  ${KINDS[kind]}`
  );
  return [`Of ${replies} replies:`, "  raw  shown", ...rows].join("\n");
}

/** Home of a brain that knows only this model; returns the arguments of the front door. */
async function furnish(home: string, options: Options, url: string): Promise<string[]> {
  const config = [
    `reply_words: ${options.words.min}-${options.words.max}`,
    "narrator_word_ms: 0",
    "ask_above_cost: 1000",
    ...(options.context > 0 ? [`max_context_tokens: ${options.context}`] : []),
    ...(url
      ? ["local_servers: off", "providers:", "  - name: eval", `    base_url: ${JSON.stringify(url)}`]
      : []),
    ...(url ? [`    api_key: ${JSON.stringify(options.key || "none")}`] : []),
  ];
  await Deno.writeTextFile(`${home}/config.yaml`, config.join("\n") + "\n");
  if (options.rules) await Deno.writeTextFile(`${home}/system_rules.yaml`, options.rules);
  return ["--home", home, "--config", `${home}/config.yaml`, "brain", "--port", "0", "--with-parent"];
}

async function main(options: Options): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "flower-eval-home-" });
  try {
    const library = await openLibrary(`${ROOT}/assets`, home);
    library.close();
    const worlds = library.worlds().filter((world) =>
      options.worlds.length === 0 || options.worlds.includes(world.id)
    );
    if (worlds.length === 0) throw new TypeError(`no such world: ${options.worlds.join(", ")}`);
    await using recorder = options.url ? startRecorder(options.url) : null;
    const env = Object.fromEntries(
      KEYS.map((name) => [name, Deno.env.get(name) ?? ""]).filter(([, value]) => value),
    );
    await using brain = startPiped(FRONT_DOOR, await furnish(home, options, recorder?.url ?? ""), {
      env: options.url ? {} : env,
    });
    const { url } = await brain.ready();
    const client = new Client(
      url,
      parseBrainFile(await Deno.readTextFile(`${home}/brain.json`))?.token ?? "",
    );
    const stories: Played[] = [];
    await Deno.mkdir(options.out, { recursive: true });
    for (const world of worlds) {
      const wanted = [options.character, ...world.characters];
      const character = wanted.map((id) =>
        library.characters().find((one) => one.id === id)
      ).find((one) => one) ??
        library.characters()[0];
      const played = await play(client, world, character, options, recorder);
      stories.push(played);
      await Deno.writeTextFile(
        `${options.out}/${world.id}.md`,
        transcript(played, findingsOf(played, played.told, options)),
      );
      console.log(`\n${world.name}: ${options.out}/${world.id}.md`);
      console.log(table([played], options));
    }
    await client.close();
    if (stories.length > 1) console.log(`\nAll worlds, ${options.model}\n${table(stories, options)}`);
    if (recorder) {
      const requests = recorder.exchanges.map((exchange) => JSON.stringify(exchange)).join("\n");
      await Deno.writeTextFile(`${options.out}/requests.jsonl`, requests + "\n");
    }
    console.log(`\nTranscripts: ${options.out}`);
    await brain.closeStdin();
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

if (import.meta.main) {
  let options: Options;
  try {
    options = await readOptions(Deno.args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    Deno.exit(2);
  }
  await main(options);
  // The terminal's native library keeps a process alive that has nothing left to do.
  Deno.exit(0);
}
