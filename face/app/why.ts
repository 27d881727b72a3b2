/** The page that answers why a reply is what it is: its rows, and what its keys do. */

import type { WhyPiece } from "../../shared/protocol.ts";
import { NARRATOR_ID } from "../../shared/story.ts";
import type { Action } from "../key_rows.ts";
import { textWidth } from "../term/width.ts";
import { plainRows } from "../text/plain_rows.ts";
import { geometry } from "./geometry.ts";
import { byWordsOnly } from "./memory_offer.ts";
import { type Model, type Result, type WhySheet, withNotice } from "./model.ts";
import { characterName } from "./story.ts";
import { isSecret } from "./remembered.ts";
import { say } from "./say.ts";
import { goToMessage } from "./seek.ts";
import { BLANK, scrollSheet, sheetHeight, type SheetLine, sheetLines } from "./sheet.ts";

const LABEL_WIDTH = 27;
const MAX_QUOTE_ROWS = 3;
const SECRET = "Only some in this world know it. n tells.";
const NAMES: Record<string, string> = {
  rules: "rules",
  world: "world",
  you: "you",
  story: "story so far",
  scene: "scene",
  reminder: "reminder",
  frame: "frame",
};

/** Asks the brain about a reply; null: about the last one. The page opens when the answer comes. */
export function askWhy(model: Model, id: number | null, now_ms: number): Result {
  if (!model.commands.some((command) => command.name === "/why")) {
    return [withNotice(model, "This server keeps no account of what it sends.", now_ms), []];
  }
  return say(model, id === null ? "/why" : `/why ${id}`, now_ms);
}

/** What can be chosen on the page, in its order. */
export function whyEntries(sheet: WhySheet): readonly WhyPiece[] {
  const { recalled, story, left_out } = sheet.why;
  return [...recalled, ...story, ...left_out];
}

/** Columns of the left column. */
export function whyColumn(width: number): number {
  return Math.min(LABEL_WIDTH, Math.floor(width * 0.4));
}

