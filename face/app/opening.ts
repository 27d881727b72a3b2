/** From first launch to first reply: a world, a character, and the story begins. */

import type { CharacterItem } from "../../shared/protocol.ts";
import { isOpening, type Model, type Opening, type Result } from "./model.ts";
import type { Story } from "./story.ts";
import { send } from "./say.ts";

/** The characters in the order they are offered: those the world suggests first. */
export function offered(story: Story, world_id: string): readonly CharacterItem[] {
  const suggested = story.worlds.find((world) => world.id === world_id)?.characters ?? [];
  const rank = (character: CharacterItem): number => {
    const at = suggested.indexOf(character.id);
    return at < 0 ? suggested.length : at;
  };
  return story.characters.toSorted((left, right) => rank(left) - rank(right));
}

/** How many rows the list has now. */
function openingRows(model: Model): number {
  const { opening, story } = model;
  return opening.step === "world"
    ? story.worlds.length
    : opening.step === "character"
    ? story.characters.length
    : 0;
}

/** The row `step` further on; past the last one comes the first. */
export function moveInOpening(model: Model, step: number): Model {
  const count = openingRows(model);
  if (count === 0) return model;
  const row = (model.opening.row + step + count) % count;
  return { ...model, opening: { ...model.opening, row, trouble: "" } };
}

/** Enter or a digit: takes a row. The second choice begins the story. */
export function chooseInOpening(model: Model, row: number, now_ms: number): Result {
  const { opening, story } = model;
  if (row < 0 || row >= openingRows(model)) return [model, []];
  if (opening.step === "world") {
    const world_id = story.worlds[row].id;
    const next: Opening = { step: "character", row: 0, world_id, trouble: "" };
    return [{ ...model, opening: next }, []];
  }
  if (opening.step !== "character" || model.connection.kind !== "connected") return [model, []];
  const character_id = offered(story, opening.world_id)[row].id;
  const prompts = [`/world select ${opening.world_id}`, `/character select ${character_id}`, "/session new"];
  let after: Model = { ...model, opening: { ...opening, step: "starting", row }, beginning: true };
  const effects: Result[1] = [];
  for (const prompt of prompts) {
    const [sent, said] = send(after, prompt, now_ms);
    after = sent;
    effects.push(...said);
  }
  return [after, effects];
}

/** Esc: a step back; null when there is none. */
export function backInOpening(model: Model): Model | null {
  const { opening, story } = model;
  if (opening.step === "world") return null;
  const row = Math.max(0, story.worlds.findIndex((world) => world.id === opening.world_id));
  return { ...model, opening: { step: "world", row, world_id: "", trouble: "" } };
}

/** The state came: the opening stands at the first thing that is missing. */
export function afterSync(model: Model, before: Story): Model {
  if (!isOpening(model)) return { ...model, opening: { step: "world", row: 0, world_id: "", trouble: "" } };
  const { opening, story } = model;
  if (opening.step === "starting") return model;
  const chosen = story.world_id !== "" && story.worlds.some((world) => world.id === story.world_id);
  // Typed as a command, or a story was left: the world is known, the character is asked for.
  if (chosen && (before.world_id !== story.world_id || before.session_id !== "") && before.synced) {
    const row = Math.max(
      0,
      offered(story, story.world_id).findIndex((item) => item.id === story.character_id),
    );
    return { ...model, opening: { step: "character", row, world_id: story.world_id, trouble: "" } };
  }
  if (opening.step === "world" && !before.synced && chosen) {
    const row = story.worlds.findIndex((world) => world.id === story.world_id);
    return { ...model, opening: { ...opening, row } };
  }
  const row = Math.min(opening.row, Math.max(0, openingRows(model) - 1));
  return { ...model, opening: { ...opening, row } };
}

/** The story could not begin: back to the choice, with the reason. Null when nothing was being started. */
export function startFailed(model: Model, reason: string): Model | null {
  if (!isOpening(model) || model.opening.step !== "starting") return null;
  return { ...model, beginning: false, opening: { ...model.opening, step: "character", trouble: reason } };
}
