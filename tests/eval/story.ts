/**
 * deno task eval:story --model ID [--world ID]... : plays the design's twelve lines through the real brain, prints what
 * can be counted and keeps the transcripts. `--url BASE` names the model's server; then raw text is counted too. Several `--rules`
 * are compared. The report quotes the best and the worst reply of each world in full.
 */

import { basename } from "node:path/posix";
import { parseArgs } from "node:util";
import { openLibrary } from "../../brain/library/assets.ts";
import { chunkLore } from "../../brain/memory/units.ts";
import { parseBrainFile } from "../../shared/home.ts";
import type { Character, World } from "../../shared/story.ts";
import { FRONT_DOOR, ROOT, startPiped } from "../support/processes.ts";
import { countReplies, type Finding, type ReplyWords, type Told } from "./counts.ts";
import { Client, toldBy } from "./face.ts";
import { rawOf, type Recorder, startRecorder } from "./recorder.ts";
import { report, type Story, transcript } from "./report.ts";

const IMPOSSIBLE = "I jump straight up onto the highest roof in sight.";
/** story.md's twelve, for every world; 6 is the lie, 11 the other language. */
const LINES = [
  "I look around.",
  '"Who are you?"',
  "I nod.",
  "I take the nearest thing that is not nailed down.",
  IMPOSSIBLE,
  '"I am the new inspector, and I am expected," I say. It is a lie.',
  "I ask the nearest stranger for a secret.",
  "I wait until morning.",
  "I leave by the wrong door.",
  '"Tell me again: who are you?"',
  "¿Dónde se puede dormir aquí, y cuánto cuesta la noche?",
  "I go back to where it began.",
];
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
  --rules FILE     another system_rules.yaml; may stand several times, and "shipped" names our own: each plays all
                   worlds, and they are compared with the first
  --words MIN-MAX  reply_words (80-160)
  --context N      max_context_tokens
  --out DIR        where transcripts go (default: a new temporary folder)`;

/** One set of base rules; `rules` "" = the shipped ones. */
interface Variant {
  variant: string;
  rules: string;
}

interface Options {
  model: string;
  worlds: string[];
  character: string;
  lines: string[];
  url: string;
  key: string;
  variants: Variant[];
  words: ReplyWords;
  context: number;
  out: string;
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
      rules: { type: "string", multiple: true, default: ["shipped"] },
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
    variants: await Promise.all(values.rules.map(readVariant)),
    words: { min: Number(words[1]), max: Number(words[2]) },
    context: Number(values.context),
    out: values.out ?? await Deno.makeTempDir({ prefix: "flower-eval-" }),
  };
}

async function readVariant(file: string): Promise<Variant> {
  if (file === "shipped") return { variant: "shipped", rules: "" };
  return { variant: basename(file).replace(/\.ya?ml$/, ""), rules: await Deno.readTextFile(file) };
}

/** One world from its start message to the last line. */
async function play(
  client: Client,
  world: World,
  character: Character,
  options: Options,
  place: { variant: string; recorder: Recorder | null },
): Promise<Story> {
  const { variant, recorder } = place;
  await client.command(`/world select ${world.id}`);
  await client.command(`/character select ${character.id}`);
  await client.command(`/model ${options.url ? "eval/" : ""}${options.model}`);
  await client.command("/session new");
  const told: Told[] = [];
  const raw: Told[] = [];
  const notices: string[] = [];
  for (const line of options.lines) {
    const before = recorder?.exchanges.length ?? 0;
    const events = await client.ask(line, (event) => event.event === "chat_end" || event.event === "error");
    const answer = toldBy(events);
    told.push({ line, reply: answer.reply });
    notices.push(...answer.notices.map((text) => `${told.length}: ${text}`));
    raw.push({ line, reply: rawOf(recorder?.exchanges.slice(before) ?? [], line) });
    await Deno.stderr.write(new TextEncoder().encode("."));
  }
  return {
    variant,
    world: world.name,
    character: character.name,
    opening: world.start_message,
    told,
    shown: findingsOf(world, character, told, options),
    raw: recorder ? { told: raw, findings: findingsOf(world, character, raw, options) } : null,
    notices,
  };
}

function findingsOf(world: World, character: Character, told: Told[], options: Options): Finding[] {
  const units = chunkLore(world.lore);
  const known = [world.start_message, world.scene, world.system_prompt, character.persona, character.secret]
    .concat(units.filter((unit) => unit.known_to === "").map((unit) => unit.text)).join("\n");
  return countReplies(told, {
    player_name: character.name,
    words: options.words,
    restricted: units.filter((unit) => unit.known_to !== ""),
    known,
    impossible: IMPOSSIBLE,
  });
}

/** Home of a brain that knows only this model; returns the arguments of the front door. */
async function furnish(home: string, options: Options, rules: string, url: string): Promise<string[]> {
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
  if (rules) await Deno.writeTextFile(`${home}/system_rules.yaml`, rules);
  return ["--home", home, "--config", `${home}/config.yaml`, "brain", "--port", "0", "--with-parent"];
}

/** Plays the worlds with one variant of the base rules, in a home and with a brain of its own. Keeps the transcripts. */
async function playVariant(options: Options, { variant, rules }: Variant): Promise<Story[]> {
  const home = await Deno.makeTempDir({ prefix: "flower-eval-home-" });
  const out = options.variants.length > 1 ? `${options.out}/${variant}` : options.out;
  await Deno.mkdir(out, { recursive: true });
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
    await using brain = startPiped(FRONT_DOOR, await furnish(home, options, rules, recorder?.url ?? ""), {
      env: options.url ? {} : env,
    });
    const { url } = await brain.ready();
    const token = parseBrainFile(await Deno.readTextFile(`${home}/brain.json`))?.token ?? "";
    const client = new Client(url, token);
    const stories: Story[] = [];
    for (const world of worlds) {
      const wanted = [options.character, ...world.characters];
      const character = wanted.map((id) =>
        library.characters().find((one) => one.id === id)
      ).find((one) => one) ??
        library.characters()[0];
      const story = await play(client, world, character, options, { variant, recorder });
      stories.push(story);
      await Deno.writeTextFile(`${out}/${world.id}.md`, transcript(story));
      console.error(` ${variant}: ${out}/${world.id}.md`);
    }
    await client.close();
    if (recorder) {
      const requests = recorder.exchanges.map((exchange) => JSON.stringify(exchange)).join("\n");
      await Deno.writeTextFile(`${out}/requests.jsonl`, requests + "\n");
    }
    await brain.closeStdin();
    return stories;
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function main(options: Options): Promise<void> {
  const stories: Story[] = [];
  for (const variant of options.variants) stories.push(...await playVariant(options, variant));
  const text = report(options.model, stories);
  await Deno.writeTextFile(`${options.out}/report.md`, text);
  console.log(`${text}\nTranscripts: ${options.out}`);
}

if (import.meta.main) {
  let options: Options;
  try {
    options = await readOptions(Deno.args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    Deno.exit(2);
  }
  try {
    await main(options);
  } catch (error) {
    console.error(error instanceof TypeError ? error.message : error);
    Deno.exit(1);
  }
  // The terminal's native library keeps a process alive that has nothing left to do.
  Deno.exit(0);
}
