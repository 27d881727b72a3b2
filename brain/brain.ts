/** Joins listeners, handles their requests, acts on what commands answer. It knows players and stories, but no sockets. */

import { type Event, MAX_PROMPT_BYTES, type Price, PROTOCOL, type Request } from "../shared/protocol.ts";
import type { PlayerState, Session } from "../shared/story.ts";
import { Audience, type Listener } from "./audience.ts";
import { type Command, type Context, find, type Outcome, unknownCommand } from "./commands/command.ts";
import { commandItems, COMMANDS } from "./commands/table.ts";
import type { Deps } from "./deps.ts";
import { describe, endOfNothing, notice } from "./events.ts";
import { Gate } from "./gate.ts";
import { limitsOf } from "./limits.ts";
import { Metrics } from "./metrics.ts";
import type { OpenTurn, TurnStart } from "./open_turn.ts";
import { RunningTurns } from "./running_turns.ts";
import { complaintsOf, historyOf, modelOf, sessionOf } from "./stage.ts";
import { StoreError } from "./store/store_error.ts";
import { getState, LOCAL_PLAYER, playerName, saveState } from "./store/players.ts";
import { Tending } from "./tending.ts";
import { Works } from "./works.ts";

const encoder = new TextEncoder();

const RESTARTING = "✗ The brain restarts; say it again in a moment.";

/** A request that is being handled. */
interface Asked extends Request {
  listener: Listener;
  /** The prompt, trimmed. */
  line: string;
  /** The command that the line calls, with the rest of it. */
  called: { command: Command; args: string } | undefined;
}

/** Handles what faces ask and tells them what comes of it. Call `stop` at its end. */
export class Brain {
  readonly #audience: Audience;
  readonly #gate: Gate;
  readonly #turns: RunningTurns;
  readonly #tending: Tending;
  /** What goes on beside the stories. */
  readonly works: Works;
  /** What a listener asked is handled one after the other. */
  readonly #queues = new Map<Listener, Promise<void>>();
  #stopping = false;

