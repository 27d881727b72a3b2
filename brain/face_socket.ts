/** The sockets of all faces: frames in, events out, and an end for those that do not read or whose token is gone. */

import { encodeEvent, parseRequest, refOf } from "../shared/codec.ts";
import { CodecError } from "../shared/field.ts";
import { MAX_FRAME_BYTES, type Request } from "../shared/protocol.ts";
import type { Listener } from "./audience.ts";
import type { Brain } from "./brain.ts";
import type { Limits } from "./config.ts";
import { FramePace, limitsOf } from "./limits.ts";
import type { Metrics } from "./metrics.ts";
import { liveTokens } from "./store/tokens.ts";
import { describe, notice } from "./events.ts";

/** Who is behind a socket. */
export interface Visitor {
  player_id: string;
  /** The token's digest; null: none was needed, or the one of this machine. */
  token_hash: string | null;
}

/** A face that has not read this much is closed with 1013 and comes back to the saved story. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
/** Of one player with a token: each may leave as much unread as is kept for it. */
export const MAX_FACES = 16;
/** How often revoked tokens are looked for. */
const SWEEP_MS = 1000;
/** How long faces may take to answer that they are closed. */
const CLOSE_MS = 300;
/** The close code for a token that counts no longer; 4000 to 4999 are free for programs. */
const REVOKED = 4401;

const encoder = new TextEncoder();

/** All sockets of one server. Call `close` at the end: it holds a timer. */
export class FaceSockets {
  readonly #sockets = new Map<WebSocket, { visitor: Visitor; listener: Listener }>();
  readonly #pace = new FramePace();
  readonly #sweeper: ReturnType<typeof setInterval>;

  /** `now`: milliseconds that never go back. */
  constructor(readonly brain: Brain, readonly metrics: Metrics, readonly now = () => performance.now()) {
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Whether a player may have one more; who plays at the machine may have any number. */
  hasRoom({ player_id, token_hash }: Visitor): boolean {
    if (token_hash === null) return true;
    const here = [...this.#sockets.values()].filter(({ visitor }) => visitor.player_id === player_id);
    return here.length < MAX_FACES;
  }

  /** Takes over a socket that is about to open. */
  attach(socket: WebSocket, visitor: Visitor): void {
    const { brain } = this;
    const { player_id } = visitor;
    const limits = limitsOf(brain.deps.config, player_id);
    const listener: Listener = { player_id, send: (event) => this.#send(socket, event) };
    this.#sockets.set(socket, { visitor, listener });
    socket.onopen = () => {
      try {
        brain.join(listener);
      } catch (error) {
        // A locked or damaged database: the face shows the reason and comes back.
        brain.deps.log("error", `a face could not join: ${describe(error)}`);
        listener.send(notice(`✗ ${describe(error)}`));
        this.#end(socket, 1011, "The story could not be read.");
      }
    };
    socket.onmessage = ({ data }) => {
      if (!this.#sockets.has(socket)) return;
      // Unhandled, it would end the whole brain.
      this.#receive(socket, listener, limits, data).catch((error) =>
        brain.deps.log("error", `a frame could not be answered: ${describe(error)}`)
      );
    };
    socket.onclose = socket.onerror = () => {
      this.#sockets.delete(socket);
      brain.leave(listener);
    };
  }

  /** Ends them all with this code and reason; resolves when they are closed, or do not answer. */
  async close(code: number, reason: string): Promise<void> {
    clearInterval(this.#sweeper);
    const closing = [...this.#sockets.keys()].map((socket) => {
      const closed = new Promise<void>((resolve) => socket.addEventListener("close", () => resolve()));
      this.#end(socket, code, reason);
      return closed;
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, CLOSE_MS));
    await Promise.race([Promise.all(closing), late]);
    clearTimeout(timer);
  }

  /** One frame; what came before it is asked before it. */
  async #receive(socket: WebSocket, listener: Listener, limits: Limits, data: unknown): Promise<void> {
    const { brain, metrics } = this;
    if (!this.#pace.take(listener.player_id, limits.frames_per_second, this.now())) {
      metrics.refused("pace");
      const text = `At most ${limits.frames_per_second} lines a second are read. Nothing was sent.`;
      return brain.reject(listener, typeof data === "string" ? refOf(data) : null, text);
    }
    if (typeof data !== "string") {
      return brain.reject(listener, null, "Binary frames are not read; send text.");
    }
    // UTF-16 units are at most a third of the bytes: count exactly only when it may matter.
    if (data.length * 3 > MAX_FRAME_BYTES && encoder.encode(data).length > MAX_FRAME_BYTES) {
      metrics.refused("size");
      return this.#end(socket, 1009, `A frame has at most ${MAX_FRAME_BYTES} bytes.`);
    }
    let request: Request;
    try {
      request = parseRequest(data);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      return brain.reject(listener, refOf(data), error.message);
    }
    await brain.handle(listener, request);
  }

  #send(socket: WebSocket, event: Parameters<Listener["send"]>[0]): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.metrics.refused("slow");
      this.brain.deps.log("warn", "a face does not read; it is closed and may come back");
      return this.#end(socket, 1013, "Too slow.");
    }
    try {
      socket.send(encodeEvent(event));
    } catch (error) {
      this.brain.deps.log("warn", `a face is gone: ${error instanceof Error ? error.message : error}`);
    }
  }

  #end(socket: WebSocket, code: number, reason: string): void {
    const face = this.#sockets.get(socket);
    this.#sockets.delete(socket);
    if (face) this.brain.leave(face.listener);
    socket.close(code, reason);
  }

  /** Ends the sockets of tokens that were revoked, and the turns of players who then have none. */
  #sweep(): void {
    const guests = [...this.#sockets].filter(([, { visitor }]) => visitor.token_hash !== null);
    if (guests.length === 0) return;
    let live: Set<string>;
    try {
      live = liveTokens(this.brain.deps.db);
    } catch (error) {
      return this.brain.deps.log("warn", `tokens could not be checked: ${describe(error)}`);
    }
    for (const [socket, { visitor }] of guests) {
      if (visitor.token_hash !== null && live.has(visitor.token_hash)) continue;
      this.#end(socket, REVOKED, "This token was revoked.");
      const { player_id } = visitor;
      const here = [...this.#sockets.values()].some((other) => other.visitor.player_id === player_id);
      if (!here) this.brain.stopTurns(player_id);
    }
  }
}
