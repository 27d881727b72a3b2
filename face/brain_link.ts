/** The socket seen from the face: connects, says, tells what comes, and comes back with backoff when it is lost. */

import { encodeRequest, parseEvent } from "../shared/codec.ts";
import { CodecError } from "../shared/field.ts";
import type { Request } from "../shared/protocol.ts";
import { EXIT } from "../shared/roles.ts";
import { asSentence } from "./app/link.ts";
import type { Link, LinkEvent } from "./runtime.ts";

export interface Address {
  url: string;
  /** Bearer token; empty: none. */
  token: string;
}

/** No brain, and waiting will not bring one. `message` is for the player. */
export class NoBrain extends Error {
  override name = "NoBrain";
  constructor(message: string, readonly code: 1 | 3) {
    super(message);
  }
}

export interface LinkOptions {
  /** Asked before each attempt. Throws NoBrain to give up, anything else to be asked again. */
  locate(): Promise<Address>;
  /**
   * What the player can do about a token that the brain refuses, a sentence: asking with the same one is pointless, and
   * `locate` is asked for another. Null: the token is the brain's own, and a new brain writes a new one.
   */
  when_refused?: string | null;
  /** How often another token is looked for. */
  new_token_ms?: number;
  /** Waits between attempts; the last one repeats. */
  delays_ms?: readonly number[];
  /** How long a socket may take to open. */
  connect_timeout_ms?: number;
  /** How long a brain of ours may be silent after something was said: it confirms a line at once. */
  answer_timeout_ms?: number;
  /** How the end of `answer_timeout_ms` is waited for: calls `fn` once, unless the returned function is called before. */
  after?: (ms: number, fn: () => void) => () => void;
}

export interface BrainLink extends Link {
  /** After `gone`: begins again, or looks for another token. Else: ends a wait. */
  retry(): void;
  /** Why it gave up, or null. */
  failure(): NoBrain | null;
  /** Settles after `close`, when nothing runs any more. */
  closed: Promise<void>;
}

const DELAYS_MS = [200, 500, 1000, 2000, 5000, 10_000];
const CONNECT_TIMEOUT_MS = 10_000;
const NEW_TOKEN_MS = 2000;
/** Close code: the token was revoked. */
const REVOKED = 4401;
/** The slowest command, /model refresh, takes ten seconds. */
const ANSWER_TIMEOUT_MS = 30_000;
/** How often a wait is told. */
const COUNTDOWN_MS = 1000;
/** Unreadable frames are told this often per connection, then passed over. */
const PROBLEMS_TOLD = 3;

function afterMs(ms: number, fn: () => void): () => void {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
}

/**
 * Opens a link that keeps itself alive until `close`. `on` gets "starting", then "connected" and events; "lost" with the
 * rest of each wait; "gone" once when `locate` gives up, or when the brain refuses the token. Never throws; after
 * `close` nothing more is told.
 */
