/** `flower memory rebuild|check`: what is derived from the stories, against the stories. */

import { EXIT } from "../../shared/roles.ts";
import { fromSources } from "../../shared/self.ts";
import type { ChromaAnswer, ChromaOrder } from "../chroma_main.ts";
import { childEnv } from "../child_env.ts";
import { openLibrary } from "../library/assets.ts";
import { checkMemory, type MemoryState, rebuildMemory, type Sources } from "../memory/rebuild.ts";
import { chromaFlags } from "../seal.ts";
import { type Database, openDatabase } from "../store/database.ts";
import { inspectDatabase } from "../store/inspect.ts";
import type { Order } from "./orders.ts";
import { counted, mustBeFile, type Place, RoleError, withHomeLock } from "./place.ts";

/** Resolves to the exit code: EXIT.failed, too, when a check finds a difference. Throws RoleError and StoreError. */
export async function memory(place: Place, order: Extract<Order, { role: "memory" }>): Promise<number> {
  await mustBeFile(place.config.database_path, "The database");
  return order.action === "rebuild" ? await rebuild(place) : await check(place);
}

async function rebuild(place: Place): Promise<number> {
  return await withHomeLock(place, "rebuilt", async () => {
    const sources = await sourcesOf(place);
    const begun = performance.now();
    const state = withStore(place, false, (db) => {
      rebuildMemory(db, sources, Date.now());
      return checkMemory(db, sources, modelOf(place));
    });
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    place.say(`✓ Rebuilt in ${seconds} s.`);
    for (const line of stateLines(place, state)) place.say(line);
    return await chroma(place, true) ? EXIT.done : EXIT.failed;
  });
}

async function check(place: Place): Promise<number> {
  const { damage, schema } = inspectDatabase(place.config.database_path);
  if (damage.length > 0) {
    throw new RoleError(`The database is damaged: ${damage[0]}. \`flower doctor\` says more.`);
  }
  if (schema !== "current") {
    throw new RoleError("The database is of another version. Play once, or run `flower memory rebuild`.");
  }
  const sources = await sourcesOf(place);
  const state = withStore(place, true, (db) => checkMemory(db, sources, modelOf(place)));
  for (const line of stateLines(place, state)) place.say(line);
  const same = [state.messages_differ, state.worlds_differ, state.memory.astray, state.lore.astray]
    .every((count) => count === 0);
  const reached = await chroma(place, false);
  place.say("");
  if (same && reached) place.say("✓ Everything is in step with the stories.");
  else place.say("✗ `flower memory rebuild` makes anew what differs; it leaves the stories alone.");
  return same && reached ? EXIT.done : EXIT.failed;
}

async function sourcesOf(place: Place): Promise<Sources> {
  const library = await openLibrary(place.assets, place.home, { watch: false });
  const names = new Map(library.characters().map(({ id, name }) => [id, name]));
  const sources = { worlds: library.worlds(), nameOf: (id: string) => names.get(id) ?? null };
  library.close();
  return sources;
}

function withStore<T>(place: Place, readonly: boolean, fn: (db: Database) => T): T {
  const { database_path, max_page_count } = place.config;
  const db = openDatabase(database_path, { readonly, max_page_count: max_page_count || undefined });
  try {
    return fn(db);
  } finally {
    db.close();
  }
}

/** Empty: there are no vectors. */
function modelOf({ config }: Place): string {
  return config.embeddings.engine === "off" ? "" : config.embeddings.model;
}

function stateLines(place: Place, state: MemoryState): string[] {
  const line = (good: boolean, name: string, text: string) => `${good ? "✓" : "✗"} ${name.padEnd(10)}${text}`;
  const differ = (count: number) => count === 0 ? "" : `; ${count.toLocaleString("en")} differ`;
  const { messages, messages_differ, worlds, worlds_differ, memory, lore } = state;
  const astray = memory.astray + lore.astray;
  const without = memory.without_vector + lore.without_vector;
  const units = memory.units + lore.units;
  const model = modelOf(place);
  return [
    line(
      messages_differ === 0,
      "memory",
      `${counted(messages, "message")} in ${counted(memory.units, "piece")}${differ(messages_differ)}`,
    ),
    line(
      worlds_differ === 0,
      "lore",
      `${counted(worlds, "world")} in ${counted(lore.units, "piece")}${differ(worlds_differ)}`,
    ),
    line(astray === 0, "words", `${counted(units, "piece")} in the full-text indexes${differ(astray)}`),
    ...(model === "" ? [] : [line(
      true,
      "vectors",
      `${counted(units - without, "piece")} by ${model}` +
        (without === 0 ? "" : `; ${without.toLocaleString("en")} wait for the embedder`),
    )]),
  ];
}

/** Fills the server, or compares with it. False: it differs, or cannot be reached. */
async function chroma(place: Place, fill: boolean): Promise<boolean> {
  const { vectors, database_path } = place.config;
  const model = modelOf(place);
  if (vectors.engine === "embedded" || model === "") return true;
  const { url, tenant, database } = vectors;
  const token = place.keys.vectors ?? "";
  const answer = await ask(place, {
    fill,
    database_path,
    place: { url, tenant, database, token, model },
  });
  if ("error" in answer) {
    place.say(`✗ chroma    ${answer.error}`);
    return false;
  }
  const { same, missing, gone } = answer;
  const good = missing === 0 && gone === 0;
  const differ = good
    ? ""
    : `; ${missing.toLocaleString("en")} lacking, ${gone.toLocaleString("en")} too many`;
  place.say(`${good ? "✓" : "✗"} chroma    ${counted(same, "piece")} at ${new URL(url).host}${differ}`);
  return good;
}

/** The front door runs no package with its own rights. */
async function ask(place: Place, order: ChromaOrder): Promise<ChromaAnswer> {
  const self = place.self ?? fromSources(place.root);
  const child = new Deno.Command(Deno.execPath(), {
    args: self.sealed("chroma", chromaFlags(place.config, place.root)),
    cwd: self.folder(place.home),
    clearEnv: true,
    env: childEnv(),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(`${JSON.stringify(order)}\n`));
  await input.close();
  const { stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout).trim();
  if (said !== "") return JSON.parse(said) as ChromaAnswer;
  throw new RoleError(`Chroma: ${new TextDecoder().decode(stderr).trim().split("\n")[0]}`);
}
