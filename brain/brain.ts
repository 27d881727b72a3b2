/** Joins listeners, handles their requests, owns the running turns. It knows players and stories, but no sockets. */

import {
  type Event,
  type EventOf,
  MAX_PROMPT_BYTES,
  type Price,
  PROTOCOL,
  type Request,
  unreachable,
} from "../shared/protocol.ts";
import type { Message, PlayerState, Session } from "../shared/story.ts";
import { type Command, type Context, find, type Outcome, unknownCommand } from "./commands/command.ts";
import { commandItems, COMMANDS } from "./commands/table.ts";
import { Audience, type Listener } from "./audience.ts";
import type { Deps } from "./deps.ts";
import { PriceQuestions } from "./price_questions.ts";
import { complaintsOf, historyOf, modelOf, sceneOf, sessionOf } from "./stage.ts";
import { dayIsOver, limitsOf } from "./limits.ts";
import { Metrics } from "./metrics.ts";
import { StoreError } from "./store/database.ts";
import { getState, LOCAL_PLAYER, playerName, saveState } from "./store/players.ts";
import { getSession } from "./store/sessions.ts";
import { addSpent, dayOf, spentOn } from "./store/usage.ts";
import type { OpenTurn, Scene, TurnStart } from "./request.ts";
import { describe, notice, openTurn, tell } from "./turn.ts";
import { tendStory } from "./upkeep.ts";

interface Running {
  turn: OpenTurn;
  asker: Listener;
  ref: string | null;
  /** The whole reply so far, for a face that joins now. */
  text: string;
  stop: AbortController;
  ended: Promise<void>;
}

interface Upkeep {
  player_id: string;
  stop: AbortController;
  ended: Promise<void>;
}

const encoder = new TextEncoder();

export class Brain {
  readonly #audience: Audience;
  readonly #prices: PriceQuestions;
  /** By session id: one running turn each. */
  readonly #running = new Map<string, Running>();
  /** By session id: what is done for a story between its turns. */
  readonly #upkeep = new Map<string, Upkeep>();
  /** What a listener asked is handled one after the other. */
  readonly #queues = new Map<Listener, Promise<void>>();
  #stopping = false;

  constructor(
    readonly deps: Deps,
    readonly version: string,
    readonly metrics: Metrics = new Metrics(deps.now),
  ) {
    this.#audience = new Audience(deps);
    this.#prices = new PriceQuestions(deps);
  }

  /** Greets a face and shows it where its player stands. Call `leave` when it is gone. */
  join(listener: Listener): void {
    const { player_id } = listener;
    this.#audience.join(listener);
    const greeting = notice("✓ Engine ready.") as EventOf<"system_update">;
    const player = playerName(this.deps.db, player_id);
    greeting.metadata.greeting = { protocol: PROTOCOL, version: this.version, player };
    listener.send(greeting);
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
    const running = session && this.#running.get(session.id);
    if (running && running.text !== "") {
      listener.send({
        event: "chat_chunk",
        content: running.text,
        ref: null,
        metadata: {
          model: running.turn.scene.session.model,
          tokens_per_second: 0,
          world_id: running.turn.scene.world.id,
          message_id: running.turn.reply.id,
          parent_id: running.turn.reply.parent_id,
          offset: 0,
        },
      });
    }
  }

  /** Forgets a face. Its turn goes on: the brain owns the turn, sockets only listen. */
  leave(listener: Listener): void {
    this.#audience.leave(listener);
    this.#queues.delete(listener);
  }

