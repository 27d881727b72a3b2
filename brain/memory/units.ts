/** Text becomes units: the pieces of lore and of story that are indexed, searched and shown. Pure. */

/** Hard cap of one chunk of lore, in UTF-16 units: what the asset schema promises. */
const LORE_CHUNK_CAP = 800;
/** Where a unit is cut, at the last sentence end before it: smaller units are found more precisely. */
export const UNIT_LENGTH = 400;
// The rest of a paragraph of lore that is shorter than this stays with the piece before it.
const STUB_LENGTH = 120;

export interface LoreUnit {
  heading: string;
  text: string;
  /** What stood after `Known to:`; empty when it is common knowledge. */
  known_to: string;
}

/**
 * Lore text -> units, one per paragraph under its heading (`# Heading`, any depth; deeper headings are joined with
 * " / "). Paragraphs end at a blank line or a heading. A longer one than UNIT_LENGTH is cut between lines, a longer
 * line at sentence ends; no unit is longer than LORE_CHUNK_CAP. `Known to: a, b.` at the end of a paragraph is taken
 * out and holds for all its units.
 */
export function chunkLore(text: string): LoreUnit[] {
  const units: LoreUnit[] = [];
  const headings: string[] = [];
  let lines: string[] = [];
  const flush = () => {
    const { body, known_to } = splitKnownTo(lines.join("\n"));
    lines = [];
    const heading = headings.filter((part) => part !== "").join(" / ").slice(0, 200);
    for (const piece of cutLines(body)) units.push({ heading, text: piece, known_to });
  };
  for (const raw of text.split(/\r\n?|\n/)) {
    const line = raw.trim();
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (heading) {
      flush();
      headings.length = Math.min(headings.length, heading[1].length - 1);
      while (headings.length < heading[1].length - 1) headings.push("");
      headings.push(heading[2].trim());
    } else if (line === "") {
      flush();
    } else {
      lines.push(line);
    }
  }
  flush();
  return units;
}

/**
 * A line of the player or a reply -> its verbatim pieces, cut at sentence ends, of at most UNIT_LENGTH (one long
 * sentence is cut at a blank). White space between pieces is the only thing that is lost.
 */
export function cutTurn(text: string): string[] {
  return trimmed(packed(text.split(SENTENCE_START)));
}

/** The sentences of a text, none empty. */
export function sentencesOf(text: string): string[] {
  return trimmed(text.split(SENTENCE_START));
}

function splitKnownTo(paragraph: string): { body: string; known_to: string } {
  const last = [...paragraph.matchAll(/(?:^|\s)\(?known to:/gi)].at(-1);
  const names = last && paragraph.slice(last.index + last[0].length).trim();
  // Longer, or over several lines: somebody wrote a sentence, not a list of who knows.
  if (!last || !names || names.length > 300 || names.includes("\n")) {
    return { body: paragraph.trim(), known_to: "" };
  }
  return { body: paragraph.slice(0, last.index).trim(), known_to: names.replace(/[.)\s]+$/, "") };
}

// Lines stay whole while they fit: in a list or a table a line is the unit of meaning.
function cutLines(body: string): string[] {
  const pieces = packed(
    body.split(/(?<=\n)/).flatMap((line) =>
      line.trim().length <= UNIT_LENGTH ? [line] : line.split(SENTENCE_START)
    ),
  );
  const joined = pieces.slice(-2).join("").trim();
  if (pieces.length > 1 && pieces.at(-1)!.trim().length < STUB_LENGTH && joined.length <= LORE_CHUNK_CAP) {
    pieces.splice(-2, 2, joined);
  }
  return trimmed(pieces);
}

// Where a sentence or a paragraph begins. The look-ahead stands first and the closing marks are counted: otherwise a
// page of blanks or quotes would take seconds.
const SENTENCE_START =
  /(?=\S)(?<=[.!?…]["'”’»)\]*_]{0,4}\s+|\n\s*\n\s*|[。！？][」』”）]{0,4})(?![」』”）])/u;

// Joins neighbouring slices of a text while they fit; a longer one is cut at blanks, or anywhere but inside a pair.
function packed(slices: string[]): string[] {
  const out: string[] = [];
  for (const slice of slices.flatMap(cutLong)) {
    const last = out.length - 1;
    if (last >= 0 && (out[last] + slice).trim().length <= UNIT_LENGTH) out[last] += slice;
    else out.push(slice);
  }
  return out;
}

function trimmed(pieces: string[]): string[] {
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== "");
}

function cutLong(text: string): string[] {
  const out: string[] = [];
  let rest = text;
  while (rest.trimEnd().length > UNIT_LENGTH) {
    const blank = rest.lastIndexOf(" ", UNIT_LENGTH - 1) + 1;
    let end = blank > UNIT_LENGTH / 2 ? blank : UNIT_LENGTH;
    if (/[\uD800-\uDBFF]/.test(rest[end - 1])) end--;
    out.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  if (rest !== "") out.push(rest);
  return out;
}