/** All rows of the page. */
export function whyLines(model: Model, sheet: WhySheet): SheetLine[] {
  const { width } = geometry(model);
  if (sheet.whole && sheet.why.prompt !== null) return promptLines(sheet.why.prompt, width);
  const { why, numbers } = sheet;
  const column = whyColumn(width);
  const separator = model.theme.marks.separator;
  const you = characterName(model.story);
  const lines: SheetLine[] = [];
  let entry = 0;
  const section = (heading: string, text: string, pieces: readonly WhyPiece[]): void => {
    if (pieces.length === 0) return;
    lines.push({ ...BLANK, heading, text });
    for (const piece of pieces) lines.push(...pieceLines(piece, entry++));
    lines.push(BLANK);
  };
  const pieceLines = (piece: WhyPiece, at: number): SheetLine[] => {
    // The page may be opened in mid-story: a secret of the world stays one until the numbers are asked for.
    const secret = !numbers && isSecret(piece, you);
    const labels = plainRows(secret ? "lore" : whose(piece), column - 2);
    const quote = plainRows(
      secret ? SECRET : quoted(model, piece.quote, MAX_QUOTE_ROWS * (width - column)),
      width - column,
    );
    const shown = quote.slice(0, MAX_QUOTE_ROWS);
    if (quote.length > shown.length) {
      const last = shown[shown.length - 1];
      // The sign wants a column: where there is none, the last word makes room.
      const cut = textWidth(last) < width - column ? last : last.replace(/\s+\S+$/, "");
      shown[shown.length - 1] = `${cut}${model.theme.marks.ellipsis}`;
    }
    const told = secret
      ? notesOf({ ...piece, words: [], page_words: [] }, sheet, separator)
      : notesOf(piece, sheet, separator);
    const notes = told.flatMap((note) => plainRows(note, width - column));
    const rows = [
      ...shown.map((text): SheetLine => ({ ...BLANK, text, dim: secret })),
      ...notes.map((text): SheetLine => ({ ...BLANK, text, dim: true })),
    ];
    while (rows.length < labels.length) rows.push(BLANK);
    return rows.map((row, index) => ({ ...row, label: labels[index] ?? "", entry: at }));
  };

  const title = "Why this reply";
  // The built-in narrator reads no tokens; the page shows what a model would have been given.
  const right = why.model === NARRATOR_ID
    ? `turn ${why.turn} ${separator} what a model would read`
    : `turn ${why.turn} ${separator} ${grouped(why.tokens)} of ${grouped(why.window)} tokens`;
  if (textWidth(title) + 3 + textWidth(right) <= width) lines.push({ ...BLANK, title, right }, BLANK);
  else lines.push({ ...BLANK, title }, { ...BLANK, wide: right, dim: true }, BLANK);
  const took = why.recalled.reduce((sum, piece) => sum + piece.tokens, 0);
  if (why.recalled.length > 0) {
    section("Remembered", `${why.recalled.length} of ${why.searched}, ${count(took, "token")}`, why.recalled);
    if (why.late) {
      const words = "By words alone: what your line means was not known in time.";
      lines.push(...plainRows(words, width).map((wide): SheetLine => ({ ...BLANK, wide, dim: true })), BLANK);
    }
  } else {
    const text = why.late
      ? "Memory was not ready in time; the reply was told without it."
      : why.searched === 0
      ? "There was nothing to remember yet."
      : `Nothing of ${count(why.searched, "piece")} was called by this line.`;
    lines.push(
      { ...BLANK, heading: "Remembered" },
      ...plainRows(text, width).map((row) => ({
        ...BLANK,
        wide: row,
      })),
      BLANK,
    );
  }
  section("The story so far", "", why.story);
  section("Left out", "", why.left_out);
  const always = why.parts.map(({ name, tokens }) => {
    const told = name === "history" ? `last ${count(why.history_turns, "turn")}` : NAMES[name] ?? name;
    return `${told} ${grouped(tokens)}`;
  });
  lines.push({ ...BLANK, heading: "Always there" });
  for (const row of plainRows(always.join(` ${separator} `), width)) lines.push({ ...BLANK, wide: row });
  if (byWordsOnly(model)) {
    const words = "Memory goes by words here; /fetch has it go by meaning.";
    lines.push(BLANK, ...plainRows(words, width).map((wide): SheetLine => ({ ...BLANK, wide, dim: true })));
  }
  if (numbers) {
    const counted = why.reported === null
      ? "The provider told no count of its own."
      : `The provider counted ${grouped(why.reported)} tokens.`;
    lines.push(BLANK, { ...BLANK, wide: counted, dim: true });
  }
  return lines;
}

function whose(piece: WhyPiece): string {
  const ago = piece.turns_ago > 0 ? `, ${count(piece.turns_ago, "turn")} ago` : "";
  switch (piece.kind) {
    case "memory":
      return `${piece.speaker !== "" ? piece.speaker : piece.role === "user" ? "you" : "the narrator"}${ago}`;
    case "fact":
      return `known${ago}`;
    case "summary":
      return `told${ago}`;
    case "lore":
      return piece.heading === "" ? "lore" : `lore: ${piece.heading}`;
  }
}

/** What called a piece, or why it stayed away; scores only on demand. */
function notesOf(piece: WhyPiece, sheet: WhySheet, separator: string): string[] {
  const notes: string[] = [];
  if (piece.reason !== "") notes.push(piece.reason);
  if (piece.words.length > 0) notes.push(`you named: ${piece.words.join(", ")}`);
  if (piece.page_words.length > 0) notes.push(`the page names: ${piece.page_words.join(", ")}`);
  if (piece.fact !== "") notes.push(`known: ${piece.fact}`);
  const mark = sheet.marks[piece.id] ?? (piece.pinned ? "pinned" : "");
  if (mark !== "") notes.push(mark);
  if (sheet.numbers) {
    const parts = piece.split.map(({ name, score }) => `${name} ${score.toFixed(2)}`);
    const figures = [
      piece.id,
      piece.tokens > 0 ? count(piece.tokens, "token") : "",
      piece.kind === "summary" ? "" : `score ${piece.score.toFixed(2)}`,
      parts.join(" + "),
    ];
    notes.push(figures.filter((part) => part !== "").join(` ${separator} `));
  }
  return notes;
}

const SPEAKERS = { system: "To the narrator", user: "You", assistant: "The narrator" } as const;

