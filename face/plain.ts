/**
 * The face without a screen: a line in, a reply out. For screen readers, pipes and scripts. Story goes to `out`,
 * everything else to `err` when nobody sits there, so that a script reads nothing but the story.
 */

import { TextLineStream } from "../shared/lines.ts";
import { BRAIN_ENDS, PROTOCOL } from "../shared/protocol.ts";
import { EXIT } from "../shared/roles.ts";
import type { Link, LinkEvent } from "./app/link.ts";
import { Ear, Leave } from "./wiring/plain_ear.ts";
import {
  type Choice,
  chosen,
  listText,
  missing,
  named,
  notOffered,
  offeredIn,
} from "./wiring/plain_lists.ts";
import { sanitize, sanitizeLine, sanitizePiece } from "./text/sanitize.ts";
import { cutAtLimit } from "./widgets/transcript.ts";

export interface PlainOptions {
  /** Opens the connection; what comes of it is passed to `on`. */
  link(on: (event: LinkEvent) => void): Link;
  /** The player's lines; their end leaves. */
  lines: AsyncIterator<string>;
  out(text: string): void;
  err(text: string): void;
  /** Id or name; null: the story that was played last. */
  world: string | null;
  character: string | null;
  /** Somebody sits there: say what to do, and tell the beginning of the story. */
  interactive: boolean;
  /** Aborted: stop the narrator, keep what was told, leave with 130. */
  signal: AbortSignal;
}

/** A command without a reply is done when nothing more has come for it in this time. */
const ANSWERED_MS = 150;

