/** The faces that listen: what each of them has, and telling them. */

import type { Event } from "../shared/protocol.ts";
import type { PlayerState } from "../shared/story.ts";
import { PAGE_SIZE } from "./commands/story_commands.ts";
import type { Deps } from "./deps.ts";
import { pickerOrder } from "./llm/picker.ts";
import { modelOf, sessionOf } from "./stage.ts";
import { getState, LOCAL_PLAYER } from "./store/players.ts";
import { listSessions } from "./store/sessions.ts";
import { snapshot, withoutKnown } from "./sync.ts";
import { notice } from "./events.ts";

/** One face. `send` never throws and never waits. */
export interface Listener {
  readonly player_id: string;
  send(event: Event): void;
}

/** All faces of all players. */
export class Audience {
  /** With the lists that each has been sent, as text, by list. */
  readonly #listeners = new Map<Listener, Map<string, string>>();

  constructor(readonly deps: Deps) {}

  join(listener: Listener): void {
    this.#listeners.set(listener, new Map());
  }

  leave(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** To every face of the player; only the asker's copy carries its `ref`. */
  tell(player_id: string, event: Event, asker: Listener | null = null, ref: string | null = null): void {
    for (const listener of this.#listeners.keys()) {
      if (listener.player_id === player_id) listener.send({ ...event, ref: listener === asker ? ref : null });
    }
  }

  /** To every face of every player. */
  tellAll(event: Event): void {
    for (const listener of this.#listeners.keys()) listener.send(event);
  }

  /** One line about this machine's files to the faces of who plays at it. */
  tellOwner(text: string): void {
    this.tell(LOCAL_PLAYER, notice(text));
  }

  /** The state of everybody, after something changed outside any request. */
  syncAll(): void {
    const players = new Set([...this.#listeners.keys()].map((listener) => listener.player_id));
    for (const player_id of players) this.sync(player_id);
  }

  /** The state of a player to all their faces. */
  sync(player_id: string, asker: Listener | null = null, ref: string | null = null): void {
    const state = getState(this.deps.db, player_id);
    for (const listener of this.#listeners.keys()) {
      if (listener.player_id === player_id) this.syncOne(listener, state, listener === asker ? ref : null);
    }
  }

  /** The state to one face, without the lists that it has already. */
  syncOne(listener: Listener, state: PlayerState, ref: string | null = null): void {
    const known = this.#listeners.get(listener);
    if (known === undefined) return;
    const { db, library, catalogue } = this.deps;
    const session = sessionOf(this.deps, listener.player_id, state);
    const sessions = listSessions(db, listener.player_id, { limit: PAGE_SIZE });
    const used = [...new Set(sessions.map((summary) => summary.session.model))];
    const whole = snapshot({
      state,
      model: session === undefined || session.model === ""
        ? modelOf(this.deps, listener.player_id, state)
        : session.model,
      worlds: library.worlds(),
      characters: library.characters(),
      rules: library.rules(),
      models: pickerOrder(catalogue.models(), used),
      sessions,
    });
    listener.send({
      event: "sync_state",
      content: "State synchronized",
      ref,
      metadata: withoutKnown(whole, known),
    });
  }
}
