/**
 * The sealed brain: wiring and signals, the only file that builds things. Its stdin and stdout are its channel to the
 * front door, one JSON object a line: in `{config, keys, tls}` and vectors, out the ready line and texts. When stdin ends,
 * it settles and is gone; on SIGTERM the replies that run may end first.
 */

import manifest from "../deno.json" with { type: "json" };
import { EXIT } from "../shared/roles.ts";
import { removeBeacon, writeBeacon } from "./beacon.ts";
import { Brain } from "./brain.ts";
import { type Channel, type Orders, ownChannel } from "./channel.ts";
import type { Config, Keys, Price } from "./config.ts";
import { openDailyBackup } from "./daily_backup.ts";
import type { Deps } from "./deps.ts";
import { forgetTraces } from "./face_traces.ts";
import { openLibrary } from "./library/assets.ts";
import { readLoreFolder } from "./library/lore_folder.ts";
import { type Catalogue, openCatalogue } from "./llm/catalogue.ts";
import { createNarrator, NARRATOR_MODEL } from "./llm/demo.ts";
import { readPrices } from "./llm/prices.ts";
import { createRegistry } from "./llm/registry.ts";
import { chromaIndex } from "./memory/chroma.ts";
import { type Embedder, openEmbedder } from "./memory/embedder.ts";
import { openIndexer } from "./memory/indexer.ts";
import { openRecall } from "./memory/recall.ts";
import { openVectorSync, type VectorSync } from "./memory/vector_sync.ts";
import { metered, Metrics } from "./metrics.ts";
import { openStore, takeLock } from "./open_home.ts";
import { listen, type RunningServer } from "./server.ts";
import { problemLines } from "./stage.ts";
import { changesOf, type Database } from "./store/database.ts";
import { holdsMessages } from "./store/inspect.ts";
import { settleUnfinished } from "./store/messages.ts";
import { LOCAL_PLAYER } from "./store/players.ts";
import { getSession } from "./store/sessions.ts";
import { storeName } from "./store/placed_units.ts";
import { StartError } from "./start_error.ts";
import { indexLore, warmUp } from "./warm_up.ts";
import { writeWhole } from "./whole_file.ts";
import { parseYaml } from "./yaml.ts";

/** A brain that cannot settle in this time leaves anyway: the text is saved as it grows. */
const SETTLE_MS = 3000;

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** What `start` has built, seen from its end. */
interface Running {
  /** Ends everything; replies that run get `grace_ms` first. */
  close(grace_ms: number): Promise<void>;
  /** Ends a grace. */
  hurry(): void;
}

/** Runs the brain until its channel ends, or it is told to; resolves to the exit code. */
export async function serve({ lines, told, assets_change }: Channel): Promise<number> {
  const first = await lines.next();
  if (first.done) return EXIT.failed;
  const { config, keys, tls = null } = JSON.parse(first.value) as Orders;
  const log = (level: (typeof LEVELS)[number], text: string) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(config.log_level)) return;
    console.error(`${new Date().toISOString()} ${level} ${text.replaceAll("\n", " ¶ ")}`);
  };
  const { embedder, receive } = openEmbedder(
    config.embeddings,
    keys.embeddings ?? "",
    (line) => console.log(line),
  );
  let running: Running;
  try {
    running = await start(config, keys, tls, log, embedder, assets_change);
  } catch (error) {
    const code = error instanceof StartError ? error.code : EXIT.failed;
    const message = error instanceof Error ? error.message : String(error);
    console.log(JSON.stringify({ ready: false, error: message, code }));
    log("error", message);
    return code;
  }
  const left = relayed(lines, receive).then(() => "left" as const);
  const grace_ms = await Promise.race([told, left]) === "told" ? config.grace_ms : 0;
  const closed = running.close(grace_ms);
  const late = async () => {
    await Promise.race([sleep(grace_ms), left]);
    running.hurry();
    await sleep(SETTLE_MS);
  };
  await Promise.race([closed, late()]);
  return EXIT.done;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Builds the brain, listens, prints the ready line. Throws StartError. */