export function openLink(options: LinkOptions, on: (event: LinkEvent) => void): BrainLink {
  const { delays_ms = DELAYS_MS, connect_timeout_ms = CONNECT_TIMEOUT_MS } = options;
  const { answer_timeout_ms = ANSWER_TIMEOUT_MS, after = afterMs } = options;
  const { when_refused = null, new_token_ms = NEW_TOKEN_MS } = options;
  let closing = false;
  let socket: WebSocket | null = null;
  let failure: NoBrain | null = null;
  let wake = () => {};
  /** Something was said: the connection must show a sign of life. A network that went away closes no socket. */
  let watch = () => {};
  const tell = (event: LinkEvent) => {
    if (!closing) on(event);
  };
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = ms === Infinity ? undefined : setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (closing) wake();
    });

  /** Waits until `locate` has another token than this one, or the link is closed. */
  const anotherToken = async (refused: string) => {
    for (let same = true; same && !closing;) {
      await sleep(new_token_ms);
      // A file that cannot be read is perhaps being written.
      const look = async () => (await options.locate()).token === refused;
      same = closing || await look().catch(() => true);
    }
  };

  /** One connection from opening to its end: whether it had opened, and why it ended. */
  const connect = (address: Address) =>
    new Promise<{ opened: boolean; reason: string; refused?: boolean }>((resolve) => {
      const headers = address.token === "" ? undefined : { authorization: `Bearer ${address.token}` };
      const current = new WebSocket(address.url, { headers });
      let opened = false;
      let fault = "";
      let problems = 0;
      let ours = false;
      let cancelSilence: (() => void) | undefined;
      const timer = setTimeout(() => {
        fault = `no answer from ${address.url}`;
        current.close();
        // A socket that never opened may take its time to close.
        if (!opened) resolve({ opened, reason: fault });
      }, connect_timeout_ms);
      current.onopen = () => {
        clearTimeout(timer);
        opened = true;
        socket = current;
        watch = () => {
          // An original server answers many a command with nothing.
          if (!ours || cancelSilence !== undefined) return;
          cancelSilence = after(answer_timeout_ms, () => {
            if (socket === current) socket = null;
            current.onmessage = null;
            current.close();
            resolve({ opened, reason: `no answer from ${address.url}` });
          });
        };
        if (closing) current.close();
        else tell({ kind: "connected" });
      };
      current.onmessage = (message: MessageEvent<unknown>) => {
        cancelSilence?.();
        cancelSilence = undefined;
        if (typeof message.data !== "string") return;
        try {
          const event = parseEvent(message.data);
          if (event?.event === "system_update" && event.metadata.greeting !== null) {
            ours = event.metadata.greeting.protocol !== null;
          }
          if (event) tell({ kind: "event", event });
        } catch (error) {
          if (!(error instanceof CodecError)) throw error;
          problems += 1;
          if (problems <= PROBLEMS_TOLD) {
            tell({ kind: "problem", text: `The brain sent something I cannot read (${error.message}).` });
          }
        }
      };
      current.onerror = (event) => {
        fault ||= event instanceof ErrorEvent ? event.message : "";
      };
      current.onclose = (event) => {
        clearTimeout(timer);
        cancelSilence?.();
        if (socket === current) socket = null;
        const refused = opened ? event.code === REVOKED : statusOf(fault) === "401";
        resolve({ opened, reason: plainReason(opened, event, fault, address.token), refused });
      };
    });

  const run = async () => {
    let attempt = 0;
    tell({ kind: "starting" });
    while (!closing) {
      let reason: string;
      let refused: string | null = null;
      try {
        const address = await options.locate();
        if (closing) break;
        const end = await connect(address);
        if (end.opened) attempt = 0;
        reason = end.reason;
        if (end.refused && when_refused !== null) {
          refused = address.token;
          throw new NoBrain(`${asSentence(reason)} ${when_refused}`, EXIT.no_brain);
        }
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
        if (error instanceof NoBrain) {
          failure = error;
          tell({ kind: "gone", reason });
          await (refused === null ? sleep(Infinity) : anotherToken(refused));
          if (closing) break;
          failure = null;
          attempt = 0;
          tell({ kind: "starting" });
          continue;
        }
      }
      let left_ms = delays_ms[Math.min(attempt, delays_ms.length - 1)];
      attempt += 1;
      let woken = false;
      while (left_ms > 0 && !closing && !woken) {
        tell({ kind: "lost", retry_in_ms: left_ms, reason });
        const step = Math.min(left_ms, COUNTDOWN_MS);
        const started = performance.now();
        await sleep(step);
        woken = performance.now() - started < step - 5;
        left_ms -= step;
      }
    }
  };

  const closed = run();
  return {
    say(request: Request): boolean {
      if (socket === null || socket.readyState !== WebSocket.OPEN) return false;
      socket.send(encodeRequest(request));
      watch();
      return true;
    },
    close() {
      closing = true;
      socket?.close();
      wake();
    },
    retry: () => wake(),
    failure: () => failure,
    closed,
  };
}

/** The HTTP status in what Deno says of a socket that did not open. */
function statusOf(fault: string): string | undefined {
  return /status code: (\d+)/.exec(fault)?.[1];
}

/** Close codes and Deno's socket errors in words for a player. */
function plainReason(opened: boolean, event: CloseEvent, fault: string, token: string): string {
  if (!opened) {
    const status = statusOf(fault);
    if (status === "401") {
      return token === "" ? "the brain asks for a token" : "the brain does not know this token";
    }
    if (status === "403") return "the brain refuses this address";
    return fault === "" ? "the brain does not answer" : `the brain does not answer (${fault})`;
  }
  if (event.code === 1012) return "the brain is restarting";
  if (event.code === REVOKED) return "the brain has taken this token back";
  if (event.code === 1009) return "the last line was larger than the brain reads";
  return event.reason === "" ? "the brain is gone" : `the brain closed the line: ${event.reason}`;
}