  constructor(
    readonly deps: Deps,
    readonly version: string,
    readonly metrics: Metrics = new Metrics(deps.now),
  ) {
    this.#audience = new Audience(deps);
    this.#tending = new Tending(deps);
    this.works = new Works((event) => this.#audience.tellAll(event));
    this.#turns = new RunningTurns(deps, this.#audience, { metrics, told: (turn) => this.#tend(turn) });
    this.#gate = new Gate(deps, { metrics, told: (player_id) => this.#turns.countOf(player_id) });
  }

  /** Greets a face and shows it where its player stands. Call `leave` when it is gone. */
  join(listener: Listener): void {
    const { player_id } = listener;
    this.#audience.join(listener);
    const player = playerName(this.deps.db, player_id);
    const greeting = { protocol: PROTOCOL, version: this.version, player };
    listener.send(notice("✓ Engine ready.", { greeting }));
    const state = getState(this.deps.db, player_id);
    this.#audience.syncOne(listener, state);
    const commands = commandItems(commandsOf(player_id));
    listener.send({ event: "commands", content: "", ref: null, metadata: { commands } });
    const session = sessionOf(this.deps, player_id, state);
    listener.send(this.#history(player_id, session));
    // They name files of the machine: nothing for those who play from elsewhere.
    if (player_id === LOCAL_PLAYER) {
      for (const complaint of complaintsOf(this.deps)) listener.send(notice(complaint));
    }
    const so_far = session === undefined ? null : this.#turns.soFar(session.id);
    if (so_far !== null) listener.send(so_far);
    for (const work of this.works.shown()) listener.send(work);
  }

  /** Forgets a face. Its turn goes on: the brain owns the turn, sockets only listen. */
  leave(listener: Listener): void {
    this.#audience.leave(listener);
    this.#queues.delete(listener);
  }

  /** Handles one request; resolves when it is answered (a turn goes on by itself). Never throws. */
  async handle(listener: Listener, request: Request): Promise<void> {
    const line = request.prompt.trim();
    const called = line.startsWith("/") ? find(line, COMMANDS) : undefined;
    const asked: Asked = { ...request, listener, line, called };
    const at_once = called?.command.at_once === true;
    const before = at_once ? undefined : this.#queues.get(listener);
    const answered = (before ?? Promise.resolve()).then(() => this.#answer(asked)).catch((error) =>
      this.#refuse(asked, `✗ ${describe(error)}`)
    );
    if (!at_once) this.#queues.set(listener, answered);
    await answered;
    if (this.#queues.get(listener) === answered) this.#queues.delete(listener);
  }

  /** Answers a frame that is no request. */
  reject(listener: Listener, ref: string | null, reason: string): void {
    this.#refuse({ listener, ref, prompt: "", line: "", called: undefined }, `✗ ${reason}`);
  }

  /** Tells every face what changed outside any request: assets, the catalogue. */
  refreshAll(): void {
    this.#audience.syncAll();
  }

  /** Tells every face at this machine one line about its files. */
  tellAll(text: string): void {
    this.#audience.tellOwner(text);
  }

  /** What it is busy with. */
  load(): { running_turns: number; queued_requests: number } {
    return { running_turns: this.#turns.size, queued_requests: this.#queues.size };
  }

  /** Why it cannot tell stories now, or null. */
  trouble(): string | null {
    if (this.#stopping) return "stopping";
    try {
      getState(this.deps.db, LOCAL_PLAYER);
      return null;
    } catch {
      return "the database does not answer";
    }
  }

  /** Stops the replies that run for a player; their text is kept. */
  stopTurns(player_id: string): void {
    this.#turns.stopOf(player_id);
  }

  /** Begins no more turns; those that run get `grace_ms` to end by themselves, then they are stopped and saved. */
  async stop(grace_ms = 0): Promise<void> {
    this.#stopping = true;
    const ended = this.#turns.ended();
    if (grace_ms > 0 && this.#turns.size > 0) {
      this.#audience.tellAll(
        notice("The brain restarts. The reply that runs may end first; come back in a moment."),
      );
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, grace_ms));
      await Promise.race([ended, late]);
      clearTimeout(timer);
    }
    this.#turns.stopAll();
    await ended;
    await this.#tending.close();
    this.works.close();
  }

  async #answer(asked: Asked): Promise<void> {
    const { listener, line, prompt, called } = asked;
    const { player_id } = listener;
    if (line === "/quit") return;
    if (this.#stopping && called?.command.at_once !== true) return this.#refuse(asked, RESTARTING);
    const bytes = encoder.encode(prompt).length;
    const max_bytes = Math.min(MAX_PROMPT_BYTES, limitsOf(this.deps.config, player_id).prompt_bytes);
    if (bytes > max_bytes) {
      this.metrics.refused("limit");
      return this.#refuse(
        asked,
        `✗ This line has ${bytes} bytes; at most ${max_bytes} are read. Nothing was sent.`,
      );
    }
    if (line.startsWith("/")) return await this.#command(asked);
    if (line === "") return this.#refuse(asked, "✗ An empty line tells nothing.");
    const state = getState(this.deps.db, player_id);
    const session = sessionOf(this.deps, player_id, state);
    if (session === undefined) {
      return this.#refuse(asked, "✗ Prepare the stage first (World, Char, Session).");
    }
    this.#begin(asked, session, state, { kind: "line", line });
  }

  async #command(asked: Asked): Promise<void> {
    const { player_id } = asked.listener;
    const commands = commandsOf(player_id);
    if (asked.called === undefined) return say(asked, notice(unknownCommand(asked.line, commands)));
    const { command, args } = asked.called;
    const refuse = (text: string) =>
      command.asks_reply ? this.#refuse(asked, text) : say(asked, notice(text));
    if (!commands.includes(command)) {
      return refuse(
        `✗ ${command.name} reads or writes files of the brain's machine; only who plays there may. ${command.owner_only}`,
      );
    }
    const state = getState(this.deps.db, player_id);
    const session = sessionOf(this.deps, player_id, state);
    if (!command.while_telling && session !== undefined && this.#turns.has(session.id)) {
      return refuse(`✗ The narrator is speaking. /cancel stops it, then ${command.name} works.`);
    }
    const model = modelOf(this.deps, player_id, state);
    const { lore_bytes } = limitsOf(this.deps.config, player_id);
    const context: Context = { deps: this.deps, player_id, state, session, model, commands, lore_bytes };
    let outcome: Outcome;
    try {
      // What needs no waiting is acted on at once: an await would let another face's line in between.
      const answered = command.run(context, args);
      outcome = answered instanceof Promise ? await answered : answered;
    } catch (error) {
      this.metrics.failed(error);
      if (!(error instanceof StoreError)) this.deps.log("error", `${command.name}: ${describe(error)}`);
      return refuse(`✗ ${describe(error)}`);
    }
    this.#act(asked, outcome);
    if (command.asks_reply && outcome.telling === undefined) say(asked, endOfNothing());
  }

