/** Whether a turn may begin: world and character are there, the player has not had enough, its price is agreed to. */

import type { Price } from "../shared/protocol.ts";
import type { PlayerState, Session } from "../shared/story.ts";
import type { Deps } from "./deps.ts";
import { dayIsOver, limitsOf } from "./limits.ts";
import type { Metrics } from "./metrics.ts";
import type { Scene, TurnStart } from "./open_turn.ts";
import { PriceQuestions } from "./price_questions.ts";
import { sceneOf } from "./stage.ts";
import { dayOf, spentOn } from "./store/usage.ts";

/** Why a turn may not begin. */
export interface Refusal {
  text: string;
  /** It is for its price, and the same once more agrees. */
  ask: Price | null;
}

export interface GateOptions {
  metrics: Metrics;
  /** How many replies are being told to a player. */
  told(player_id: string): number;
}

/** Asked before each turn, and before what is asked of a model between turns. */
export class Gate {
  readonly #prices: PriceQuestions;

  constructor(readonly deps: Deps, readonly options: GateOptions) {
    this.#prices = new PriceQuestions(deps);
  }

  /** Where the turn plays, or why it may not begin. */
  pass(session: Session, state: PlayerState, start: TurnStart): Scene | Refusal {
    const { player_id } = session;
    const scene = sceneOf(this.deps, session, state);
    if (typeof scene === "string") return { text: scene, ask: null };
    const limit = this.tooMuch(player_id, scene);
    if (limit !== null) {
      this.options.metrics.refused("limit");
      return { text: limit, ask: null };
    }
    const ask = this.#prices.ask(player_id, scene, start.kind === "line" ? start.line : start.kind);
    if (ask === null) return scene;
    const text = `✗ This reply may cost about $${ask.cost.toFixed(2)} with ${ask.model}; ` +
      `from $${ask.limit} on you are asked. Send it again to agree, or choose another narrator with /model.`;
    return { text, ask };
  }

  /** Why this player must wait with another turn, or null. */
  tooMuch(player_id: string, scene: Scene): string | null {
    const { config, catalogue, db, now } = this.deps;
    const limits = limitsOf(config, player_id);
    const told = this.options.told(player_id);
    if (limits.running_turns > 0 && told >= limits.running_turns) {
      const replies = told === 1 ? "one reply is" : `${told} replies are`;
      return `✗ ${replies} being told to you already, as many as you may have at once.`;
    }
    const now_ms = now();
    const known = catalogue.price(scene.session.model) !== null;
    return dayIsOver(limits, spentOn(db, player_id, dayOf(now_ms)), known, now_ms);
  }
}
