/** What stands in a world, character, rule or base rules file: text in, the noun or the problems out. Pure. */

import { nearest } from "../../shared/slips.ts";
import type { Character, NarratorLines, Rule, World } from "../../shared/story.ts";
import { type ParsedYaml, parseYaml, YamlError } from "../yaml.ts";

/** One complaint about one place; `line` and `col` count from 1. */
export interface AssetProblem {
  file: string;
  line: number;
  col: number;
  reason: string;
}

/** `asset` is null when the file cannot be used; problems may stand beside a usable one. */
export interface ReadAsset<Asset> {
  asset: Asset | null;
  problems: AssetProblem[];
  /** Where ids of other assets are named, so that the library can look whether they exist. */
  mentions: (AssetPlace & { id: string })[];
}
interface AssetPlace {
  file: string;
  line: number;
  col: number;
}

export const ASSET_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const MAX_NAME_LENGTH = 120;
/** Unknown keys beyond these are not listed. */
const MAX_FILE_PROBLEMS = 10;

const WORLD_KEYS = [
  "id",
  "name",
  "hook",
  "lore",
  "start_message",
  "scene",
  "system_prompt",
  "characters",
  "narrator",
] as const;
const CHARACTER_KEYS = ["id", "name", "persona", "secret"] as const;
const RULE_KEYS = ["id", "name", "prompt"] as const;
const LINE_KEYS = ["look", "speak", "take", "go", "wait", "ask", "hard", "beats"] as const;
const NARRATOR_KEYS = [...LINE_KEYS, "answers", "first_line"] as const;

/** Reads a world file. Never throws. */
export function readWorld(text: string, file: string): ReadAsset<World> {
  return read(text, file, WORLD_KEYS, (form) => ({
    id: idField(form),
    name: nameField(form, true),
    hook: oneLine(textField(form, ["hook"])),
    lore: textField(form, ["lore"]),
    start_message: textField(form, ["start_message"]),
    scene: textField(form, ["scene"]),
    system_prompt: textField(form, ["system_prompt"]),
    characters: charactersField(form),
    narrator: narratorField(form),
  }));
}

/** Reads a file of a player's character. Never throws. */
export function readCharacter(text: string, file: string): ReadAsset<Character> {
  return read(text, file, CHARACTER_KEYS, (form) => ({
    id: idField(form),
    name: nameField(form, true),
    persona: textField(form, ["persona"]),
    secret: textField(form, ["secret"]),
  }));
}

/** Reads a rule pack; without a name it is called by its id. Never throws. */
export function readRule(text: string, file: string): ReadAsset<Rule> {
  return read(text, file, RULE_KEYS, (form) => {
    const id = idField(form);
    return { id, name: nameField(form, false) || id, prompt: textField(form, ["prompt"]) };
  });
}

/**
 * Reads `system_rules.yaml`: a text, a list of texts (numbered here), or a mapping that has either under `rules`
 * or `prompt`. A file of nothing else is a problem. Never throws.
 */
export function readBaseRules(text: string, file: string): ReadAsset<string> {
  const form = parse(text, file);
  if (!("parsed" in form)) return form;
  const top = form.fields;
  const key = isMapping(top) ? ["rules", "prompt"].find((name) => name in top) : undefined;
  const value = key && isMapping(top) ? top[key] : top;
  const rules = Array.isArray(value)
    ? value.map((rule, index) => typeof rule === "string" ? `${index + 1}. ${clean(rule)}` : "").join("\n")
    : typeof value === "string"
    ? clean(value)
    : "";
  if (!rules || (Array.isArray(value) && value.some((rule) => typeof rule !== "string"))) {
    complain(form, key ? [key] : [], "needs the rules as one text or as a list of texts");
    return { asset: null, problems: form.problems, mentions: [] };
  }
  return { asset: rules, problems: [], mentions: [] };
}

/** A file while it is read: complaints gather in `problems`; `broken` says that one of them rules the file out. */
interface Form {
  file: string;
  parsed: ParsedYaml;
  fields: unknown;
  problems: AssetProblem[];
  mentions: ReadAsset<never>["mentions"];
  broken: boolean;
}
type Path = (string | number)[];

function parse(text: string, file: string): Form | ReadAsset<never> {
  try {
    const parsed = parseYaml(text, file);
    return { file, parsed, fields: parsed.value, problems: [], mentions: [], broken: false };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const { line, col, reason } = error;
    return { asset: null, problems: [{ file, line, col, reason }], mentions: [] };
  }
}

function read<Asset>(
  text: string,
  file: string,
  keys: readonly string[],
  fill: (form: Form) => Asset,
): ReadAsset<Asset> {
  const form = parse(text, file);
  if (!("parsed" in form)) return form;
  if (!isMapping(form.fields)) {
    complain(form, [], `needs "key: value" lines; known keys are ${keys.join(", ")}`);
    return { asset: null, problems: form.problems, mentions: [] };
  }
  noteUnknownKeys(form, [], keys);
  const asset = fill(form);
  return { asset: form.broken ? null : asset, problems: form.problems, mentions: form.mentions };
}

