/** Untrusted values read field by field: each complaint names the place. */

/** A frame that is not of the protocol. `message` names the field: `chat_end.total_tokens: not a number`. */
export class CodecError extends Error {
  override name = "CodecError";
}

export type Bag = Record<string, unknown>;

/** A value with the path that led to it, so that every complaint can name the place. */
export class Field {
  constructor(readonly value: unknown, readonly path: string) {}

  fail(expected: string): never {
    throw new CodecError(`${this.path}: not ${expected}`);
  }
  get missing(): boolean {
    return this.value === undefined;
  }
  get absent(): boolean {
    return this.value === undefined || this.value === null;
  }
  at(name: string): Field {
    return new Field(this.object()[name], `${this.path}.${name}`);
  }
  object(): Bag {
    const value = this.value;
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.fail("an object");
    return value as Bag;
  }
  text(): string {
    return typeof this.value === "string" ? this.value : this.fail("a string");
  }
  number(): number {
    return typeof this.value === "number" && Number.isFinite(this.value) ? this.value : this.fail("a number");
  }
  boolean(): boolean {
    return typeof this.value === "boolean" ? this.value : this.fail("true or false");
  }
  /** One of `words`. */
  word<Word extends string>(words: readonly Word[]): Word {
    const found = words.find((word) => word === this.value);
    return found ?? this.fail(`one of ${words.join(", ")}`);
  }
  list<Item>(read: (item: Field) => Item): Item[] {
    if (!Array.isArray(this.value)) this.fail("a list");
    return this.value.map((item, index) => read(new Field(item, `${this.path}[${index}]`)));
  }
  /** `read` when the field is there; `otherwise` when it is missing. A null stands for missing only in our own fields. */
  or<Item, Other>(otherwise: Other, read: (field: Field) => Item): Item | Other {
    return this.missing ? otherwise : read(this);
  }
  orNull<Item>(read: (field: Field) => Item): Item | null {
    return this.absent ? null : read(this);
  }
}

export const text = (field: Field) => field.text();
export const number = (field: Field) => field.number();