function promptLines(prompt: { role: keyof typeof SPEAKERS; content: string }[], width: number): SheetLine[] {
  return prompt.flatMap(({ role, content }, at) => [
    ...(at === 0 ? [] : [BLANK]),
    { ...BLANK, heading: SPEAKERS[role] },
    ...content.split("\n").flatMap((text) => {
      const rows = plainRows(text, width);
      return rows.length === 0 ? [BLANK] : rows.map((row): SheetLine => ({ ...BLANK, wide: row }));
    }),
  ]);
}

/** What a key of the page does. */
export function updateWhy(model: Model, sheet: WhySheet, action: Action, now_ms: number): Result {
  const entries = whyEntries(sheet);
  const piece = entries[sheet.chosen];
  switch (action) {
    case "previous":
    case "next": {
      const step = action === "next" ? 1 : -1;
      const chosen = Math.max(0, Math.min(entries.length - 1, sheet.chosen + step));
      if (sheet.whole || chosen === sheet.chosen) {
        return [{ ...model, sheet: scrollSheet(model, sheet, step) }, []];
      }
      return [{ ...model, sheet: withInView(model, { ...sheet, chosen }) }, []];
    }
    case "why_numbers":
      return [{ ...model, sheet: withInView(model, { ...sheet, numbers: !sheet.numbers }) }, []];
    case "why_whole":
      if (sheet.why.prompt !== null) return [{ ...model, sheet: { ...sheet, whole: true, top: 0 } }, []];
      return say(model, `/why ${sheet.why.message_id} whole`, now_ms);
    case "why_go":
      if (sheet.whole || piece === undefined) return [model, []];
      if (piece.message_id === null) {
        return [withNotice(model, "Lore stands in the world's file, not in the story.", now_ms), []];
      }
      return goToMessage({ ...model, sheet: null }, piece.message_id, now_ms);
    case "why_pin":
    case "why_forget": {
      if (sheet.whole || piece === undefined) return [model, []];
      if (piece.id === "") {
        return [withNotice(model, "The story so far is always there.", now_ms), []];
      }
      const pin = action === "why_pin";
      const [said, effects] = say(model, `/memory ${pin ? "pin" : "forget"} ${piece.id}`, now_ms);
      const sent = effects[0];
      if (sent?.kind !== "say" || said.sheet?.kind !== "why") return [said, effects];
      const before = sheet.marks[piece.id] ?? (piece.pinned ? "pinned" : "");
      const mark = !pin ? "forgotten" : before === "pinned" ? "" : "pinned";
      return [{ ...said, sheet: { ...sheet, asked: { ref: sent.ref, id: piece.id, mark } } }, effects];
    }
    default:
      return [model, []];
  }
}

/** The brain did what a key asked: the piece shows it. */
export function whyAnswered(sheet: WhySheet, ref: string | null): WhySheet {
  if (sheet.asked === null || ref !== sheet.asked.ref) return sheet;
  return { ...sheet, asked: null, marks: { ...sheet.marks, [sheet.asked.id]: sheet.asked.mark } };
}

/** The page scrolled so far that the chosen entry is in view, with its heading when it is the first. */
function withInView(model: Model, sheet: WhySheet): WhySheet {
  const lines = sheetLines(model, sheet);
  const height = sheetHeight(model);
  const first = lines.findIndex((line) => line.entry === sheet.chosen);
  const last = lines.findLastIndex((line) => line.entry === sheet.chosen);
  if (first < 0) return sheet;
  const from = sheet.chosen === 0 ? 0 : first - (lines[first - 1]?.heading !== "" ? 1 : 0);
  const top = from < sheet.top ? from : last >= sheet.top + height ? last - height + 1 : sheet.top;
  return { ...sheet, top: Math.max(0, Math.min(top, Math.max(0, lines.length - height))) };
}

const count = (many: number, what: string): string => `${grouped(many)} ${what}${many === 1 ? "" : "s"}`;
const grouped = (figure: number): string => String(Math.round(figure)).replace(/\B(?=(\d{3})+$)/g, ",");

/** What holds quotation marks in as much as is shown stands in others, where the terminal has them. */
function quoted(model: Model, text: string, shown: number): string {
  return text.slice(0, shown).includes('"') && model.caps.utf8 ? `“${text}”` : `"${text}"`;
}
