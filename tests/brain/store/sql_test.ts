/**
 * Every query of the store that touches what belongs to players names the player, or stands below with the reason why it
 * need not. A new query that does neither fails here: give it `player_id = ?`, or a row and a reason.
 */

import assert from "node:assert/strict";
import { join } from "node:path";

const BRAIN = join(import.meta.dirname ?? ".", "..", "..", "..", "brain");
const STORE = join(BRAIN, "store");

/** Tables whose rows are somebody's. */
const OWNED =
  /\b(sessions|messages|prompts|lore_units|lore_fts|memory_units|memory_fts|facts|facts_fts|fact_runs|marks|summaries|side_usage|daily_usage|player_state|vectors)\b/;
const QUERY = /\b(SELECT|INSERT INTO|INSERT OR|UPDATE|DELETE FROM|WITH RECURSIVE)\b/;
/** A condition on the player, the fragment of messages.ts that holds one, or a row that is written with its player. */
const NAMES_PLAYER = /player_id\s*(=|IN)\s*(\?|\(|\$\{)|\$\{OWNED\}|INSERT[^]*\bplayer_id\b/;

const FENCED = "the same function has found its session or message by the player before";
const PIECE = "part of a query that names the player";
const ALL = "maintenance at the start or by the owner's roles; nothing of it goes to a player";
const WITHIN = "ids alone, and recall keeps only those that it has read for this player";
const INDEX = "keeps an index in order; returns nothing";

/** File, how the query begins (white space as one blank), why it need not name the player. */
const ALLOWED: [string, string, string][] = [
  [
    "archive.ts",
    "SELECT id, parent_id, role, content, status, model, tokens, usage, created_ms FROM messages",
    FENCED,
  ],
  ["derived.ts", "SELECT m.id, m.session_id, s.player_id, s.character_id, m.role, m.content,", ALL],
  ["derived.ts", "SELECT coalesce(max(id), 0) AS last FROM memory_units WHERE message_id = ?", ALL],
  ["derived.ts", "INSERT INTO memory_units (${columns}) SELECT", ALL],
  ["derived.ts", "DELETE FROM memory_units WHERE message_id = ? AND id <= ?", ALL],
  ["derived.ts", "SELECT DISTINCT world_id FROM lore_units WHERE player_id = ''", ALL],
  [
    "derived.ts",
    "SELECT heading, text, known_to FROM lore_units WHERE world_id = ? AND player_id = ''",
    "a world's own lore is nobody's",
  ],
  ["derived.ts", "INSERT INTO memory_fts (memory_fts) VALUES ('rebuild')", INDEX],
  ["derived.ts", "INSERT INTO lore_fts (lore_fts) VALUES ('rebuild')", INDEX],
  ["derived.ts", "INSERT INTO facts_fts (facts_fts) VALUES ('rebuild')", INDEX],
  ["derived.ts", "SELECT (SELECT count(*) FROM ${table}) AS units", ALL],
  ["facts.ts", "NOT EXISTS (SELECT 1 FROM marks k", PIECE],
  ["facts.ts", "SELECT session_id FROM facts WHERE id = ?", FENCED],
  ["facts.ts", "DELETE FROM facts WHERE id = ?", FENCED],
  [
    "facts.ts",
    "SELECT m.id, m.role, m.content, m.session_id, s.player_id, s.character_id FROM messages m",
    ALL,
  ],
  ["inspect.ts", "SELECT 1 FROM messages LIMIT 1", ALL],
  ["inspect.ts", "SELECT count(*) AS n FROM ${table}", ALL],
  ["inspect.ts", "SELECT count(*) AS n FROM messages m", ALL],
  ["inspect.ts", "SELECT min(created_ms) AS first_ms, max(created_ms) AS last_ms FROM messages", ALL],
  [
    "lore.ts",
    "DELETE FROM lore_units WHERE world_id = ? AND player_id = ''",
    "a world's own lore is nobody's",
  ],
  ["memories.ts", "DELETE FROM memory_units WHERE id = ?", FENCED],
  ["unit_index.ts", "SELECT json_group_array(rowid) AS ids FROM lore_fts WHERE lore_fts MATCH ? AND", WITHIN],
  [
    "unit_index.ts",
    "SELECT json_group_array(rowid) AS ids FROM memory_fts WHERE memory_fts MATCH ? AND",
    WITHIN,
  ],
  ["memories.ts", "SELECT m.id, m.session_id, s.player_id, s.character_id, m.role, m.content", ALL],
  [
    "sessions.ts",
    "SELECT max(id) AS id FROM messages",
    "where a search begins, which names the player itself",
  ],
  ["messages.ts", "(SELECT count(*) FROM messages n WHERE ${SIBLINGS}", PIECE],
  ["messages.ts", "SELECT turn, tokens_above + tokens AS tokens FROM messages", FENCED],
  ["messages.ts", "INSERT INTO messages (parent_id,", FENCED],
  ["messages.ts", "WITH RECURSIVE path (id, parent_id, tokens_above)", FENCED],
  ["messages.ts", "SELECT parent_id, role, group_concat(id) AS ids FROM messages", FENCED],
  ["messages.ts", "SELECT tokens_above FROM messages WHERE id = ?", FENCED],
  ["messages.ts", "WITH RECURSIVE path (id, parent_id) AS ( SELECT id, parent_id FROM messages", FENCED],
  ["messages.ts", "UPDATE messages SET status = 'stopped' WHERE status = 'writing'", ALL],
  ["original.ts", "SELECT ${columns.join(", "another program's database, for its owner"],
  ["pieces.ts", "INSERT INTO lore_fts (lore_fts) VALUES ('optimize')", INDEX],
  ["placed_units.ts", "SELECT (SELECT count(*) || ' ' ||", ALL],
  ["placed_units.ts", "SELECT u.id, u.hash, EXISTS (SELECT 1 FROM vectors v", ALL],
  ["placed_units.ts", "SELECT u.id, u.player_id, u.world_id, '' AS session_id", ALL],
  ["placed_units.ts", "SELECT u.id, u.player_id, s.world_id, u.session_id", ALL],
  [
    "prompts.ts",
    "UPDATE prompts SET record = iif",
    "follows the reply that the turn has just written",
  ],
  ["prompts.ts", "INSERT INTO prompts (message_id, record)", "of the reply that the turn has just written"],
  [
    "sessions.ts",
    "SELECT ${COLUMNS} FROM sessions ORDER BY last_used_ms DESC",
    "whose story is read ahead at the start; nobody is told of it",
  ],
  ["sessions.ts", "DELETE FROM memory_units WHERE session_id = ?", FENCED],
  ["sessions.ts", "DELETE FROM facts WHERE session_id = ?", FENCED],
  ["sessions.ts", "DELETE FROM ${table} WHERE session_id = ?", FENCED],
  ["sessions.ts", "DELETE FROM sessions WHERE id = ?", FENCED],
  ["sessions.ts", "INSERT INTO memory_fts (memory_fts) VALUES ('optimize')", INDEX],
  ["sessions.ts", "INSERT INTO facts_fts (facts_fts) VALUES ('optimize')", INDEX],
  ["sessions.ts", "INSERT INTO sessions (${COLUMNS}, used_order)", "COLUMNS holds player_id"],
  ["sessions.ts", "WITH RECURSIVE path (id, parent_id, content, turn)", FENCED],
  ["summaries.ts", "id, first_id, last_id, after_id, layer, text, origin, created_ms,", PIECE],
  ["summaries.ts", "SELECT ${COLUMNS} FROM summaries WHERE id = ?", FENCED],
  ["vectors.ts", "SELECT coalesce(max(id), 0) AS last", INDEX],
  [
    "vectors.ts",
    "SELECT u.hash, ${columns} FROM ${table} u",
    "texts to be embedded go to the embedder alone",
  ],
  [
    "vectors.ts",
    "INSERT OR REPLACE INTO vectors",
    "a vector is kept by the digest of its text, not by player",
  ],
  ["vectors.ts", "SELECT dimension FROM vectors WHERE model = ?", "how long a model's vectors are"],
  ["vectors.ts", "DELETE FROM vectors WHERE model <> ?", INDEX],
  ["vectors.ts", "SELECT id, speaker, text FROM memory_units WHERE hash = '' LIMIT ?", INDEX],
  ["vectors.ts", "UPDATE memory_units SET hash = ? WHERE id = ?", INDEX],
  ["tokens.ts", "SELECT p.id AS player_id, p.name, p.token_hash IS NOT NULL AS active", ALL],
];

interface Literal {
  /** With white space as one blank. */
  text: string;
  line: number;
}

/** The string and template literals of a TypeScript file; comments and regular expressions are passed over. */
function literals(code: string): Literal[] {
  const found: Literal[] = [];
  const token =
    /\/\/[^\n]*|\/\*[^]*?\*\/|(?<=[(,=:[!&|?{};\s]\s*)\/(?![*/\s])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[a-z]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
  for (const match of code.matchAll(token)) {
    if (match[0].startsWith("/")) continue;
    const line = code.slice(0, match.index).split("\n").length;
    found.push({ text: match[0].slice(1, -1).replace(/\s+/g, " ").trim(), line });
  }
  return found;
}

function isOwnedQuery(text: string): boolean {
  return QUERY.test(text) && (OWNED.test(text) || text.includes("${"));
}

/** `file:line query` of what names no player and is not allowed to; and the rows that allow nothing any more. */
function inspect(
  files: { name: string; code: string }[],
): { wrong: string[]; unused: string[]; seen: number } {
  const used = new Set<number>();
  const wrong: string[] = [];
  let seen = 0;
  for (const { name, code } of files) {
    for (const { text, line } of literals(code)) {
      if (!isOwnedQuery(text)) continue;
      seen += 1;
      if (NAMES_PLAYER.test(text)) continue;
      const row = ALLOWED.findIndex(([file, begin]) => file === name && text.startsWith(begin));
      if (row >= 0) used.add(row);
      else wrong.push(`${name}:${line} ${text.slice(0, 120)}`);
    }
  }
  return {
    wrong,
    unused: ALLOWED.filter((_, i) => !used.has(i)).map(([file, begin]) => `${file} ${begin}`),
    seen,
  };
}

const files = [...Deno.readDirSync(STORE)].map(({ name }) => name)
  // The schema itself has no rows.
  .filter((name) => name.endsWith(".ts") && name !== "migrations.ts").sort()
  .map((name) => ({ name, code: Deno.readTextFileSync(join(STORE, name)) }));

Deno.test("every query that touches what is a player's names the player, or says why it need not", () => {
  const { wrong, unused, seen } = inspect(files);
  assert.deepEqual(wrong, []);
  assert.deepEqual(unused, []);
  assert.ok(seen > 100, `${seen} queries were seen`);
});

Deno.test("the inspection finds a query without its player, however it is written", () => {
  const good = files.find(({ name }) => name === "messages.ts")!.code;
  const planted = [
    `db.all("SELECT content FROM messages WHERE id = ?", id)`,
    "db.get(`SELECT text\n  FROM memory_units WHERE session_id = ?`, session_id)",
    "db.all(`SELECT u.text FROM ${table} u`)",
    `db.run('DELETE FROM marks WHERE id = 1')`,
    "db.all(`SELECT player_id, text FROM facts WHERE text = ?`)",
  ];
  for (const query of planted) {
    const { wrong } = inspect([{ name: "messages.ts", code: `${good}\n${query};\n` }]);
    assert.equal(wrong.length, 1, query);
  }
  // A condition that is taken away from a real query is found.
  const cut = good.replace("WHERE m.session_id = ? AND m.parent_id IS ? AND m.role = ? ORDER BY m.id`", "$&")
    .replace('const OWNED = "messages m JOIN sessions s ON s.id = m.session_id AND s.player_id = ?";', "")
    .replaceAll("${OWNED}", "messages m");
  assert.ok(inspect([{ name: "messages.ts", code: cut }]).wrong.length >= 6);
});

Deno.test("nobody but the store asks the database", () => {
  const wrong: string[] = [];
  const walk = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = join(folder, name);
      if (isDirectory) {
        if (path !== STORE && name !== "node_modules") walk(path);
      } else if (name.endsWith(".ts")) {
        for (const { text, line } of literals(Deno.readTextFileSync(path))) {
          if (/\b(SELECT\b.*\bFROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b/.test(text)) {
            wrong.push(`${path}:${line} ${text.slice(0, 80)}`);
          }
        }
      }
    }
  };
  walk(BRAIN);
  assert.deepEqual(wrong, []);
});
