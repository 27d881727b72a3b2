/** What the player pinned or told the engine to forget, put into effect on what was recalled. */
import type { Database } from "../store/database.ts";
import { listMarks, type Mark, markedLore, markedMessages } from "../store/marks.ts";
import { turnOf } from "../store/messages.ts";
import type { LoreHit, MemoryHit, Recalled, RecallQuestion } from "./recall.ts";

/** A fact that the player pinned. */
export interface FactHit {
  fact_id: number;
  message_id: number;
  text: string;
  /** The player's turns between it and now. */
  turns_ago: number;
}

/** Whether a piece is the marked one: cut anew, it may be a part of it or hold it. */
function isMarked(mark: Mark, message_id: number | null, text: string): boolean {
  return mark.message_id === message_id && (mark.text.includes(text) || text.includes(mark.text));
}

/**
 * Takes out what the player told the engine to forget, and puts first what was pinned on this path, called or not.
 * Pinned facts come apart. Throws StoreError.
 */
export function withMarks(
  db: Database,
  question: Pick<RecallQuestion, "player_id" | "session_id" | "world_id" | "leaf_id">,
  recalled: Recalled,
): { recalled: Recalled; facts: FactHit[] } {
  const { player_id, session_id, world_id, leaf_id } = question;
  const marks = listMarks(db, player_id, session_id);
  if (marks.length === 0) return { recalled, facts: [] };
  const kept = marks.filter((mark) => mark.mark === "pinned");
  const gone = marks.filter((mark) => mark.mark === "forgotten");
  const forgotten = (kind: "lore" | "memory", message_id: number | null, text: string) =>
    gone.some((mark) => mark.kind === kind && isMarked(mark, message_id, text));

  const now = turnOf(db, player_id, leaf_id);
  const memories = recalled.memories.filter((hit) => !forgotten("memory", hit.message_id, hit.text));
  const lore = recalled.lore.filter((hit) => !forgotten("lore", null, hit.text));
  const facts: FactHit[] = [];
  const pinned_memories: MemoryHit[] = [];
  for (const row of markedMessages(db, player_id, session_id, leaf_id, kept)) {
    const turns_ago = now - row.turn;
    if (row.kind === "fact") {
      facts.push({ fact_id: row.unit_id, message_id: row.message_id, text: row.text, turns_ago });
      continue;
    }
    const called = memories.find((hit) => hit.message_id === row.message_id && hit.unit_id === row.unit_id);
    pinned_memories.push({
      score: 0,
      words: [],
      ...called,
      unit_id: row.unit_id,
      message_id: row.message_id,
      role: row.role,
      text: row.text,
      turns_ago,
      pinned: true,
    });
  }
  const pinned_lore = markedLore(db, player_id, world_id, kept).map((row): LoreHit => {
    const called = lore.find((hit) => hit.unit_id === row.id);
    return {
      score: 0,
      words: [],
      ...called,
      unit_id: row.id,
      heading: row.heading,
      text: row.text,
      known_to: row.known_to,
      pinned: true,
    };
  });
  const others = <Hit extends { unit_id: number }>(hits: Hit[], first: Hit[]) =>
    hits.filter((hit) => !first.some((pinned) => pinned.unit_id === hit.unit_id));
  return {
    recalled: {
      ...recalled,
      lore: [...pinned_lore, ...others(lore, pinned_lore)],
      memories: [...pinned_memories, ...others(memories, pinned_memories)],
      left_out: recalled.left_out?.filter((piece) =>
        !forgotten(piece.kind, piece.message_id, piece.text) &&
        !(piece.kind === "memory" ? pinned_memories : pinned_lore).some((hit) =>
          hit.unit_id === piece.unit_id
        )
      ),
    },
    facts,
  };
}