  /** Does what a command leads to, in the order that the original's faces expect. */
  #act(asked: Asked, outcome: Outcome): void {
    const { listener, ref } = asked;
    const { player_id } = listener;
    // Not the state that the command began with: while it waited another face may have changed something.
    const state = { ...getState(this.deps.db, player_id), ...outcome.state };
    if (outcome.state !== undefined) saveState(this.deps.db, player_id, state);
    const session = sessionOf(this.deps, player_id, state);
    if (outcome.answer !== null) say(asked, notice(outcome.answer, outcome.changed));
    if (outcome.cancel === true && !(session !== undefined && this.#turns.stop(session.id))) {
      say(asked, notice("Nothing is being told."));
    }
    if (outcome.page !== undefined) {
      say(asked, { event: "history_page", content: "", ref, metadata: outcome.page });
    }
    if (outcome.history === "before_sync") {
      this.#audience.tell(player_id, this.#history(player_id, session), listener, ref);
    }
    if (outcome.state !== undefined || outcome.sync === true) {
      this.#audience.sync(player_id, listener, ref);
      this.#tending.stopDeleted(player_id);
    }
    if (outcome.history === "after_sync") {
      this.#audience.tell(player_id, this.#history(player_id, session), listener, ref);
    }
    this.deps.unitsChanged?.();
    if (outcome.telling !== undefined && session !== undefined) {
      this.#begin(asked, session, state, outcome.telling);
    }
  }

  /** Starts a turn, or refuses it with a reason. */
  #begin(asked: Asked, session: Session, state: PlayerState, start: TurnStart): void {
    const { listener, ref } = asked;
    // Asked for before the brain was told to stop, and answered after.
    if (this.#stopping) return this.#refuse(asked, RESTARTING);
    if (this.#turns.has(session.id)) {
      return this.#refuse(asked, "✗ The narrator is still speaking. /cancel stops it.");
    }
    const scene = this.#gate.pass(session, state, start);
    if ("text" in scene) return this.#refuse(asked, scene.text, scene.ask);
    this.#tending.stop(session.id);
    this.#turns.begin(scene, start, listener, ref);
  }

  /** Does what is to be done for the story, unless its next turn has begun already. */
  #tend(turn: OpenTurn): void {
    if (this.#stopping || this.#turns.has(turn.scene.session.id)) return;
    // Whose day is over is asked nothing more, and whose other reply runs can wait.
    if (this.#gate.tooMuch(turn.player_id, turn.scene) !== null) return;
    this.#tending.begin(turn);
  }

  #history(player_id: string, session: Session | undefined): Event {
    const writing = session && this.#turns.writing(session.id);
    return historyOf(this.deps, player_id, session, writing?.id);
  }

  /**
   * ✗ to the asker, whose line goes back to the editor, and `chat_end` unless a turn runs: a face that waits must not
   * wait for ever. Never throws.
   */
  #refuse(asked: Asked, text: string, ask: Price | null = null): void {
    const is_story = asked.line !== "" && !asked.line.startsWith("/");
    say(asked, notice(text, { line: is_story ? asked.prompt : null, ask }));
    if (!this.#isTelling(asked.listener.player_id)) say(asked, endOfNothing());
  }

  #isTelling(player_id: string): boolean {
    try {
      return this.#turns.has(getState(this.deps.db, player_id).session_id);
    } catch {
      // The database does not answer, which is what is being told.
      return false;
    }
  }
}

function say({ listener, ref }: Asked, event: Event): void {
  listener.send({ ...event, ref });
}

/** What this player may use. */
function commandsOf(player_id: string): readonly Command[] {
  return player_id === LOCAL_PLAYER ? COMMANDS : COMMANDS.filter((command) => !command.owner_only);
}
