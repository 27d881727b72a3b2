/** `/memory`, `/lore`: what the engine remembers, and the player's say in it. */

import type { Session } from "../../shared/story.ts";
import { editFact, factRows, factsOnPath } from "../store/facts.ts";
import { listMarks, type Mark, type MarkWord, setMark } from "../store/marks.ts";
import { getMessage, turnOf } from "../store/messages.ts";
import { detachLore, listLore, type MemoryPiece, memoryPiece } from "../store/pieces.ts";
import {
  type Command,
  type Context,
  NO_STORY,
  type Outcome,
  quote,
  quoted,
  single,
  words,
} from "./command.ts";
import { findPieces } from "./find_pieces.ts";
import { ago } from "./why_commands.ts";

const PAGE = 20;
const MAX_FOUND = 20;
const MAX_FACT = 300;
/** More than a world of its own has; a synced folder may have ten thousand, and a frame has its bounds. */
const LORE_PAGE = 200;

const WHICH = "/memory list and /memory facts show the ids: m12 is a memory, f3 a fact, l7 lore.";

export const MEMORY_COMMANDS: Command[] = [
  {
    name: "/memory list",
    usage: "/memory list [ID]",
    help: "What this story is remembered by, the newest first; older than ID",
    arguments: [{ name: "ID", kind: "text", required: false }],
    while_telling: true,
    run: inStory(async (context, session, args) => {
      const typed = single(args);
      const before = typed === "" ? undefined : readId(typed);
      if (before !== undefined && before?.kind !== "memory") {
        return { answer: `✗ ${quote(typed)} is no memory. ${WHICH}` };
      }
      const { found } = await findPieces(
        context.deps.db,
        session,
        PAGE + 1,
        ({ id }) => id < (before?.id ?? Infinity),
      );
      if (found.length === 0) {
        return {
          answer: before === undefined ? "Nothing is remembered yet." : "There is nothing older than that.",
        };
      }
      const shown = found.slice(0, PAGE);
      const more = found.length > PAGE ? [`Older ones: /memory list m${shown[PAGE - 1].id}`] : [];
      return { answer: [...memoryLines(context, session, shown), ...more].join("\n") };
    }),
  },
  {
    name: "/memory search",
    usage: "/memory search WORDS",
    help: "Memories of this story that hold all these words",
    arguments: [{ name: "WORDS", kind: "text", required: true }],
    while_telling: true,
    run: inStory(async (context, session, args) => {
      const wanted = words(args).map(plain);
      if (wanted.length === 0) return { answer: "✗ Which words? /memory search WORDS" };
      const holds = ({ text }: MemoryPiece) => wanted.every((word) => plain(text).includes(word));
      const { found, more: others } = await findPieces(context.deps.db, session, MAX_FOUND, holds, true);
      if (found.length === 0) return { answer: `Nothing of this story holds ${quote(args)}.` };
      const more = others > 0 ? [`and ${others} more.`] : [];
      return { answer: [...memoryLines(context, session, found), ...more].join("\n") };
    }),
  },
  {
    name: "/memory pin",
    usage: "/memory pin ID",
    help: "Have this piece before all others in every reply; again: no longer",
    arguments: [{ name: "ID", kind: "text", required: true }],
    while_telling: true,
    run: inStory((context, session, args) => mark(context, session, args, "pinned")),
  },
  {
    name: "/memory forget",
    usage: "/memory forget ID",
    help: "Never remember this piece again in this story; the text stays where it was told",
    arguments: [{ name: "ID", kind: "text", required: true }],
    while_telling: true,
    run: inStory((context, session, args) => mark(context, session, args, "forgotten")),
  },
  {
    name: "/memory facts",
    usage: "/memory facts",
    help: "What is known in this story: who owes, lives, gave and promised what",
    arguments: [],
    while_telling: true,
    run: inStory((context, session) => {
      const { db } = context.deps;
      const facts = factsOnPath(db, context.player_id, session.leaf_id);
      if (facts.length === 0) return { answer: "No facts are known yet." };
      const marks = listMarks(db, context.player_id, session.id);
      const lines = facts.map(({ id, text, message_id, origin, superseded_by }) => {
        const notes = [
          ...(pinnedIn(marks, { kind: "fact", message_id, text }) ? ["pinned"] : []),
          ...(origin === "player" ? ["yours"] : []),
          ...(superseded_by === null ? [] : [`until f${superseded_by}`]),
        ];
        return `f${id}  ${text}${notes.length > 0 ? ` (${notes.join(", ")})` : ""}`;
      });
      return { answer: lines.join("\n") };
    }),
  },
  {
    name: "/memory edit",
    usage: "/memory edit ID TEXT",
    help: "Put a fact in your own words; it stays as you wrote it",
    arguments: [{ name: "ID", kind: "text", required: true }, { name: "TEXT", kind: "text", required: true }],
    while_telling: true,
    run: inStory((context, session, args) => {
      const match = /^\s*(\S+)\s*([\s\S]*)$/.exec(args);
      const id = readId(match?.[1] ?? "");
      const text = (match?.[2] ?? "").replace(/\s+/g, " ").trim();
      if (id === null || id.kind !== "fact") {
        return { answer: `✗ Which fact? /memory edit f3 TEXT. ${WHICH}` };
      }
      if (text === "") return { answer: "✗ What should it say? /memory forget takes a fact away." };
      if (text.length > MAX_FACT) {
        return { answer: `✗ A fact has at most ${MAX_FACT} characters; this has ${text.length}.` };
      }
      const { db } = context.deps;
      const known = factsOnPath(db, context.player_id, session.leaf_id).some((fact) => fact.id === id.id);
      if (!known) return { answer: `✗ There is no fact f${id.id} in this story. /memory facts shows them.` };
      const made = editFact(db, context.player_id, id.id, text);
      return { answer: `✓ f${made.id}  ${made.text}` };
    }),
  },
  {
    name: "/lore list",
    usage: "/lore list [ID]",
    help: "The lore of this world, piece by piece; what comes after ID",
    arguments: [{ name: "ID", kind: "text", required: false }],
    while_telling: true,
    run(context, args) {
      const { deps, player_id, state } = context;
      if (state.world_id === "") return { answer: "✗ Select a world first: /world select ID." };
      const all = listLore(deps.db, player_id, state.world_id);
      if (all.length === 0) {
        return { answer: "This world has no lore yet. /world attach_lore TEXT adds some." };
      }
      const typed = single(args);
      const from = typed === "" ? 0 : all.findIndex(({ id }) => id === loreId(typed)) + 1;
      if (typed !== "" && from === 0) return { answer: noLore(typed) };
      const own = all.filter(({ source }) => source === "world").length;
      const shown = all.slice(from, from + LORE_PAGE);
      const more = all.length > from + LORE_PAGE ? [`More: /lore list l${shown[LORE_PAGE - 1].id}`] : [];
      const lines = shown.map(({ id, heading, text, source, known_to }) => {
        const whose = source === "world" ? "" : source === "attached" ? " (yours)" : ` (from ${source})`;
        // Whoever plays the world does not read here what only some of its people know.
        if (source === "world" && known_to !== "") return `l${id}  Only some in this world know it.`;
        return `l${id}  ${heading === "" ? "" : `${heading}: `}${text.replace(/\s+/g, " ")}${whose}`;
      });
      return { answer: [...lines, ...more, `${own} of the world, ${all.length - own} of yours.`].join("\n") };
    },
  },
  {
    name: "/lore detach",
    usage: "/lore detach N",
    help: "Take away a piece of lore that you attached",
    arguments: [{ name: "N", kind: "text", required: true }],
    while_telling: true,
    run(context, args) {
      const { deps, player_id, state } = context;
      if (state.world_id === "") return { answer: "✗ Select a world first: /world select ID." };
      const typed = single(args);
      if (typed === "") return { answer: "✗ Which piece? /lore list shows them: /lore detach l7" };
      const id = loreId(typed);
      const piece = listLore(deps.db, player_id, state.world_id).find((row) => row.id === id);
      if (!piece) return { answer: noLore(typed) };
      if (!detachLore(deps.db, player_id, state.world_id, piece.id)) {
        return {
          answer:
            `✗ l${piece.id} is the world's own; it stands in its file. /memory forget l${piece.id} keeps it out of this story.`,
        };
      }
      return { answer: `✓ Detached l${piece.id}: ${quote(piece.text)}` };
    },
  },
];

