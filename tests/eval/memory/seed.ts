/** The original's method on the same data: MiniLM over exchanges and 800-character chunks, cosine, top 3 and top 2. */
import type { Embedder } from "../../../brain/memory/embedder.ts";
import type { Book, Dialogue } from "./data.ts";
import { answerCoverage, countWords, mean, recallAt, reciprocalRank } from "./metrics.ts";
import { type BookFigures, type DialogueFigures, type Seen, WORD_BUDGET } from "./run.ts";

const TOP_MEMORIES = 3;
const TOP_LORE = 2;
const CHUNK = 800;

interface Piece {
  text: string;
  turns: string[];
  vector: Float32Array;
}

/** Exchanges: one of each side, as the original stores them. `turn_r10`: the published measure, one turn a document. */
export async function seedDialogues(
  dialogues: Dialogue[],
  embedder: Embedder,
  seen: Seen,
): Promise<DialogueFigures & { turn_r10: number }> {
  const rows: { category: string; list: string[]; printed: string[]; turns: string[]; evidence: string[] }[] =
    [];
  for (const dialogue of dialogues) {
    const exchanges: { text: string; turns: string[] }[] = [];
    for (const turn of dialogue.turns) {
      const last = exchanges.at(-1);
      const opens = turn.speaker === dialogue.speakers[0] || last === undefined || last.turns.length > 1;
      const text = `${turn.speaker}: ${turn.text}`;
      if (opens) exchanges.push({ text, turns: [turn.id] });
      else {
        last.text += `\n${text}`;
        last.turns.push(turn.id);
      }
    }
    const pieces = await placed(exchanges, embedder);
    const single = await placed(
      dialogue.turns.map(({ id, speaker, text }) => ({ text: `${speaker}: ${text}`, turns: [id] })),
      embedder,
    );
    for (const question of dialogue.questions) {
      if (question.evidence.length === 0) continue;
      const begun = performance.now();
      const [vector] = await embedder.embed([question.text]);
      const ranked = nearest(pieces, vector);
      seen.times.push(performance.now() - begun);
      const list = ranked.flatMap((piece) => piece.turns);
      seen.rankings[question.id] = list.slice(0, 10);
      rows.push({
        category: question.category,
        list,
        printed: withinBudget(ranked.slice(0, TOP_MEMORIES)).flatMap((piece) => piece.turns),
        turns: nearest(single, vector).flatMap((piece) => piece.turns),
        evidence: question.evidence,
      });
    }
  }
  const figures = (of: typeof rows) => ({
    questions: of.length,
    r3: mean(of.map((row) => recallAt(row.list, row.evidence, 3))),
    r5: mean(of.map((row) => recallAt(row.list, row.evidence, 5))),
    r10: mean(of.map((row) => recallAt(row.list, row.evidence, 10))),
    mrr: mean(of.map((row) => reciprocalRank(row.list, row.evidence))),
    r300: mean(of.map((row) => recallAt(row.printed, row.evidence, Infinity))),
  });
  const categories = [...new Set(rows.map((row) => row.category))];
  return {
    ...figures(rows),
    by_category: Object.fromEntries(
      categories.map((name) => [name, figures(rows.filter((row) => row.category === name))]),
    ),
    turn_r10: mean(rows.map((row) => recallAt(row.turns, row.evidence, 10))),
  };
}

/** Chunks of at most 800 characters at line breaks or blanks, the two nearest. */
export async function seedBooks(books: Book[], embedder: Embedder, seen: Seen): Promise<BookFigures> {
  const coverage: number[] = [];
  for (const book of books) {
    const chunks = book.documents.flatMap((document) =>
      chunked(document.sections.map((section) => section.text).join("\n\n"))
    );
    const pieces = await placed(chunks.map((text) => ({ text, turns: [] })), embedder);
    for (const question of book.questions.filter((question) => question.explicit)) {
      const begun = performance.now();
      const [vector] = await embedder.embed([question.text]);
      const ranked = nearest(pieces, vector).slice(0, TOP_LORE);
      seen.times.push(performance.now() - begun);
      const block = withinBudget(ranked).map((piece) => piece.text).join("\n");
      const covered = answerCoverage(block, question.answer, question.text);
      if (covered !== null) coverage.push(covered);
    }
  }
  return { questions: coverage.length, coverage300: mean(coverage) };
}

async function placed(pieces: { text: string; turns: string[] }[], embedder: Embedder): Promise<Piece[]> {
  const vectors = await embedder.embed(pieces.map((piece) => piece.text));
  return pieces.map((piece, i) => ({ ...piece, vector: vectors[i] }));
}

function nearest(pieces: Piece[], vector: Float32Array): Piece[] {
  return pieces.map((piece) => ({
    piece,
    likeness: piece.vector.reduce((sum, n, i) => sum + n * vector[i], 0),
  }))
    .sort((a, b) => b.likeness - a.likeness).map(({ piece }) => piece);
}

function withinBudget(pieces: Piece[]): Piece[] {
  let words = 0;
  const fits: Piece[] = [];
  for (const piece of pieces) {
    words += countWords(piece.text);
    if (words > WORD_BUDGET) break;
    fits.push(piece);
  }
  return fits;
}

function chunked(text: string): string[] {
  const chunks: string[] = [];
  let rest = text.trim();
  while (rest.length > CHUNK) {
    const head = rest.slice(0, CHUNK);
    const end = Math.max(head.lastIndexOf("\n"), 0) || Math.max(head.lastIndexOf(" "), 0) || CHUNK;
    chunks.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  return rest === "" ? chunks : [...chunks, rest];
}
