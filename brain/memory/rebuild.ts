/** What is derived from the stories, compared with them and made anew: units, full text, facts by rule. */
import type { Database } from "../store/database.ts";
import {
  countIndexes,
  doubtLore,
  type IndexCount,
  ownLore,
  rebuildFullText,
  type Remembered,
  rememberedMessages,
  renewUnits,
  worldsWithLore,
} from "../store/derived.ts";
import { pruneLore, syncLore } from "../store/lore.ts";
import { saveMemory } from "../store/memories.ts";
import { nameTexts } from "../store/vectors.ts";
import { rebuildFacts } from "./facts.ts";
import { chunkLore, cutTurn } from "./units.ts";

/** Where the truth about lore and names is. */
export interface Sources {
  worlds: { id: string; lore: string }[];
  /** Null: there is no such character any more. */
  nameOf(character_id: string): string | null;
}

export interface MemoryState {
  messages: number;
  /** Messages whose units are not what they would be cut into. */
  messages_differ: number;
  worlds: number;
  worlds_differ: number;
  memory: IndexCount;
  lore: IndexCount;
}

/** Messages read in one go. */
const PAGE = 500;

/** Compares everything with its source; writes nothing. Throws StoreError. */
export function checkMemory(db: Database, sources: Sources, model: string): MemoryState {
  let messages = 0;
  let messages_differ = 0;
  for (const message of allMessages(db)) {
    messages++;
    if (!isSame(message.texts, cutTurn(message.content))) messages_differ++;
  }
  return {
    messages,
    messages_differ,
    worlds: sources.worlds.length,
    worlds_differ: differingWorlds(db, sources).length,
    memory: countIndexes(db, "memory", model),
    lore: countIndexes(db, "lore", model),
  };
}

/**
 * Makes what differs anew, and every full-text index as a whole. What is the same keeps its place, so that rankings stay
 * and no text is embedded twice; what players attached, pinned or wrote down is no derived thing and stays. `now_ms` is
 * written beside facts. Throws StoreError, and has done nothing then.
 */
export function rebuildMemory(db: Database, sources: Sources, now_ms: number): void {
  db.transaction(() => {
    // First: what goes is taken out of an index by its text, which has to be what was put in.
    rebuildFullText(db);
    // Units stand in the order of their story: below one that is new all are new.
    const renewed = new Set<string>();
    for (const message of allMessages(db)) {
      const { id, role, session_id, player_id, content, told, character_id } = message;
      const texts = cutTurn(content);
      if (isSame(message.texts, texts)) {
        if (renewed.has(session_id)) renewUnits(db, id);
        continue;
      }
      renewed.add(session_id);
      const speaker = role === "user" ? sources.nameOf(character_id) ?? "" : "";
      saveMemory(db, player_id, { session_id, id, role }, texts, told ?? { speaker });
    }
    for (const id of differingWorlds(db, sources)) syncLore(db, id, []);
    doubtLore(db);
    for (const { id, lore } of sources.worlds) syncLore(db, id, chunkLore(lore));
    pruneLore(db, sources.worlds.map(({ id }) => id));
    while (nameTexts(db, 1000) > 0);
    rebuildFacts(db, sources.nameOf, now_ms);
  });
}

/** Ids of worlds whose own lore is not indexed as it is written. */
function differingWorlds(db: Database, sources: Sources): string[] {
  const written = new Map(sources.worlds.map(({ id, lore }) => [id, lore]));
  const said = (units: { heading: string; text: string; known_to: string }[]) =>
    units.map(({ heading, text, known_to }) => JSON.stringify([heading, text, known_to]));
  return [...new Set([...worldsWithLore(db), ...written.keys()])].filter((id) => {
    // Said twice, it stands in the index once.
    const wanted = [...new Set(said(chunkLore(written.get(id) ?? "")))];
    return !isSame(said(ownLore(db, id)).sort(), wanted.sort());
  });
}

function* allMessages(db: Database): Generator<Remembered> {
  for (let after = 0;;) {
    const page = rememberedMessages(db, after, PAGE);
    yield* page;
    if (page.length < PAGE) return;
    after = page[page.length - 1].id;
  }
}

function isSame(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((text, at) => text === other[at]);
}