async function start(
  config: Config,
  keys: Keys,
  tls: { cert: string; key: string } | null,
  log: Deps["log"],
  embedder: Embedder | null,
  assets_change: boolean,
): Promise<Running> {
  const lock = await takeLock(config.home);
  // One that a killed brain left behind would send faces to a port that is somebody else's by now.
  removeBeacon(config);
  const db = await openStore(config);
  const kept = settleUnfinished(db);
  const cut = kept === 1 ? "1 reply was" : `${kept} replies were`;
  if (kept > 0) log("warn", `${cut} cut off when the brain stopped; what was told is kept`);
  const library = await openLibrary(config.assets, config.home, {
    watch: assets_change ? true : "home",
  });
  const findWorld = (id: string) => library.worlds().find((world) => world.id === id);
  const narrator = createNarrator(findWorld, { delay_ms: config.narrator_word_ms });
  const catalogue: Catalogue = openCatalogue(config, keys, {
    narrator: NARRATOR_MODEL,
    prices: await shippedPrices(config, log),
    now: Date.now,
    own_port: config.port,
    problem: (text) => log("warn", text),
    fetched(done, total) {
      const state = done < total ? "running" : "done";
      const label = state === "running" ? "Looking for narrators" : "";
      brain.works.take({ id: "models", label, done, total, unit: "items", state });
    },
  });
  const metrics = new Metrics(() => performance.now());
  const vendors = createRegistry(config, keys, catalogue, narrator, { chance: Math.random });
  const registry = metered(vendors, metrics);
  const warmed = Promise.withResolvers<void>();
  const sync = openSync(db, config, keys, embedder, log, warmed.promise, (text) => brain.tellAll(text));
  const recall = openRecall(config.database_path, { embedder, elsewhere: sync, log });
  let no_vectors = "";
  const indexer = embedder && openIndexer(db, embedder, {
    stored: () => sync?.poke(),
    progress(done, total) {
      const label = "Reading your stories for memory by meaning";
      const state = done < total ? "running" : "done";
      brain.works.take({
        id: "vectors",
        label: state === "done" ? "" : label,
        done,
        total,
        unit: "items",
        state,
      });
    },
    failed(error) {
      const text = `no vectors: ${error instanceof Error ? error.message : error}`;
      // Each new text asks again: said once, not eight times a turn.
      if (text !== no_vectors) log("info", text);
      no_vectors = text;
    },
  });
  let changes = -1;
  const unitsChanged = () => {
    // Said after each command: one that changed nothing wakes nobody.
    const before = changes;
    changes = changesOf(db);
    if (changes === before) return;
    indexer?.kick();
    sync?.poke();
    recall.warm?.();
  };
  const backup = openDailyBackup({
    database_path: config.database_path,
    folder: `${config.home}/backups`,
    worth: () => holdsMessages(db),
    gone: ({ player_id, id }) => getSession(db, player_id, id) === undefined,
    now: Date.now,
    log,
  });
  const deps: Deps = {
    config,
    db,
    library,
    recall,
    registry,
    catalogue,
    learned: new Map(),
    async writeExport(name, text) {
      const folder = `${config.home}/exports`;
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      await writeWhole(`${folder}/${name}`, text);
      return `${folder}/${name}`;
    },
    readLoreFolder: (path) => readLoreFolder(path, [`${config.home}/lore`, ...config.lore_folders]),
    unitsChanged,
    forgetStory(player_id, id) {
      backup.forget({ player_id, id });
      if (player_id === LOCAL_PLAYER) forgetTraces(config.home, id);
    },
    conditions: () => [sync?.condition() ?? "", recall.condition?.() ?? ""].filter((text) => text !== ""),
    now: Date.now,
    chance: Math.random,
    newId: () => crypto.randomUUID().replaceAll("-", "").slice(0, 12),
    log,
  };
  const brain = new Brain(deps, manifest.version, metrics);
  let server: RunningServer;
  try {
    server = listen(brain, { metrics, tls });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) {
      const reason = error instanceof Error ? error.message : error;
      throw new StartError(`Cannot listen on ${config.host}:${config.port}: ${reason}.`, EXIT.no_brain);
    }
    throw new StartError(
      `Port ${config.port} on ${config.host} is taken. Choose another with --port, or 0 for any.`,
      EXIT.no_brain,
    );
  }
  writeBeacon(config, server.local_url, manifest.version);
  console.log(JSON.stringify({ ready: true, url: server.url, pid: Deno.pid, version: manifest.version }));
  log("info", `ready at ${server.url}`);

  // A face is told them all when it joins, and later only what is new.
  let told_problems = problemLines(library);
  library.onChange(() => {
    indexLore(db, library.worlds(), log);
    unitsChanged();
    brain.refreshAll();
    const now = problemLines(library);
    for (const line of now) if (!told_problems.includes(line)) brain.tellAll(line);
    told_problems = now;
  });
  catalogue.onChange(() => brain.refreshAll());
  // Off the ready path: the first frame and the first line need neither.
  const leaving = new AbortController();
  const warm = warmUp(db, library, brain.works, log, leaving.signal);
  warm.then(() => {
    backup.look();
    warmed.resolve();
    indexer?.kick();
    recall.warm?.();
  });

  const close = async (grace_ms: number) => {
    server.drain();
    leaving.abort();
    backup.close();
    await brain.stop(grace_ms);
    // Under a face that leaves there is nothing to come back to.
    await (config.grace_ms > 0 ? server.close(1012, "restarting") : server.close(1001, "The brain stops."));
    await warm;
    catalogue.close();
    registry.close();
    library.close();
    warmed.resolve();
    embedder?.close();
    await indexer?.close();
    await sync?.close();
    await recall.close();
    db.close();
    removeBeacon(config);
    lock.close();
  };
  return { close, hurry: () => void brain.stop() };
}

/** The Chroma server that the config names, kept in step from `after` on; null without one, or without vectors. */
function openSync(
  db: Database,
  { vectors }: Config,
  keys: Keys,
  embedder: Embedder | null,
  log: Deps["log"],
  after: Promise<void>,
  tell: (text: string) => void,
): VectorSync | null {
  if (vectors.engine === "embedded" || embedder === null) return null;
  const { model } = embedder;
  const { url, tenant, database } = vectors;
  const place = { url, tenant, database, token: keys.vectors ?? "", store: storeName(db), model };
  return openVectorSync(db, chromaIndex(place), { model, tell, log, now: Date.now, after });
}

/** assets/prices.yaml; without it unlisted prices are unknown, which is told where they are shown. */
async function shippedPrices(config: Config, log: Deps["log"]): Promise<Record<string, Price>> {
  const path = `${config.assets}/prices.yaml`;
  try {
    return readPrices(parseYaml(await Deno.readTextFile(path), path).value);
  } catch (error) {
    log("warn", `no prices: ${error instanceof Error ? error.message : error}`);
    return {};
  }
}

/** Passes on what comes on the channel, until its end. */
async function relayed(lines: AsyncIterable<string>, receive: (line: string) => void): Promise<void> {
  for await (const line of lines) receive(line);
}

if (import.meta.main) Deno.exit(await serve(ownChannel()));
