/** The turns that run, one a session: the brain owns them, faces only listen. */

import { BRAIN_ENDS, type Event, unreachable } from "../shared/protocol.ts";
import type { Message } from "../shared/story.ts";
import type { Audience, Listener } from "./audience.ts";
import type { Deps } from "./deps.ts";
import { describe, endOfNothing, failure } from "./events.ts";
import type { Metrics } from "./metrics.ts";
import { type OpenTurn, openTurn, type Scene, type TurnStart } from "./open_turn.ts";
import { historyOf } from "./stage.ts";
import { getSession } from "./store/sessions.ts";
import { addSpent, dayOf } from "./store/usage.ts";
import { tell } from "./turn.ts";

interface Running {
  turn: OpenTurn;
  asker: Listener;
  ref: string | null;
  /** The whole reply so far, for a face that joins now. */
  text: string;
  /** What is done before its first word, for a face that joins then. */
  work: Event | null;
  stop: AbortController;
  /** Never rejects. */
  ended: Promise<void>;
}

export interface RunningTurnsOptions {
  metrics: Metrics;
  /** Hears of each turn that has ended in a reply; the session may have its next turn already. */
  told(turn: OpenTurn): void;
}

/** Begins turns and tells their events to the faces of their players. Call `stopAll` and await `ended` at its end. */
export class RunningTurns {
  /** By session id. */
  readonly #running = new Map<string, Running>();

  constructor(readonly deps: Deps, readonly audience: Audience, readonly options: RunningTurnsOptions) {}

  get size(): number {
    return this.#running.size;
  }

  has(session_id: string): boolean {
    return this.#running.has(session_id);
  }

  /** How many replies are being told to a player. */
  countOf(player_id: string): number {
    return [...this.#running.values()].filter(({ turn }) => turn.player_id === player_id).length;
  }

  /** The reply that is being written in a session; undefined: none. */
  writing(session_id: string): Message | undefined {
    return this.#running.get(session_id)?.turn.reply;
  }

  /**
   * For a face that joins now: all that was told of a session's reply so far as one piece, or that it is on its way;
   * null: none runs.
   */
  soFar(session_id: string): Event | null {
    const running = this.#running.get(session_id);
    if (running === undefined) return null;
    if (running.text === "") return running.work;
    const { scene, reply } = running.turn;
    return {
      event: "chat_chunk",
      content: running.text,
      ref: null,
      metadata: {
        model: scene.session.model,
        tokens_per_second: 0,
        world_id: scene.world.id,
        message_id: reply.id,
        parent_id: reply.parent_id,
        offset: 0,
      },
    };
  }

  /**
   * Opens a turn in a session that has none, and tells it to all faces of its player. Throws StoreError: nothing has
   * happened then.
   */
  begin(scene: Scene, start: TurnStart, asker: Listener, ref: string | null): void {
    const { session, world } = scene;
    if (start.kind === "line") {
      const { player_id, leaf_id } = session;
      // Recall's thread begins while the line is being saved.
      this.deps.recall.expect?.({ player_id, world_id: world.id, leaf_id, line: start.line });
    }
    const turn = openTurn(this.deps, scene, start);
    const stop = new AbortController();
    const running: Running = {
      turn,
      asker,
      ref,
      text: turn.reply.content,
      work: null,
      stop,
      ended: Promise.resolve(),
    };
    this.#running.set(session.id, running);
    running.ended = this.#play(running);
  }

  /** Stops the reply of a session and keeps its text; false: none runs. */
  stop(session_id: string): boolean {
    const running = this.#running.get(session_id);
    running?.stop.abort();
    return running !== undefined;
  }

  /** Stops the replies that run for a player. */
  stopOf(player_id: string): void {
    for (const { turn, stop } of this.#running.values()) if (turn.player_id === player_id) stop.abort();
  }

  /** Stops them because the brain ends. */
  stopAll(): void {
    for (const { stop } of this.#running.values()) stop.abort(BRAIN_ENDS);
  }

  /** Resolves when all turns that run now have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => running.ended));
  }

  /** Passes a turn's events to every face of the player until it has ended. */
  async #play(running: Running): Promise<void> {
    const { turn, stop } = running;
    const session_id = turn.scene.session.id;
    let last: Message | null = null;
    let ended = false;
    try {
      this.#announce(running);
      for await (const event of tell(this.deps, turn, stop.signal)) {
        if (event.event === "chat_chunk") {
          running.text = running.text.slice(0, event.metadata.offset ?? running.text.length) + event.content;
        }
        if (event.event === "progress") running.work = event;
        if (event.event === "chat_end") {
          ended = true;
          last = event.metadata.message;
          // Before the event: whoever answers it at once finds the session free.
          this.#running.delete(session_id);
          this.#count(turn, last);
        }
        this.#tell(running, event);
        if (event.event === "chat_chunk") this.options.metrics.chunkTold(session_id);
      }
    } catch (error) {
      this.deps.log("error", `turn ${turn.reply.id}: ${error instanceof Error ? error.stack : error}`);
      this.#tell(running, failure(error));
    }
    // Whoever answered the end may have begun the next turn already.
    if (this.#running.get(session_id) === running) this.#running.delete(session_id);
    if (!ended) this.#tell(running, endOfNothing());
    try {
      this.audience.sync(turn.player_id);
      this.deps.unitsChanged?.();
      if (last !== null && last.status !== "failed") this.options.told(turn);
    } catch (error) {
      this.deps.log("error", `after turn ${turn.reply.id}: ${describe(error)}`);
    }
  }

  #tell({ turn, asker, ref }: Running, event: Event): void {
    this.audience.tell(turn.player_id, event, asker, ref);
  }

  /** Tells all faces where the reply will stand. */
  #announce(running: Running): void {
    const { player_id, line, start, reply, scene } = running.turn;
    switch (start.kind) {
      case "line":
        if (line !== null) this.#tell(running, messageEvent(line));
        this.audience.sync(player_id);
        break;
      case "retry": {
        const session = getSession(this.deps.db, player_id, scene.session.id);
        this.#tell(running, historyOf(this.deps, player_id, session, reply.id));
        break;
      }
      case "continue":
        this.#tell(running, messageEvent(reply));
        break;
      default:
        unreachable(start);
    }
  }

  /** Keeps what a turn has used, for the limits of the day and for whoever watches. */
  #count(turn: OpenTurn, message: Message | null): void {
    const { metrics } = this.options;
    metrics.turnEnded(turn.scene.session.id, message?.status ?? "failed", turn.spent);
    if (turn.spent === null) return;
    try {
      addSpent(this.deps.db, turn.player_id, dayOf(this.deps.now()), turn.spent);
    } catch (error) {
      metrics.failed(error);
      this.deps.log("warn", `what a turn has used could not be kept: ${describe(error)}`);
    }
  }
}

function messageEvent(message: Message): Event {
  return { event: "message", content: "", ref: null, metadata: { message } };
}
