/** A data set becomes stories and worlds of a database, through the engine's own units and store. */
import { rememberMessage } from "../../../brain/memory/remember.ts";
import { chunkLore, type LoreUnit } from "../../../brain/memory/units.ts";
import type { Database } from "../../../brain/store/database.ts";
import { addFacts } from "../../../brain/store/facts.ts";
import { syncLore } from "../../../brain/store/lore.ts";
import { addMessage } from "../../../brain/store/messages.ts";
import { createSession, updateSession } from "../../../brain/store/sessions.ts";
import type { Book, Dialogue } from "./data.ts";

export const PLAYER = "eval";

/** A dialogue as a session: which message is which turn. */
export interface FedDialogue {
  dialogue: Dialogue;
  session_id: string;
  leaf_id: number;
  turn_of: Map<number, string>;
}

/** Tells a dialogue as a story: the first speaker is the player's side, all others the other. */
export function feedDialogue(db: Database, dialogue: Dialogue): FedDialogue {
  const session_id = `dialogue ${dialogue.name}`;
  const turn_of = new Map<number, string>();
  const message_of = new Map<string, number>();
  createSession(db, {
    id: session_id,
    player_id: PLAYER,
    world_id: "",
    character_id: "",
    model: "",
    title: dialogue.name,
    leaf_id: null,
    created_ms: 0,
    last_used_ms: 0,
  });
  let leaf_id: number | null = null;
  db.transaction(() => {
    for (const turn of dialogue.turns) {
      const message = addMessage(db, PLAYER, session_id, {
        parent_id: leaf_id,
        role: turn.speaker === dialogue.speakers[0] ? "user" : "assistant",
        content: turn.text,
        status: "complete",
        model: "",
        tokens: 0,
        created_ms: 0,
      });
      const scene = typeof turn.scene === "string" ? turn.scene : "";
      rememberMessage(db, PLAYER, session_id, message, { speaker: turn.speaker, scene, time: turn.time });
      turn_of.set(message.id, turn.id);
      message_of.set(turn.id, message.id);
      leaf_id = message.id;
    }
    updateSession(db, PLAYER, session_id, { leaf_id: leaf_id! });
    const facts = dialogue.facts.flatMap((fact) =>
      fact.sources.flatMap((source) => {
        const message_id = message_of.get(source);
        return message_id === undefined ? [] : [{
          message_id,
          subject: fact.speaker,
          // Every line is a fact of its own: the data does not say which one takes another's place.
          relation: fact.text,
          object: "",
          text: fact.text,
          origin: "model" as const,
          created_ms: 0,
        }];
      })
    );
    addFacts(db, PLAYER, session_id, facts);
  });
  return { dialogue, session_id, leaf_id: leaf_id!, turn_of };
}

/** A book as the lore of one world: each document under its title, its sections one after the other. */
export function feedBook(db: Database, book: Book): string {
  const world_id = `book ${book.name}`;
  syncLore(db, world_id, book.documents.flatMap(documentUnits));
  return world_id;
}

/** The units of one document, by the engine's own cutting. */
function documentUnits(document: Book["documents"][number]): LoreUnit[] {
  const title = document.id.replace(/[-_]+/g, " ");
  return chunkLore(`# ${title}\n\n${document.sections.map((section) => section.text).join("\n\n")}`);
}
