/** The pieces that stood in the request of the last reply, for the panel: asked for quietly, once a reply. */

import type { Why, WhyPiece } from "../../shared/protocol.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { lastReply } from "../widgets/transcript.ts";
import { geometry } from "./geometry.ts";
import type { Model, Result } from "./model.ts";
import { characterName } from "./story.ts";
import { send } from "./say.ts";

export interface Remembered {
  message_id: number;
  /** The request that is under way; null: it was answered. */
  ref: string | null;
  /** Without what the player is not to know. */
  pieces: readonly WhyPiece[];
}

/** Asks for the pieces of the last reply when the panel would show them and they are not known. */
export function askForPieces(model: Model, now_ms: number): Result {
  if (model.turn !== null || model.connection.kind !== "connected" || model.protocol !== 1) {
    return [model, []];
  }
  const reply = lastReply(model.transcript);
  if (reply === null || reply.id === model.remembered?.message_id || model.transcript.live !== null) {
    return [model, []];
  }
  const recalled = model.transcript.recalled.get(reply.id);
  if (recalled === undefined || recalled.lore + recalled.memories === 0) return [model, []];
  if (geometry(model).panel_x === null || !model.commands.some(({ name }) => name === "/why")) {
    return [model, []];
  }
  const [after, effects] = send(model, `/why ${reply.id}`, now_ms);
  const ref = effects[0]?.kind === "say" ? effects[0].ref : null;
  return [{ ...after, remembered: { message_id: reply.id, ref, pieces: [] } }, effects];
}

/** The answer, or null: it is none of ours. */
export function piecesCame(model: Model, ref: string | null, why: Why | null): Model | null {
  const { remembered } = model;
  if (remembered === null || ref === null || ref !== remembered.ref) return null;
  const you = characterName(model.story);
  const pieces = (why?.recalled ?? []).filter((piece) => !isSecret(piece, you));
  return { ...model, remembered: { ...remembered, ref: null, pieces } };
}

/** Lore that only some in the world know, and the player's character is none of them: its very heading gives it away. */
export function isSecret(piece: WhyPiece, character: string): boolean {
  if (piece.known_to === "") return false;
  const names = piece.known_to.toLowerCase();
  return !names.includes("{{user}}") && (character === "" || !names.includes(character.toLowerCase()));
}

/** What the panel says of a piece: a few words, and where they are from. */
export function pieceWords(piece: WhyPiece): { words: string; from: string } {
  const quote = sanitizeLine(piece.quote).replace(/^[."'“”…\s]+/, "");
  switch (piece.kind) {
    case "lore":
      return { words: sanitizeLine(piece.heading) || quote, from: "lore of this world" };
    case "summary":
      return { words: quote, from: "the story so far" };
    case "fact":
    case "memory": {
      const turns = `${piece.turns_ago} turn${piece.turns_ago === 1 ? "" : "s"} ago`;
      return { words: quote, from: piece.turns_ago > 0 ? turns : "told before" };
    }
  }
}