function idField(form: Form): string {
  const id = fieldAt(form, ["id"]);
  if (id === undefined) complain(form, [], 'needs an "id"');
  else if (id === null) complainEmpty(form, ["id"]);
  else if (typeof id !== "string") {
    complain(form, ["id"], `"id" must be a text, not ${nameOf(id)}; put quotes around it`);
  } else if (!ASSET_ID.test(id)) {
    complain(
      form,
      ["id"],
      `"id" must be a plain name (a-z, 0-9, _ and -, at most 64 characters), not ${quote(id)}`,
    );
  } else return id;
  return "";
}

function nameField(form: Form, required: boolean): string {
  const given = fieldAt(form, ["name"]);
  const name = oneLine(textField(form, ["name"]));
  if (given === undefined ? required : typeof given === "string" && !name) {
    complain(form, given === undefined ? [] : ["name"], 'needs a "name"');
  } else if (name.length > MAX_NAME_LENGTH) {
    complain(form, ["name"], `"name" has ${name.length} characters, at most ${MAX_NAME_LENGTH} are allowed`);
  }
  return name;
}

/** A missing text is empty; null and anything that is no text rule the file out. */
function textField(form: Form, path: Path): string {
  const value = fieldAt(form, path);
  if (value === undefined) return "";
  if (typeof value === "string") return clean(value);
  const advice = typeof value === "object" ? "" : "; put quotes around it";
  if (value === null) complainEmpty(form, path);
  else complain(form, path, `${label(path)} must be a text, not ${nameOf(value)}${advice}`);
  return "";
}

function listField<Item>(form: Form, path: Path, item: (path: Path) => Item): Item[] {
  const value = fieldAt(form, path);
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.map((_, index) => item([...path, index]));
  if (value === null) complainEmpty(form, path);
  else complain(form, path, `${label(path)} must be a list ("- " lines), not ${nameOf(value)}`);
  return [];
}

function charactersField(form: Form): string[] {
  const ids = listField(form, ["characters"], (path) => {
    const id = textField(form, path);
    form.mentions.push({ file: form.file, ...form.parsed.line(path), id });
    return id;
  });
  return [...new Set(ids)];
}

function narratorField(form: Form): NarratorLines | null {
  const narrator = fieldAt(form, ["narrator"]);
  if (narrator === undefined) return null;
  if (!isMapping(narrator)) {
    if (narrator === null) complainEmpty(form, ["narrator"]);
    else complain(form, ["narrator"], `"narrator" must hold "key: list" lines, not ${nameOf(narrator)}`);
    return null;
  }
  noteUnknownKeys(form, ["narrator"], NARRATOR_KEYS);
  const texts = (key: string) =>
    listField(form, ["narrator", key], (path) => textField(form, path)).filter((line) => line !== "");
  const [look, speak, take, go, wait, ask, hard, beats] = LINE_KEYS.map(texts);
  const answers = listField(form, ["narrator", "answers"], (path) => {
    if (!isMapping(fieldAt(form, path))) complain(form, path, 'an answer needs "about" and "line"');
    return {
      about: listField(form, [...path, "about"], (word) => textField(form, word).toLowerCase()),
      line: textField(form, [...path, "line"]),
    };
  }).filter((answer) => answer.line !== "" && answer.about.length > 0);
  const first_line = oneLine(textField(form, ["narrator", "first_line"]));
  return { look, speak, take, go, wait, ask, hard, beats, answers, first_line };
}

function fieldAt(form: Form, path: Path): unknown {
  let value: unknown = form.fields;
  for (const step of path) {
    if (Array.isArray(value) && typeof step === "number") value = value[step];
    else if (isMapping(value) && Object.hasOwn(value, step)) value = value[step];
    else return undefined;
  }
  return value;
}

function noteUnknownKeys(form: Form, path: Path, keys: readonly string[]): void {
  const fields = fieldAt(form, path);
  if (!isMapping(fields)) return;
  for (const key of Object.keys(fields)) {
    if (keys.includes(key) || form.problems.length >= MAX_FILE_PROBLEMS) continue;
    const meant = nearest(key.replaceAll("-", "_"), keys, 1);
    const advice = meant ? `did you mean "${meant}"?` : `known keys are ${keys.join(", ")}`;
    note(form, [...path, key], `${quote(key)} is not known here and is ignored; ${advice}`);
  }
}

function complain(form: Form, path: Path, reason: string): void {
  form.broken = true;
  note(form, path, reason);
}

function complainEmpty(form: Form, path: Path): void {
  complain(form, path, `${label(path)} is empty; write something or leave the line out`);
}

function note(form: Form, path: Path, reason: string): void {
  if (form.problems.length <= MAX_FILE_PROBLEMS) {
    form.problems.push({ file: form.file, ...form.parsed.line(path), reason });
  }
}

function label(path: Path): string {
  const last = path[path.length - 1];
  return typeof last === "number" ? `item ${last + 1} of "${path[path.length - 2]}"` : `"${last}"`;
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return 'a group of "key: value" lines';
  return typeof value === "number" ? `the number ${value}` : String(value);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? text.slice(0, 60) + "…" : text);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Control characters but line breaks and tabs go (YAML can write them as "\e"); so do blanks at both ends. */
function clean(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(/(?![\t\n])\p{Cc}/gu, "").trim();
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
