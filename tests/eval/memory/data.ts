/** Data sets of memory.md 3: dialogues with questions about turns, and books with questions about sections. */

export interface Dialogue {
  name: string;
  speakers: string[];
  turns: { id: string; scene: number | string; time: string; speaker: string; text: string }[];
  questions: { id: string; category: string; text: string; evidence: string[] }[];
  facts: { speaker: string; text: string; sources: string[] }[];
}

export interface Book {
  name: string;
  documents: { id: string; sections: { id: number | string; text: string }[] }[];
  questions: {
    id: string;
    text: string;
    answer: string;
    document: string;
    sections: (number | string)[];
    explicit: boolean;
  }[];
}

export interface DataSet {
  dialogues: Dialogue[];
  books: Book[];
}

/**
 * Reads every `*.json` of a directory, by name. What other data sets may lack gets its plainest value. Throws when a file is
 * neither a dialogue nor a book.
 */
export async function readData(directory: string): Promise<DataSet> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    if (entry.isFile && entry.name.endsWith(".json")) names.push(entry.name);
  }
  const data: DataSet = { dialogues: [], books: [] };
  for (const name of names.sort()) {
    const value: unknown = JSON.parse(await Deno.readTextFile(`${directory}/${name}`));
    if (isDialogue(value)) data.dialogues.push(wholeDialogue(name, value));
    else if (isBook(value)) data.books.push(wholeBook(name, value));
    else {
      throw new Error(
        `${directory}/${name} is neither a dialogue (turns, questions) nor a book (documents, questions)`,
      );
    }
  }
  return data;
}

function wholeDialogue(file: string, dialogue: Dialogue): Dialogue {
  const turns = dialogue.turns.map((turn) => ({ ...turn, scene: turn.scene ?? "", time: turn.time ?? "" }));
  return {
    name: dialogue.name ?? file,
    speakers: dialogue.speakers ?? [...new Set(turns.map((turn) => turn.speaker))],
    turns,
    questions: dialogue.questions.map((question) => ({
      ...question,
      category: question.category ?? "",
      evidence: question.evidence ?? [],
    })),
    facts: dialogue.facts ?? [],
  };
}

function wholeBook(file: string, book: Book): Book {
  return {
    ...book,
    name: book.name ?? file,
    questions: book.questions.map((question) => ({ ...question, explicit: question.explicit ?? true })),
  };
}

function isDialogue(value: unknown): value is Dialogue {
  return isRecord(value) && Array.isArray(value.turns) && Array.isArray(value.questions);
}

function isBook(value: unknown): value is Book {
  return isRecord(value) && Array.isArray(value.documents) && Array.isArray(value.questions);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** The same with every `step`th question. */
export function sampled(data: DataSet, step: number): DataSet {
  const some = <Item>(items: Item[]) => items.filter((_, i) => i % step === 0);
  return {
    dialogues: data.dialogues.map((dialogue) => ({ ...dialogue, questions: some(dialogue.questions) })),
    books: data.books.map((book) => ({ ...book, questions: some(book.questions) })),
  };
}

/** The `count` dialogues with the fewest turns, and the books with the fewest sections. */
export function shortest(data: DataSet, count: number): DataSet {
  const sections = (book: Book) =>
    book.documents.reduce((sum, document) => sum + document.sections.length, 0);
  return {
    dialogues: data.dialogues.toSorted((a, b) => a.turns.length - b.turns.length).slice(0, count),
    books: data.books.toSorted((a, b) => sections(a) - sections(b)).slice(0, count),
  };
}
