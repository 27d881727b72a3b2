/** The marks that chat templates and reasoning models leave in a text: found at a place, or still incomplete. Pure. */

export type Mark =
  /** Thoughts begin. */
  | "open"
  /** Thoughts end. */
  | "close"
  /** `<|channel|>`: the channel's name follows, up to `<|message|>`. */
  | "channel"
  /** The name of a role follows, up to a newline or `<|message|>`. */
  | "header"
  /** The end of a header or of a channel's name. */
  | "body"
  /** The reply is over. */
  | "token";

const TAGS = ["think", "thinking", "thought", "thoughts", "reasoning", "seed:think"];

const LITERALS: [string, Mark][] = [
  ...TAGS.map((tag): [string, Mark] => [`<${tag}>`, "open"]),
  ...TAGS.map((tag): [string, Mark] => [`</${tag}>`, "close"]),
  ["[think]", "open"],
  ["[/think]", "close"],
  ["◁think▷", "open"],
  ["◁/think▷", "close"],
  ["<|begin_of_thought|>", "open"],
  ["<|end_of_thought|>", "close"],
  ["<|channel>thought", "open"],
  ["<channel|>", "close"],
  ["<|channel|>", "channel"],
  ["<|start|>", "header"],
  ["<|im_start|>", "header"],
  ["<|start_header_id|>", "header"],
  ["<start_of_turn>", "header"],
  ["<|message|>", "body"],
  ["<|end_header_id|>", "body"],
  ["<end_of_turn>", "token"],
  ["[inst]", "token"],
  ["[/inst]", "token"],
  ["</s>", "token"],
  ["<eos>", "token"],
];

/** Every other `<|name|>`, and DeepSeek's `<｜name｜>`. */
const TOKEN = /^<[|｜][^<>|｜\n]{1,40}[|｜]>/;
const PART_OF_TOKEN = /^<(?:[|｜](?:[^<>|｜\n]{1,40}[|｜]?)?)?$/;

/** Characters that a mark can begin with. */
export const MARK_START = /[<[◁]/;

/**
 * The mark that `text` begins with. "maybe": it ends before that can be told; null: there is none.
 */
export function markAt(text: string): { mark: Mark; length: number } | "maybe" | null {
  const lower = text.slice(0, 48).toLowerCase();
  const literal = LITERALS.find(([written]) => lower.startsWith(written));
  if (literal) return { mark: literal[1], length: literal[0].length };
  const token = TOKEN.exec(text);
  if (token) return { mark: "token", length: token[0].length };
  return PART_OF_TOKEN.test(text) || LITERALS.some(([written]) => written.startsWith(lower)) ? "maybe" : null;
}
