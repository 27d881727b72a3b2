/** `flower import flower-engine DIR`: takes over a folder of the original, which is only read. */

import { join, resolve } from "node:path/posix";
import { EXIT } from "../../shared/roles.ts";
import type { PlayerState } from "../../shared/story.ts";
import { originalStories, type OriginalStory } from "../export/original_stories.ts";
import { rememberMissing } from "../memory/remember.ts";
import { estimateTokens, loadTokenizer } from "../prompt/budget.ts";
import { writeArchive } from "../store/archive.ts";
import { type Database, settleDatabase } from "../store/database.ts";
import { StoreError } from "../store/store_error.ts";
import { inspectDatabase } from "../store/inspect.ts";
import { type OriginalRows, readOriginal } from "../store/original.ts";
import { getState, saveState } from "../store/players.ts";
import { getSession } from "../store/sessions.ts";
import { writeWhole } from "../whole_file.ts";
import { LOCAL_PLAYER, type Order } from "./orders.ts";
import { libraryOf, namesOf, type Report, takeAssets, takeFromRows } from "./original_assets.ts";
import { takeConfig } from "./original_config.ts";
import { counted, openStore, type Place, reason, RoleError, statOrNull, withHomeLock } from "./place.ts";

/** What makes a folder one of the original. */
const SIGNS = ["engine.db", "config.yaml", "persist.json", "assets"];

type Selection = Partial<Record<keyof PlayerState, unknown>>;

/** Resolves to the exit code. Throws RoleError; what a part of the folder says wrong is told, and the rest is taken. */
export async function importOriginal(
  place: Place,
  order: Extract<Order, { role: "import_original" }>,
): Promise<number> {
  const source = resolve(place.cwd, order.folder);
  if (!(await statOrNull(source))?.isDirectory) throw new RoleError(`There is no folder ${source}.`);
  const there = await Promise.all(SIGNS.map((name) => statOrNull(join(source, name))));
  if (there.every((info) => info === null)) {
    throw new RoleError(`${source} is no folder of the original: it holds none of ${SIGNS.join(", ")}.`);
  }
  return await withHomeLock(place, "imported", async () => {
    let taken = 0;
    const report: Report = {
      took(text) {
        taken++;
        place.say(`✓ ${text}`);
      },
      left: (text) => place.say(`! ${text}`),
    };
    await takeSettings(place, join(source, "config.yaml"), report);
    await takeAssets(place, join(source, "assets"), report);
    const selection = await readSelection(join(source, "persist.json"), report);
    const db = await openStore(place);
    try {
      const stories = await takeStories(place, db, join(source, "engine.db"), selection, report);
      await takeSelection(place, db, selection, stories, report);
    } finally {
      db.close();
    }
    if (await statOrNull(join(source, "chroma_db")) !== null) {
      report.left(
        "chroma_db: not taken. Memory is made anew from the stories; lore that was attached by hand " +
          "has to be attached again",
      );
    }
    place.say(
      taken === 0
        ? "Nothing new was taken over."
        : `${counted(taken, "thing")} taken over from ${source}, which is as it was.`,
    );
    return EXIT.done;
  });
}

async function takeSettings(place: Place, path: string, report: Report): Promise<void> {
  if (await statOrNull(path) === null) return;
  try {
    const { text, taken, left } = takeConfig(await Deno.readTextFile(path), path);
    for (const sentence of left) report.left(`config.yaml: ${sentence}`);
    if (text === null) return;
    const target = join(place.home, "config.yaml");
    const own = await statOrNull(target) === null ? null : await Deno.readTextFile(target);
    if (own === text) return;
    if (own !== null) {
      report.left(
        `config.yaml: ${target} is there already and is kept. The original's has ${taken.join(", ")}`,
      );
      return;
    }
    await writeWhole(target, text);
    report.took(`config.yaml: ${taken.join(", ")}`);
  } catch (error) {
    report.left(`config.yaml: ${reason(error)}`);
  }
}

async function readSelection(path: string, report: Report): Promise<Selection> {
  if (await statOrNull(path) === null) return {};
  try {
    const value: unknown = JSON.parse(await Deno.readTextFile(path));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Selection;
  } catch {
    // Told below.
  }
  report.left("persist.json: it cannot be read, so nothing is selected");
  return {};
}