/** A command that needs a session. */
function inStory(
  run: (context: Context, session: Session, args: string) => Outcome | Promise<Outcome>,
): Command["run"] {
  return (context, args) =>
    context.session === undefined ? { answer: NO_STORY } : run(context, context.session, args);
}

/** For comparing what was typed with what was told. */
function plain(text: string): string {
  return text.normalize("NFC").toLowerCase().replaceAll("’", "'");
}

function memoryLines(context: Context, session: Session, pieces: MemoryPiece[]): string[] {
  const { player_id, deps: { db } } = context;
  const marks = listMarks(db, player_id, session.id);
  const now = turnOf(db, player_id, session.leaf_id);
  return pieces.map(({ id, role, text, turn, message_id }) => {
    const piece = { kind: "memory" as const, message_id, text };
    const found = marks.find((mark) => isSame(mark, piece));
    const note = found === undefined ? "" : ` (${found.mark})`;
    // A piece is one row of the answer, however many paragraphs it was told in.
    const told = text.replace(/\s+/g, " ").trim();
    return `m${id}  ${role === "user" ? "you" : "the narrator"}, ${ago(now - turn)}: ${quoted(told)}${note}`;
  });
}

function isSame(mark: Mark, piece: Omit<Mark, "mark">): boolean {
  return mark.kind === piece.kind && mark.message_id === piece.message_id && mark.text === piece.text;
}