  /** Handles one request; resolves when it is answered (a turn goes on by itself). Never throws. */
  async handle(listener: Listener, request: Request): Promise<void> {
    const line = request.prompt.trim();
    if (line === "/cancel") return this.#cancel(listener, request.ref);
    const before = this.#queues.get(listener) ?? Promise.resolve();
    const answered = before.then(() => this.#answer(listener, request, line)).catch((error) => {
      this.#refuse(
        listener,
        request.ref,
        `✗ ${describe(error)}`,
        line.startsWith("/") ? null : request.prompt,
      );
    });
    this.#queues.set(listener, answered);
    await answered;
    if (this.#queues.get(listener) === answered) this.#queues.delete(listener);
  }

  /** Answers a frame that is no request. */
  reject(listener: Listener, ref: string | null, reason: string): void {
    this.#refuse(listener, ref, `✗ ${reason}`, null);
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
    return { running_turns: this.#running.size, queued_requests: this.#queues.size };
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
    for (const running of this.#running.values()) {
      if (running.turn.player_id === player_id) running.stop.abort();
    }
  }

  /** Begins no more turns; those that run get `grace_ms` to end by themselves, then they are stopped and saved. */
  async stop(grace_ms = 0): Promise<void> {
    this.#stopping = true;
    const ended = Promise.all([...this.#running.values()].map((running) => running.ended));
    if (grace_ms > 0 && this.#running.size > 0) {
      this.#audience.tellAll("The brain restarts. The reply that runs may end first; come back in a moment.");
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, grace_ms));
      await Promise.race([ended, late]);
      clearTimeout(timer);
    }
    for (const running of this.#running.values()) running.stop.abort();
    await ended;
    for (const tended of this.#upkeep.values()) tended.stop.abort();
    await Promise.all([...this.#upkeep.values()].map((tended) => tended.ended));
  }

  async #answer(listener: Listener, request: Request, line: string): Promise<void> {
    const { player_id } = listener;
    if (line === "/quit") return;
    if (this.#stopping) {
      const text = "✗ The brain restarts; say it again in a moment.";
      return this.#refuse(listener, request.ref, text, line.startsWith("/") ? null : request.prompt);
    }
    const bytes = encoder.encode(request.prompt).length;
    const max_bytes = Math.min(MAX_PROMPT_BYTES, limitsOf(this.deps.config, player_id).prompt_bytes);
    if (bytes > max_bytes) {
      this.metrics.refused("limit");
      const text = `✗ This line has ${bytes} bytes; at most ${max_bytes} are read. Nothing was sent.`;
      return this.#refuse(listener, request.ref, text, line.startsWith("/") ? null : request.prompt);
    }
    if (line.startsWith("/")) return await this.#command(listener, request.ref, line);
    if (line === "") return this.#refuse(listener, request.ref, "✗ An empty line tells nothing.", null);
    const state = getState(this.deps.db, player_id);
    const session = sessionOf(this.deps, player_id, state);
    if (session === undefined) {
      const text = "✗ Prepare the stage first (World, Char, Session).";
      return this.#refuse(listener, request.ref, text, request.prompt);
    }
    this.#begin(listener, request.ref, session, state, { kind: "line", line });
  }

  async #command(listener: Listener, ref: string | null, line: string): Promise<void> {
    const { player_id } = listener;
    const commands = commandsOf(player_id);
    const found = find(line, COMMANDS);
    if (found === undefined) return say(listener, ref, notice(unknownCommand(line, commands)));
    const { command, args } = found;
    if (!commands.includes(command)) {
      const text =
        `✗ ${command.name} reads or writes files of the brain's machine; only who plays there may.`;
      return say(listener, ref, notice(text));
    }
    const state = getState(this.deps.db, player_id);
    const session = sessionOf(this.deps, player_id, state);
    if (!command.while_telling && session !== undefined && this.#running.has(session.id)) {
      const text = `✗ The narrator is speaking. /cancel stops it, then ${command.name} works.`;
      return say(listener, ref, notice(text));
    }
    const context: Context = {
      deps: this.deps,
      player_id,
      state,
      session,
      model: modelOf(this.deps, player_id, state),
      commands,
    };
    let outcome: Outcome;
    try {
      outcome = await command.run(context, args);
    } catch (error) {
      this.metrics.failed(error);
      if (!(error instanceof StoreError)) this.deps.log("error", `${command.name}: ${describe(error)}`);
      return say(listener, ref, notice(`✗ ${describe(error)}`));
    }
    this.#act(listener, ref, outcome);
  }

  /** Does what a command leads to, in the order that the original's faces expect. */
  #act(listener: Listener, ref: string | null, outcome: Outcome): void {
    const { player_id } = listener;
    if (outcome.state !== undefined) saveState(this.deps.db, player_id, outcome.state);
    const state = outcome.state ?? getState(this.deps.db, player_id);
    const session = sessionOf(this.deps, player_id, state);
    if (outcome.answer !== null) {
      const answer = notice(outcome.answer) as EventOf<"system_update">;
      Object.assign(answer.metadata, outcome.changed);
      say(listener, ref, answer);
    }
    if (outcome.page !== undefined) {
      say(listener, ref, { event: "history_page", content: "", ref, metadata: outcome.page });
    }
    if (outcome.history === "before_sync") {
      this.#audience.tell(player_id, this.#history(player_id, session), listener, ref);
    }
    if (outcome.state !== undefined || outcome.sync === true) {
      this.#audience.sync(player_id, listener, ref);
      for (const [id, tended] of this.#upkeep) {
        const own = tended.player_id === player_id;
        if (own && getSession(this.deps.db, player_id, id) === undefined) tended.stop.abort();
      }
    }
    if (outcome.history === "after_sync") {
      this.#audience.tell(player_id, this.#history(player_id, session), listener, ref);
    }
    this.deps.unitsChanged?.();
    if (outcome.telling !== undefined && session !== undefined) {
      this.#begin(listener, ref, session, state, outcome.telling);
    }
  }

  /** Starts a turn, or refuses it with a reason; a refused line goes back to the editor. */
  #begin(
    listener: Listener,
    ref: string | null,
    session: Session,
    state: PlayerState,
    start: TurnStart,
  ): void {
    const line = start.kind === "line" ? start.line : null;
    if (this.#running.has(session.id)) {
      return say(listener, ref, withLine("✗ The narrator is still speaking. /cancel stops it.", line));
    }
    const scene = sceneOf(this.deps, session, state);
    if (typeof scene === "string") return this.#refuse(listener, ref, scene, line);
    const limit = this.#tooMuch(listener.player_id, scene);
    if (limit !== null) {
      this.metrics.refused("limit");
      return this.#refuse(listener, ref, limit, line);
    }
    const price = this.#prices.ask(listener.player_id, scene, line ?? start.kind);
    if (price !== null) {
      const text = `✗ This reply may cost about $${price.cost.toFixed(2)} with ${price.model}; ` +
        `from $${price.limit} on you are asked. Send it again to agree, or choose another narrator with /model.`;
      return this.#refuse(listener, ref, text, line, price);
    }
    this.#upkeep.get(session.id)?.stop.abort();
    let turn: OpenTurn;
    try {
      turn = openTurn(this.deps, scene, start);
    } catch (error) {
      return this.#refuse(listener, ref, `✗ ${describe(error)}`, line);
    }
    const stop = new AbortController();
    const running: Running = {
      turn,
      asker: listener,
      ref,
      text: turn.reply.content,
      stop,
      ended: Promise.resolve(),
    };
    this.#running.set(session.id, running);
    this.#announce(running);
    running.ended = this.#play(running);
  }

  /** Tells all faces where the reply will stand. */
  #announce({ turn, asker, ref }: Running): void {
    const { player_id, line, start, reply } = turn;
    switch (start.kind) {
      case "line":
        if (line !== null) {
          this.#audience.tell(
            player_id,
            { event: "message", content: "", ref, metadata: { message: line } },
            asker,
            ref,
          );
          this.#audience.sync(player_id);
        }
        break;
      case "retry":
        this.#audience.tell(
          player_id,
          this.#history(player_id, getSession(this.deps.db, player_id, turn.scene.session.id)),
          asker,
          ref,
        );
        break;
      case "continue":
        this.#audience.tell(
          player_id,
          { event: "message", content: "", ref, metadata: { message: reply } },
          asker,
          ref,
        );
        break;
      default:
        unreachable(start);
    }
  }

  /** Passes a turn's events to every face of the player until it has ended. */
  async #play(running: Running): Promise<void> {
    const { turn, asker, ref, stop } = running;
    const { player_id } = turn;
    let ended = false;
    let told = false;
    try {
      for await (const event of tell(this.deps, turn, stop.signal)) {
        if (event.event === "chat_chunk") {
          running.text = running.text.slice(0, event.metadata.offset ?? running.text.length) + event.content;
        }
        if (event.event === "chat_end") {
          ended = true;
          told = event.metadata.message !== null && event.metadata.message.status !== "failed";
          // Before the event: whoever answers it at once finds the session free.
          this.#running.delete(turn.scene.session.id);
          this.#count(turn, event.metadata.message);
        }
        this.#audience.tell(player_id, event, asker, ref);
        if (event.event === "chat_chunk") this.metrics.chunkTold(turn.scene.session.id);
      }
    } catch (error) {
      this.deps.log("error", `turn ${turn.reply.id}: ${error instanceof Error ? error.stack : error}`);
      this.#audience.tell(
        player_id,
        { event: "error", content: describe(error), ref, metadata: {} },
        asker,
        ref,
      );
    } finally {
      // Whoever answered the end may have begun the next turn already.
      if (this.#running.get(turn.scene.session.id) === running) this.#running.delete(turn.scene.session.id);
      if (!ended) this.#audience.tell(player_id, endOf(null), asker, ref);
      this.#audience.sync(player_id);
      this.deps.unitsChanged?.();
      if (told) this.#tend(turn);
    }
  }

  /** Does what is to be done for the story, unless its next turn has begun already. */
  #tend(turn: OpenTurn): void {
    const { id } = turn.scene.session;
    if (this.#stopping || this.#running.has(id)) return;
    // Whose day is over is asked nothing more, and whose other reply runs can wait.
    if (this.#tooMuch(turn.player_id, turn.scene) !== null) return;
    this.#upkeep.get(id)?.stop.abort();
    const stop = new AbortController();
    const ended = tendStory(this.deps, turn, stop.signal).finally(() => {
      if (this.#upkeep.get(id)?.stop === stop) this.#upkeep.delete(id);
    });
    this.#upkeep.set(id, { player_id: turn.player_id, stop, ended });
  }

  /** Keeps what a turn has used, for the limits of the day and for whoever watches. */
  #count(turn: OpenTurn, message: Message | null): void {
    const usage = message?.usage ?? null;
    this.metrics.turnEnded(turn.scene.session.id, message?.status ?? "failed", usage);
    if (usage === null) return;
    try {
      addSpent(this.deps.db, turn.player_id, dayOf(this.deps.now()), usage);
    } catch (error) {
      this.metrics.failed(error);
      this.deps.log("warn", `what a turn has used could not be kept: ${describe(error)}`);
    }
  }

  #cancel(listener: Listener, ref: string | null): void {
    const session = sessionOf(this.deps, listener.player_id, getState(this.deps.db, listener.player_id));
    const running = session && this.#running.get(session.id);
    if (running) running.stop.abort();
    else say(listener, ref, notice("Nothing is being told."));
  }

  /** Why this player must wait with another turn, or null. */
  #tooMuch(player_id: string, scene: Scene): string | null {
    const { config, catalogue, db, now } = this.deps;
    const limits = limitsOf(config, player_id);
    const told = [...this.#running.values()].filter(({ turn }) => turn.player_id === player_id).length;
    if (limits.running_turns > 0 && told >= limits.running_turns) {
      const replies = told === 1 ? "one reply is" : `${told} replies are`;
      return `✗ ${replies} being told to you already, as many as you may have at once.`;
    }
    const now_ms = now();
    const known = catalogue.price(scene.session.model) !== null;
    return dayIsOver(limits, spentOn(db, player_id, dayOf(now_ms)), known, now_ms);
  }

  #history(player_id: string, session: Session | undefined): Event {
    const writing = session && this.#running.get(session.id)?.turn.reply.id;
    return historyOf(this.deps, player_id, session, writing);
  }

  /** ✗ to the asker, and `chat_end` unless a turn runs: a face that waits must not wait for ever. */
  #refuse(
    listener: Listener,
    ref: string | null,
    text: string,
    line: string | null,
    ask: Price | null = null,
  ): void {
    say(listener, ref, withLine(text, line, ask));
    const state = getState(this.deps.db, listener.player_id);
    if (!this.#running.has(state.session_id)) say(listener, ref, endOf(ref));
  }
}

function say(listener: Listener, ref: string | null, event: Event): void {
  listener.send({ ...event, ref });
}

/** What this player may use. */
function commandsOf(player_id: string): readonly Command[] {
  return player_id === LOCAL_PLAYER ? COMMANDS : COMMANDS.filter((command) => !command.owner_only);
}

function withLine(text: string, line: string | null, ask: Price | null = null): Event {
  const event = notice(text) as EventOf<"system_update">;
  event.metadata.ask = ask;
  event.metadata.line = line;
  return event;
}

function endOf(ref: string | null): Event {
  return {
    event: "chat_end",
    content: "",
    ref,
    metadata: { total_tokens: 0, message: null, recalled: null },
  };
}