/** Takes the stories over and resolves to those that are here now, the last used one last. */
async function takeStories(
  place: Place,
  db: Database,
  path: string,
  selection: Selection,
  report: Report,
): Promise<OriginalStory[]> {
  const info = await statOrNull(path);
  if (info === null) return [];
  const rows = await readCopy(place, path, report);
  if (rows === null) return [];
  await loadTokenizer();
  const { stories, empty } = originalStories(rows, {
    player_id: LOCAL_PLAYER,
    world_id: textOf(selection.world_id) || (rows.worlds[0]?.id ?? ""),
    otherwise_ms: Math.floor(info.mtime?.getTime() ?? 0),
    tokens: estimateTokens,
  });
  const here: OriginalStory[] = [];
  let known = 0;
  for (const story of stories) {
    const { id, archive } = story;
    const name = `story ${JSON.stringify(archive.title || story.session_id)}`;
    try {
      if (getSession(db, LOCAL_PLAYER, id) !== undefined) known++;
      else {
        writeArchive(db, LOCAL_PLAYER, id, archive);
        report.took(`${name}: ${toldOf(story)}`);
      }
      here.push(story);
    } catch (error) {
      report.left(`${name}: ${reason(error)}`);
    }
  }
  if (known > 0) {
    place.say(`  ${counted(known, "story was", "stories were")} taken over before and left as they are.`);
  }
  if (empty > 0) place.say(`  ${counted(empty, "session")} in which nothing was told: left out.`);
  await takeFromRows(place, rows, {
    worlds: new Set(here.map(({ archive }) => archive.world_id)),
    characters: new Set(here.map(({ archive }) => archive.character_id)),
  }, report);
  // After the characters: facts say who the player was.
  rememberMissing(db, await namesOf(place), Date.now());
  await tellMissing(place, here, report);
  return here;
}

/** The rows of a copy: opening a database may write beside it. Null when they cannot be read, which is reported. */
async function readCopy(place: Place, path: string, report: Report): Promise<OriginalRows | null> {
  const folder = await Deno.makeTempDir({ dir: place.home, prefix: "import-" });
  const copy = join(folder, "engine.db");
  try {
    for (const end of ["", "-journal", "-wal"]) {
      if (await statOrNull(`${path}${end}`) !== null) await Deno.copyFile(`${path}${end}`, `${copy}${end}`);
    }
    settleDatabase(copy);
    const { damage, schema } = inspectDatabase(copy);
    if (schema !== "foreign" && schema !== "empty") {
      report.left(`${path}: this is a database of Flower Engine itself; \`flower restore\` takes it`);
      return null;
    }
    if (damage.length > 0) report.left(`${path}: it is damaged (${damage[0]}); what can be read is taken`);
    return readOriginal(copy);
  } catch (error) {
    const damaged = error instanceof StoreError && error.kind === "damaged";
    report.left(`${path}: ${damaged ? "it is damaged or no database; no story was taken" : reason(error)}`);
    return null;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function toldOf({ archive, session_id, unanswered, skipped }: OriginalStory): string {
  const more = [
    session_id === ""
      ? `from before there were sessions, put into the world ${archive.world_id || "(none)"}`
      : "",
    unanswered > 0 ? `${counted(unanswered, "line")} without a reply kept as other tellings` : "",
    skipped > 0 ? `${counted(skipped, "message")} without text left out` : "",
  ].filter((text) => text !== "");
  return [counted(archive.messages.length, "message"), ...more].join("; ");
}

/** Stories whose world or character is nowhere: they can be read, and played once there is one of that id. */
async function tellMissing(place: Place, stories: OriginalStory[], report: Report): Promise<void> {
  const library = await libraryOf(place);
  const worlds = new Set(library.worlds().map(({ id }) => id));
  const characters = new Set(library.characters().map(({ id }) => id));
  const lacking = new Set<string>();
  for (const { archive: { world_id, character_id } } of stories) {
    if (!worlds.has(world_id)) lacking.add(`world ${JSON.stringify(world_id)}`);
    if (!characters.has(character_id)) lacking.add(`character ${JSON.stringify(character_id)}`);
  }
  for (const what of lacking) {
    report.left(`${what} is told of in stories and is not here: add it to go on with them`);
  }
}

/** What was selected is selected again, unless something is already. */
async function takeSelection(
  place: Place,
  db: Database,
  selection: Selection,
  stories: OriginalStory[],
  report: Report,
): Promise<void> {
  const before = getState(db, LOCAL_PLAYER);
  if (before.world_id !== "" || before.session_id !== "") return;
  const library = await libraryOf(place);
  const known = (items: { id: string }[], id: unknown) =>
    items.some((item) => item.id === id) ? textOf(id) : "";
  const story = stories.find(({ session_id }) => session_id !== "" && session_id === selection.session_id);
  const rules = Array.isArray(selection.rules) ? selection.rules.map(textOf) : [];
  const state: PlayerState = {
    // A story is played where it was begun.
    world_id: known(library.worlds(), story?.archive.world_id ?? selection.world_id),
    character_id: known(library.characters(), story?.archive.character_id ?? selection.character_id),
    session_id: story?.id ?? "",
    model: textOf(selection.model).slice(0, 200),
    rules: rules.filter((id) => known(library.rules(), id) !== ""),
  };
  if (Object.values(state).every((value) => value.length === 0)) return;
  saveState(db, LOCAL_PLAYER, state);
  const named = [
    state.world_id && `world ${state.world_id}`,
    state.character_id && `character ${state.character_id}`,
    state.session_id && `story ${state.session_id}`,
    state.model && `model ${state.model}`,
    state.rules.length > 0 ? `rules ${state.rules.join(", ")}` : "",
  ].filter((text) => text !== "");
  report.took(`selection: ${named.join("; ")}`);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
