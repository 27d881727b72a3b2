/** A folder as the original Flower Engine leaves it, built from its specification: database, config, assets, selection. */

import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";

export const PLANTED_KEY = "sk-or-v1-0123456789abcdef-planted";

/** Fills the empty folder `path`. */
export async function buildOriginal(path: string): Promise<void> {
  const db = new DatabaseSync(join(path, "engine.db"));
  db.exec(`
    CREATE TABLE worlds (id TEXT PRIMARY KEY, name TEXT NOT NULL, lore TEXT NOT NULL, start_message TEXT NOT NULL DEFAULT '',
      scene TEXT NOT NULL DEFAULT '', system_prompt TEXT NOT NULL DEFAULT '');
    CREATE TABLE characters (id TEXT PRIMARY KEY, name TEXT NOT NULL, persona TEXT NOT NULL);
    CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, role TEXT NOT NULL, content TEXT NOT NULL,
      character_id TEXT NOT NULL, session_id TEXT DEFAULT '');
    CREATE TABLE sessions (id TEXT PRIMARY KEY, character_id TEXT NOT NULL, world_id TEXT NOT NULL, model TEXT DEFAULT '',
      title TEXT DEFAULT '', created_at TEXT NOT NULL, last_used_at TEXT NOT NULL);
    INSERT INTO worlds (id, name, lore) VALUES ('harbour', 'The Harbour', 'Ships.'), ('sunken', 'The Sunken "City"', '## Bells
They ring.'), ('unused', 'Unused', '');
    INSERT INTO characters VALUES ('mira', 'Mira', 'Sails.'), ('old_tom', 'Old Tom', '');
    INSERT INTO sessions VALUES
      ('aaaa11112222', 'mira', 'harbour', 'gemini/gemini-3-flash', 'I look around.', '2025-03-01 10:00', '2025-03-01 10:20'),
      ('bbbb11112222', 'old_tom', 'sunken', 'llama-3.3', 'Dive', '2025-03-02 10:00', '2025-03-05 09:00'),
      ('cccc11112222', 'mira', 'harbour', '', '', '2025-03-06 10:00', '2025-03-06 10:00');
    INSERT INTO messages (role, content, character_id, session_id) VALUES
      ('user', 'Where was I?', 'mira', ''),
      ('assistant', 'At sea.', 'mira', ''),
      ('user', 'I look around.', 'mira', 'aaaa11112222'),
      ('assistant', 'The harbour is grey.', 'mira', 'aaaa11112222'),
      ('user', 'This line got an error.', 'mira', 'aaaa11112222'),
      ('user', 'I go aboard.', 'mira', 'aaaa11112222'),
      ('assistant', 'The plank bends. Mira holds the lantern of Captain Oru.', 'mira', 'aaaa11112222'),
      ('user', 'I dive.', 'old_tom', 'bbbb11112222'),
      ('assistant', '', 'old_tom', 'bbbb11112222');
  `);
  db.close();
  await Deno.writeTextFile(
    join(path, "config.yaml"),
    `default_model: gemini/gemini-3-flash\nopenai_base_url: https://openrouter.ai/api/v1\nopenai_api_key: ${PLANTED_KEY}\n` +
      'groq_api_key: ""\nsupported_models:\n  - a/b\ndatabase_path: ./engine.db\ntheme: dark\n',
  );
  await Deno.writeTextFile(
    join(path, "persist.json"),
    JSON.stringify({
      world_id: "harbour",
      character_id: "mira",
      session_id: "aaaa11112222",
      model: "gemini/gemini-3-flash",
      model_confirmed: true,
      rules: ["salty", "../worlds/harbour"],
    }),
  );
  const assets: Record<string, string> = {
    "worlds/harbour.yaml":
      "id: harbour\nname: The Harbour\nlore: |\n  Ships come and go.\nstart_message: Fog.\n",
    "worlds/number.yaml": "id: 7\nname: Seven\n",
    "worlds/broken.yaml": "id: broken\nname: [\n",
    "worlds/salt_marsh.yaml": "id: salt_marsh\nname: Another marsh\n",
    "worlds/escape.yaml": "id: ../../evil\nname: Evil\n",
    "characters/mira.yaml": "id: mira\nname: Mira\npersona: Sails.\n",
    "characters/null.yml": "id: nobody\nname:\n",
    "rules/salty.yaml": "id: salty\nname: Salty\nprompt: Curse mildly.\n",
    "rules/notes.txt": "not a rule",
    "system_rules.yaml": "# Rules\n- Stay in the world.\n- Be brief.\n",
  };
  for (const [name, text] of Object.entries(assets)) {
    await Deno.mkdir(join(path, "assets", name, ".."), { recursive: true });
    await Deno.writeTextFile(join(path, "assets", name), text);
  }
  await Deno.mkdir(join(path, "chroma_db"));
  await Deno.writeTextFile(join(path, "engine.log"), "DEBUG private\n");
}

/** Every file below `path` with its bytes and its time of change: what must not change. */
export function snapshot(path: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const full = join(folder, name);
      if (isDirectory) walk(full);
      else found[full] = `${Deno.statSync(full).mtime?.getTime()} ${Deno.readFileSync(full).join(",")}`;
    }
  };
  walk(path);
  return found;
}
