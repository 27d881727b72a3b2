/** What is done for stories between their turns: one piece of upkeep a session, which the next turn ends. */

import type { Deps } from "./deps.ts";
import type { OpenTurn } from "./open_turn.ts";
import { getSession } from "./store/sessions.ts";
import { tendStory } from "./upkeep.ts";

interface Tended {
  player_id: string;
  stop: AbortController;
  ended: Promise<void>;
}

/** Call `close` at its end. */
export class Tending {
  /** By session id. */
  readonly #tended = new Map<string, Tended>();

  constructor(readonly deps: Deps) {}

  /** Tends the story of a turn that has ended; what still runs for it is stopped. */
  begin(turn: OpenTurn): void {
    const { id } = turn.scene.session;
    this.stop(id);
    const stop = new AbortController();
    const ended = tendStory(this.deps, turn, stop.signal).finally(() => {
      if (this.#tended.get(id)?.stop === stop) this.#tended.delete(id);
    });
    this.#tended.set(id, { player_id: turn.player_id, stop, ended });
  }

  stop(session_id: string): void {
    this.#tended.get(session_id)?.stop.abort();
  }

  /** Stops what is done for stories of this player that are not there any more. */
  stopDeleted(player_id: string): void {
    for (const [id, { player_id: owner, stop }] of this.#tended) {
      if (owner === player_id && getSession(this.deps.db, player_id, id) === undefined) stop.abort();
    }
  }

  /** Stops everything; resolves when nothing runs any more. */
  async close(): Promise<void> {
    for (const { stop } of this.#tended.values()) stop.abort();
    await Promise.all([...this.#tended.values()].map(({ ended }) => ended));
  }
}
