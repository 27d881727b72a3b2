/** A home in which roles of the command line are run in this process, and a database with a story of every kind. */

import { join } from "node:path/posix";
import type { Order } from "../../brain/roles/orders.ts";
import { runOrder } from "../../brain/roles/run.ts";
import { addFactRun, addFacts } from "../../brain/store/facts.ts";
import { setMark } from "../../brain/store/marks.ts";
import { type Database, openDatabase } from "../../brain/store/database.ts";
import { addMessage, getMessage, updateMessage } from "../../brain/store/messages.ts";
import { rememberMessage } from "../../brain/memory/remember.ts";
import { createSession, updateSession } from "../../brain/store/sessions.ts";
import type { Role } from "../../shared/story.ts";
import { ROOT } from "./processes.ts";

export interface RoleHome extends AsyncDisposable {
  path: string;
  database: string;
  /** Runs a role; what it printed and its exit code. */
  run(order: Order, env?: Record<string, string>): Promise<{ code: number; out: string; err: string }>;
  /** Opens the database, closes it after `fn`. */
  store<T>(fn: (db: Database) => T): T;
}

/** A new folder with `config.yaml` (null: none), removed at the end of its `using`. The working directory is in it, too. */
export async function roleHome(config: string | null = "local_servers: off\n"): Promise<RoleHome> {
  const path = await Deno.makeTempDir({ prefix: "flower-role-" });
  await Deno.mkdir(join(path, "cwd"));
  const home = join(path, "home");
  await Deno.mkdir(home);
  if (config !== null) await Deno.writeTextFile(join(home, "config.yaml"), config, { mode: 0o600 });
  const database = join(home, "engine.db");
  return {
    path: home,
    database,
    async run(order, env = {}) {
      const lines: Record<"out" | "err", string[]> = { out: [], err: [] };
      const code = await runOrder(
        order,
        {
          home,
          config_path: null,
          assets: join(ROOT, "assets"),
          root: ROOT,
          cwd: join(path, "cwd"),
          env: (name) => env[name],
        },
        { say: (line) => void lines.out.push(line), complain: (line) => void lines.err.push(line) },
      );
      return { code, out: lines.out.join("\n"), err: lines.err.join("\n") };
    },
    store(fn) {
      const db = openDatabase(database);
      try {
        return fn(db);
      } finally {
        db.close();
      }
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/**
 * A story of `player_id` with two tellings, a branch that is not shown, a reply that was stopped, usage, memory, facts
 * and marks. Returns the ids of its messages: 1 start, 2 line, 3 and 4 tellings, 5 line below 4, 6 stopped reply, 7 a
 * line below 3.
 */
export function tellEverything(db: Database, player_id: string, id: string): number[] {
  createSession(db, {
    id,
    player_id,
    world_id: "salt_marsh",
    character_id: "clerk",
    model: "demo/narrator",
    title: "The seven eels",
    leaf_id: null,
    created_ms: 1_700_000_000_000,
    last_used_ms: 1_700_000_500_000,
  });
  const ids: number[] = [];
  const say = (parent: number | null, role: Role, content: string, at: number) => {
    const message = addMessage(db, player_id, id, {
      parent_id: parent,
      role,
      content,
      status: "complete",
      model: role === "assistant" ? "demo/narrator" : "",
      tokens: content.length,
      created_ms: 1_700_000_000_000 + at,
    });
    ids.push(message.id);
    return message.id;
  };
  const start = say(null, "assistant", "Fog comes in, Ida. 日本語の塩。", 0);
  const line = say(start, "user", "I count the eels.", 1000);
  const first = say(line, "assistant", "Seven eels.\nMaren owes you two.", 2000);
  const second = say(line, "assistant", "Eight eels, “perhaps”.", 3000);
  const next = say(second, "user", "I sell them.", 4000);
  const stopped = say(next, "assistant", "The buyer", 5000);
  const branch = say(first, "user", "I ask Maren.", 6000);
  updateMessage(db, player_id, stopped, { status: "stopped" });
  updateMessage(db, player_id, second, {
    usage: {
      prompt_tokens: 900,
      cached_tokens: 100,
      completion_tokens: 20,
      cost: 0.0125,
      first_token_ms: 210,
      tokens_per_second: 48.5,
    },
  });
  for (const message of ids) rememberMessage(db, player_id, id, getMessage(db, player_id, message)!);
  const fact = { subject: "Maren", relation: "owes", object: "two eels", text: "Maren owes Ida two eels" };
  addFacts(db, player_id, id, [{ ...fact, message_id: first, origin: "model", created_ms: 7 }]);
  addFactRun(db, player_id, id, branch);
  setMark(db, player_id, id, { kind: "memory", message_id: first, text: "Maren owes you two." }, "pinned");
  setMark(db, player_id, id, { kind: "lore", message_id: null, text: "The bell rings." }, "forgotten");
  db.run(
    `INSERT INTO summaries (player_id, session_id, first_id, last_id, after_id, layer, text, origin, created_ms)
     VALUES (?, ?, ?, ?, ?, 1, 'Eels were counted.', 'model', 8)`,
    player_id,
    id,
    start,
    first,
    line,
  );
  db.run(
    `INSERT INTO side_usage (player_id, session_id, kind, model, prompt_tokens, cached_tokens, completion_tokens, cost,
       created_ms) VALUES (?, ?, 'facts', 'm', 5, 0, 2, 0.5, 9)`,
    player_id,
    id,
  );
  updateSession(db, player_id, id, { leaf_id: stopped });
  return ids;
}