/** Plays until the lines end. Resolves to the exit code: 4 when a turn failed. Never throws. */
export async function runPlain(options: PlainOptions): Promise<number> {
  const { out, err } = options;
  const note = (text: string) => options.interactive ? out(`${text}\n`) : err(`${text}\n`);
  const ear = new Ear({ lines: options.lines, note, err });
  const link = options.link((event) => ear.hear(event));
  const interrupt = () => ear.hear({ kind: "interrupted" });
  options.signal.addEventListener("abort", interrupt);
  let failed = false;
  let refs = 0;

  /** Says a line and tells what comes of it until it has ended; `quietly`: only what went wrong. */
  async function ask(prompt: string, quietly = false): Promise<void> {
    const ref = String(++refs);
    while (!link.say({ prompt, ref })) {
      const heard = await ear.next();
      if (heard.kind === "interrupted") throw new Leave(EXIT.interrupted);
    }
    const command = prompt.startsWith("/");
    let told = 0;
    let carry = "";
    let started = !command;
    let answered = false;
    let stopping = false;
    const lost = (reason: string) => {
      if (told > 0) out("\n");
      return new Leave(EXIT.turn_failed, `The connection was lost: ${reason}. What was told is kept.`);
    };
    while (true) {
      const heard = await ear.next(answered && !started ? ANSWERED_MS : Infinity);
      if (heard.kind === "quiet") return;
      if (heard.kind === "interrupted") {
        // A command that nothing is told for cannot be stopped; nobody has to wait for it.
        if (!started) throw new Leave(EXIT.interrupted);
        link.say({ prompt: "/cancel", ref: null });
        stopping = true;
      }
      if (heard.kind === "lost") throw lost(sanitizeLine(heard.reason));
      if (heard.kind === "line" || heard.kind === "end") {
        // A line that came early waits for its turn.
        ear.putOff(heard);
        continue;
      }
      if (heard.kind !== "event") continue;
      const { event } = heard;
      const ours = event.ref === ref || ear.greeted !== PROTOCOL;
      if (!ours) {
        const condition = event.event === "system_update" && event.ref === null &&
          event.content.startsWith("✗");
        if (condition) err(`${sanitizeLine(event.content)}\n`);
        continue;
      }
      switch (event.event) {
        case "chat_chunk": {
          started = true;
          if (event.metadata.offset === 0 && told > 0) out("\n\n");
          const piece = sanitizePiece(carry, event.content);
          carry = piece.carry;
          told += piece.text.length;
          out(piece.text);
          break;
        }
        case "error":
          failed = true;
          if (told > 0) out("\n");
          err(`✗ ${sanitizeLine(event.content)}\n`);
          break;
        case "system_update":
          answered = true;
          if (stopping || event.content === "") break;
          if (event.content === BRAIN_ENDS) throw lost("the brain is gone");
          if (event.content.startsWith("✗")) {
            if (!command) failed = true;
            err(`${sanitize(event.content)}\n`);
            // An original server ends nothing when the stage is not ready.
            if (ear.greeted !== PROTOCOL && told === 0) return;
          } else if (!quietly) note(`· ${sanitize(event.content).replace(/^✓\s*/u, "")}`);
          break;
        case "progress":
          started = true;
          break;
        case "chat_end":
          if (told > 0) out("\n\n");
          if (event.metadata.message?.status === "failed") failed = true;
          if (stopping) throw new Leave(EXIT.interrupted);
          return;
        case "sync_state":
        case "chat_history":
        case "history_page":
          answered = true;
          break;
      }
    }
  }

  try {
    await ear.until(() => ear.state !== null);
    if (ear.greeted === PROTOCOL) await ear.until(() => ear.idle);
    await stage();
    ear.readLine();
    while (true) {
      const heard = await ear.take();
      if (heard.kind === "interrupted") throw new Leave(EXIT.interrupted);
      if (heard.kind === "end") break;
      if (heard.kind !== "line") continue;
      const line = heard.line.trim();
      if (line === "/quit") break;
      if (line !== "") await ask(line);
      if (options.interactive) out("> ");
      ear.readLine();
    }
    return failed ? EXIT.turn_failed : EXIT.done;
  } catch (error) {
    if (!(error instanceof Leave)) throw error;
    // Ids that a server offers stand in it, too.
    if (error.message !== "") err(`${sanitize(error.message)}\n`);
    return error.code;
  } finally {
    options.signal.removeEventListener("abort", interrupt);
    link.close();
  }

  /** Tells what there is and asks until one of it is named. */
  async function choose<Item extends Choice>(
    question: string,
    items: readonly Item[],
    what: (item: Item) => string,
  ): Promise<Item> {
    if (items.length === 0) throw new Leave(EXIT.failed, "There is nothing to choose from.");
    out(listText(question, items, what));
    while (true) {
      const typed = await ear.line();
      if (typed === "/quit") throw new Leave(EXIT.done);
      const item = typed === "" ? items[0] : chosen(typed, items);
      if (item !== undefined) return item;
      out(`${sanitizeLine(missing(typed, items))}\n> `);
    }
  }

  /** Brings the story on the stage that was asked for. */
  async function stage(): Promise<void> {
    const known = ear.state;
    if (known === null) return;
    if (options.world === null && options.character === null && known.session_id !== "") {
      const last = ear.history.findLast((message) => message.role === "assistant");
      if (options.interactive && last) {
        out(`${sanitize(last.content)}\n\n`);
        if (cutAtLimit(last)) {
          note("· This reply came to its length limit. /continue goes on in the same place.");
        }
        out("> ");
      }
      return;
    }
    const worlds = known.available_worlds ?? [];
    const here = options.interactive && options.world === null;
    const world = here
      ? await choose("Where do you want to go?", worlds, (item) => item.hook)
      : pick(options.world ?? known.world_id, worlds, "world");
    const characters = offeredIn(world, known.available_characters ?? []);
    const you = options.character ?? (known.character_id || characters.at(0)?.id || "");
    const character = here && options.character === null
      ? await choose("Who are you there?", characters, (item) => item.about)
      : pick(you, characters, "character");
    const before = known.session_id;
    await ask(`/world select ${world.id}`, true);
    await ask(`/character select ${character.id}`, true);
    ear.history = [];
    await ask("/session new", true);
    if (ear.state?.session_id === before) {
      throw new Leave(EXIT.failed, "The story could not be begun.");
    }
    if (!options.interactive) return;
    for (const message of ear.history) out(`${sanitize(message.content)}\n\n`);
    out("> ");
  }
}

/** One of `items` by id or name. Throws Leave with what there is. */
function pick<Item extends Choice>(typed: string, items: readonly Item[], noun: string): Item {
  const found = named(typed, items);
  if (found === undefined) throw new Leave(EXIT.usage, notOffered(typed, items, noun));
  return found;
}

/** The lines of a stream of bytes, without their ends. */
export function linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<string> {
  return bytes.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
}