function pinnedIn(marks: Mark[], piece: Omit<Mark, "mark">): boolean {
  return marks.some((mark) => mark.mark === "pinned" && isSame(mark, piece));
}

/** m12, f3, l7; a bare number is a memory. Null: none of these. */
function readId(typed: string): { kind: Mark["kind"]; id: number } | null {
  const match = /^([mfl]?)(\d{1,15})$/i.exec(typed);
  if (match === null) return null;
  const kind = ({ f: "fact", l: "lore" } as const)[match[1].toLowerCase()] ?? "memory";
  return { kind, id: Number(match[2]) };
}

/** l7, or the number alone; null: neither. */
function loreId(typed: string): number | null {
  const match = /^l?(\d{1,15})$/i.exec(typed);
  return match === null ? null : Number(match[1]);
}

function noLore(typed: string): string {
  return `✗ There is no lore ${quote(typed)} in this world. /lore list shows it.`;
}

/** The piece that an id names, as a mark knows it, or the sentence that says why there is none. */
function pieceOf(context: Context, session: Session, typed: string): Omit<Mark, "mark"> | string {
  const id = readId(typed);
  const { player_id, deps: { db } } = context;
  if (typed === "" || id === null) {
    return `✗ ${typed === "" ? "Which piece?" : `${quote(typed)} is no id.`} ${WHICH}`;
  }
  const missing = `✗ There is no ${typed} in this story. ${WHICH}`;
  switch (id.kind) {
    case "memory": {
      const piece = memoryPiece(db, player_id, session.id, id.id);
      return piece === undefined
        ? missing
        : { kind: "memory", message_id: piece.message_id, text: piece.text };
    }
    case "fact": {
      const [fact] = factRows(db, player_id, [id.id]);
      const message = fact && getMessage(db, player_id, fact.message_id);
      if (message === undefined || message.session_id !== session.id) return missing;
      return { kind: "fact", message_id: fact.message_id, text: fact.text };
    }
    case "lore": {
      const piece = listLore(db, player_id, session.world_id).find((row) => row.id === id.id);
      return piece === undefined ? missing : { kind: "lore", message_id: null, text: piece.text };
    }
  }
}

function mark(context: Context, session: Session, args: string, word: MarkWord): Outcome {
  const piece = pieceOf(context, session, single(args));
  if (typeof piece === "string") return { answer: piece };
  const { player_id, deps: { db } } = context;
  const before = listMarks(db, player_id, session.id).find((known) => isSame(known, piece))?.mark;
  if (word === "forgotten" && before === "forgotten") {
    return { answer: `✗ ${quote(piece.text)} is forgotten already. /memory pin brings it back.` };
  }
  const takes_off = word === "pinned" && before === "pinned";
  setMark(db, player_id, session.id, piece, takes_off ? null : word);
  const done = takes_off ? "No longer pinned" : word === "pinned" ? "Pinned" : "Forgotten";
  return { answer: `✓ ${done}: ${quote(piece.text)}` };
}
