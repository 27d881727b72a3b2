/**
 * A story as a file of lines of JSON, with all its tellings and branches: written here, and read back without trust.
 * The same story makes the same file wherever it is kept, because nothing in it names an id of a database. Pure.
 */

import { createHash } from "node:crypto";
import type { Usage } from "../../shared/story.ts";
import {
  type Archive,
  type ArchivedMemory,
  type ArchivedMessage,
  type ArchivedRow,
  CARRIED_TABLES,
} from "../store/archive.ts";

/** The file is no story of ours, or is damaged. `message` says where. */
export class StoryFileError extends Error {
  override name = "StoryFileError";
}

const FORMAT = 1;
const MAX_TEXT = 16 * 1024 * 1024;

type Fields = Record<string, unknown>;

/** The file's text: a head, a line for each message, memory and carried row, and an end that counts them. */
export function writeStoryFile(archive: Archive): string {
  const { messages, memory, rows, ...story } = archive;
  const lines: unknown[] = [
    { flower: "story", format: FORMAT, story },
    ...messages.map((message) => ({ message })),
    ...memory.map((memory) => ({ memory })),
    ...rows.map((row) => ({ row })),
  ];
  lines.push({ end: lines.length });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/**
 * The id under which this story is imported for this player: twelve hexadecimal digits that name it by what was told
 * in it, the same for every copy of the file, another one as soon as a message is added.
 */
export function importedId(player_id: string, archive: Archive): string {
  const { world_id, character_id, created_ms, messages } = archive;
  const told = messages.map((
    { n, parent, role, content, status, created_ms },
  ) => [n, parent, role, content, status, created_ms]);
  return createHash("sha256").update(JSON.stringify([player_id, world_id, character_id, created_ms, told]))
    .digest("hex")
    .slice(0, 12);
}

/** Reads the text of such a file. Throws StoryFileError, which names the line. */
export function readStoryFile(text: string): Archive {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  while (lines.at(-1) === "") lines.pop();
  const records = lines.map((line, index) => parse(line, index + 1));
  const head = records[0];
  if (head === undefined || head.flower !== "story") {
    throw new StoryFileError("This is no story that `flower export --format jsonl` wrote.");
  }
  if (head.format !== FORMAT) {
    throw new StoryFileError(
      `This story has format ${
        JSON.stringify(head.format)
      }, and this Flower Engine reads ${FORMAT}. Update it.`,
    );
  }
  if (records.at(-1)?.end !== records.length - 1) {
    throw new StoryFileError(
      "The end of the file is missing: it was cut off, or lines were taken out. Export the story again.",
    );
  }
  const archive: Archive = { ...readStory(check(head.story, 1)), messages: [], memory: [], rows: [] };
  for (const [index, record] of records.slice(1, -1).entries()) {
    const line = index + 2;
    if (record.message !== undefined) {
      archive.messages.push(readMessage(check(record.message, line), archive.messages.length + 1));
    } else if (record.memory !== undefined) {
      archive.memory.push(readMemory(check(record.memory, line), archive.messages.length));
    } else if (record.row !== undefined) {
      archive.rows.push(readRow(check(record.row, line), archive.messages.length));
    } else {
      throw new StoryFileError(`Line ${line}: this is neither a message nor something that goes with one.`);
    }
  }
  if (archive.leaf !== null && archive.leaf > archive.messages.length) {
    throw new StoryFileError(`Line 1: the story ends at message ${archive.leaf}, and there is none.`);
  }
  return archive;
}

function parse(line: string, number: number): Fields {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new StoryFileError(`Line ${number}: this is no JSON; the file is damaged.`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new StoryFileError(`Line ${number}: this is no record.`);
  }
  return value as Fields;
}

/** The fields of one record, read with complaints that name line and field. */
interface Checked {
  text(name: string, max?: number): string;
  whole(name: string, min: number, max?: number): number;
  /** A message's number, or null. */
  place(name: string, max: number): number | null;
  oneOf<Item extends string>(name: string, items: readonly Item[]): Item;
  raw(name: string): unknown;
  fail(name: string, want: string): never;
}

function check(value: unknown, line: number): Checked {
  const fields = typeof value === "object" && value !== null && !Array.isArray(value) ? value as Fields : {};
  const fail = (name: string, want: string): never => {
    throw new StoryFileError(`Line ${line}: "${name}" must be ${want}.`);
  };
  const raw = (name: string) => Object.hasOwn(fields, name) ? fields[name] : undefined;
  const whole = (name: string, min: number, max = Number.MAX_SAFE_INTEGER) => {
    const number = raw(name);
    if (typeof number === "number" && Number.isSafeInteger(number) && number >= min && number <= max) {
      return number;
    }
    return fail(name, `a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? " on" : ` to ${max}`}`);
  };
  return {
    text(name, max = MAX_TEXT) {
      const text = raw(name);
      return typeof text === "string" && text.length <= max
        ? text
        : fail(name, `a text of at most ${max} characters`);
    },
    whole,
    place: (name, max) => raw(name) === null ? null : whole(name, 1, max),
    oneOf: (name, items) =>
      items.find((item) => item === raw(name)) ?? fail(name, `one of ${items.join(", ")}`),
    raw,
    fail,
  };
}

function readStory(story: Checked): Omit<Archive, "messages" | "memory" | "rows"> {
  return {
    title: story.text("title", 1000),
    world_id: story.text("world_id", 200),
    character_id: story.text("character_id", 200),
    model: story.text("model", 1000),
    created_ms: story.whole("created_ms", 0),
    last_used_ms: story.whole("last_used_ms", 0),
    leaf: story.place("leaf", Number.MAX_SAFE_INTEGER),
  };
}

function readMessage(message: Checked, n: number): ArchivedMessage {
  return {
    n: message.whole("n", n, n),
    parent: message.place("parent", n - 1),
    role: message.oneOf("role", ["user", "assistant"]),
    content: message.text("content"),
    status: message.oneOf("status", ["complete", "stopped", "failed"]),
    model: message.text("model", 1000),
    tokens: message.whole("tokens", 0),
    usage: readUsage(message),
    created_ms: message.whole("created_ms", 0),
  };
}

function readUsage(message: Checked): Usage | null {
  const usage = message.raw("usage");
  if (usage === null) return null;
  const fields = typeof usage === "object" ? usage as Fields : {};
  const number = (name: string) => {
    const value = fields[name];
    if (typeof value === "number" && value >= 0) return value;
    return message.fail(`usage.${name}`, "a number from 0 on");
  };
  return {
    prompt_tokens: number("prompt_tokens"),
    cached_tokens: number("cached_tokens"),
    completion_tokens: number("completion_tokens"),
    cost: fields.cost === null ? null : number("cost"),
    first_token_ms: number("first_token_ms"),
    tokens_per_second: number("tokens_per_second"),
    ...(fields.at_limit === true ? { at_limit: true } : {}),
  };
}

function readMemory(memory: Checked, messages: number): ArchivedMemory {
  const texts = memory.raw("texts");
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === "string")) {
    memory.fail("texts", "a list of texts");
  }
  return {
    n: memory.whole("n", 1, messages),
    texts: texts as string[],
    speaker: memory.text("speaker"),
    scene: memory.text("scene"),
    time: memory.text("time"),
  };
}

function readRow(row: Checked, messages: number): ArchivedRow {
  const table = row.oneOf("table", CARRIED_TABLES.map((carried) => carried.table));
  const values = row.raw("values");
  if (typeof values !== "object" || values === null) return row.fail("values", "the columns of a row");
  const columns = CARRIED_TABLES.find((carried) => carried.table === table)!.messages;
  for (const [name, value] of Object.entries(values)) {
    if (columns.includes(name)) {
      const points = value === null || (Number.isSafeInteger(value) && value >= 1 && value <= messages);
      if (!points) row.fail(`values.${name}`, `the number of a message, 1 to ${messages}`);
    } else if (value !== null && typeof value !== "string" && typeof value !== "number") {
      row.fail(`values.${name}`, "a text, a number or null");
    }
  }
  return { table, values: { ...values } as ArchivedRow["values"] };
}
