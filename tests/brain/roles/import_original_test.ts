// A folder of the original is taken over: all that can be, twice without doubling, and the source is only read.

import assert from "node:assert/strict";
import { takeConfig } from "../../../brain/roles/original_config.ts";
import { join } from "node:path/posix";
import { DatabaseSync } from "node:sqlite";
import { openLibrary } from "../../../brain/library/assets.ts";
import { search } from "../../../brain/memory/search.ts";
import { emptyKnown } from "../../../brain/memory/corpus.ts";
import { pathTo, siblings } from "../../../brain/store/messages.ts";
import { getState, saveState } from "../../../brain/store/players.ts";
import { listSessions } from "../../../brain/store/sessions.ts";
import { buildOriginal, PLANTED_KEY, snapshot } from "../../support/original_folder.ts";
import { ROOT } from "../../support/processes.ts";
import { type RoleHome, roleHome, tellEverything } from "../../support/role_home.ts";

const TAKE = { role: "import_original", folder: "original" } as const;

async function homeBesideOriginal(config: string | null = null): Promise<RoleHome & { source: string }> {
  const home = await roleHome(config);
  const source = join(home.path, "..", "cwd", "original");
  await Deno.mkdir(source);
  await buildOriginal(source);
  return Object.assign(home, { source });
}

const shelf = (home: RoleHome) =>
  home.store((db) =>
    listSessions(db, "local").map(({ session }) =>
      [session.title, session.world_id, session.character_id, session.model] as const
    )
  );

Deno.test("sessions, old messages without one, worlds, characters, rules, config and selection come over", async () => {
  await using home = await homeBesideOriginal();
  const before = snapshot(home.source);
  const { code, out, err } = await home.run(TAKE);
  assert.deepEqual([code, err], [0, ""], out);
  assert.deepEqual(snapshot(home.source), before);
  assert.deepEqual(shelf(home), [
    ["Dive", "sunken", "old_tom", "llama-3.3"],
    ["I look around.", "harbour", "mira", "gemini/gemini-3-flash"],
    ["Where was I?", "harbour", "mira", ""],
  ]);

  home.store((db) => {
    const story = listSessions(db, "local").find(({ session }) =>
      session.title === "I look around."
    )!.session;
    assert.equal(story.created_ms, Date.UTC(2025, 2, 1, 10));
    assert.equal(story.last_used_ms, Date.UTC(2025, 2, 1, 10, 20));
    const path = pathTo(db, "local", story.leaf_id);
    assert.deepEqual(path.map(({ content }) => content), [
      "I look around.",
      "The harbour is grey.",
      "I go aboard.",
      "The plank bends. Mira holds the lantern of Captain Oru.",
    ]);
    // The line that got an error is another telling of the one that came after it.
    assert.deepEqual(siblings(db, "local", path[2].id).map(({ content }) => content), [
      "This line got an error.",
      "I go aboard.",
    ]);
    assert.deepEqual(getState(db, "local"), {
      world_id: "harbour",
      character_id: "mira",
      session_id: story.id,
      model: "gemini/gemini-3-flash",
      rules: ["salty"],
    });
    // It is remembered.
    const question = {
      player_id: "local",
      session_id: story.id,
      world_id: "harbour",
      leaf_id: story.leaf_id,
      line: "Who has the lantern of Oru?",
      before: [],
      visible_ids: [],
      max_lore: 5,
      max_memories: 5,
    };
    assert.match(search(db, question, emptyKnown()).memories[0].text, /lantern of Captain Oru/);
  });

  const library = await openLibrary(join(ROOT, "assets"), home.path);
  library.close();
  assert.deepEqual(library.problems(), []);
  const own = (items: { id: string }[], ...ids: string[]) =>
    ids.every((id) => items.some((item) => item.id === id));
  assert.ok(own(library.worlds(), "harbour", "sunken"));
  assert.ok(own(library.characters(), "mira", "old_tom"));
  assert.ok(own(library.rules(), "salty"));
  assert.ok(!own(library.worlds(), "unused"));
  // From the file, where there is one; else from the database's row.
  assert.equal(library.worlds().find(({ id }) => id === "harbour")!.lore, "Ships come and go.");
  assert.deepEqual(
    (({ name, lore }) => [name, lore])(library.worlds().find(({ id }) => id === "sunken")!),
    ['The Sunken "City"', "## Bells\nThey ring."],
  );
  assert.equal(library.worlds().find(({ id }) => id === "salt_marsh")!.name, "The Salt Marsh");
  assert.equal(library.baseRules(), "1. Stay in the world.\n2. Be brief.");
});

Deno.test("an address is taken over where it is this machine's or a vendor's own; a strange one gets no keys", () => {
  const taken = (url: string) =>
    takeConfig(`openai_base_url: "${url}"\nopenai_api_key: sk-of-the-file\n`, "f");
  for (
    const url of [
      "http://127.0.0.1:1234/v1",
      "http://localhost:8080/v1",
      "http://[::1]:5001/v1",
      "https://openrouter.ai/api/v1",
      "https://api.openai.com/v1",
      "https://api.deepseek.com",
    ]
  ) {
    const { text, left } = taken(url);
    assert.deepEqual(left, [], url);
    assert.ok(text?.includes(JSON.stringify(url)) && text.includes("sk-of-the-file"), url);
  }
  for (
    const [url, host] of [
      ["https://keys.example/v1", "keys.example"],
      ["http://openrouter.ai/api/v1", "openrouter.ai"],
      ["https://openrouter.ai:444/api/v1", "openrouter.ai:444"],
      ["https://openrouter.ai.keys.example/v1", "openrouter.ai.keys.example"],
      ["http://127.0.0.1.keys.example/v1", "127.0.0.1.keys.example"],
      ["http://192.168.1.5:1234/v1", "192.168.1.5:1234"],
    ]
  ) {
    const { text, taken: names, left } = taken(url);
    assert.deepEqual([text, names], [null, []], url);
    assert.equal(left.length, 2);
    assert.ok(
      left[0].startsWith(`openai_base_url: it leads to ${host}, and what stands in your home`),
      left[0],
    );
    assert.equal(left[1], `openai_api_key: it belongs to ${host}`);
  }
  assert.deepEqual(takeConfig('openai_base_url: ""\nopenai_api_key: sk-of-the-file\n', "f").taken, [
    "openai_api_key (not shown)",
  ]);
});

Deno.test("of the original's config only texts that mean something here are taken, and each other key is told", () => {
  const rows: [string, string[], string[]][] = [
    ["default_model: a/b", ["default_model"], []],
    ["default_model: ' a/b '", ["default_model"], []],
    ["default_model: '  '\nopenai_base_url:\ngroq_api_key: ''", [], []],
    ["- a\n- b", [], []],
    ["just words", [], []],
    ["", [], []],
    ["default_model: 7", [], ["default_model: it is no text"]],
    ["default_model: [a]", [], ["default_model: it is no text"]],
    ["groq_api_key: 'two words'", [], ["groq_api_key: it holds a blank or a letter that no key has"]],
    ["openai_base_url: nowhere", [], ["openai_base_url: it is no URL like"]],
    ["theme: dark", [], ["theme: it means nothing here"]],
    ["supported_models: [a]", [], ["supported_models: it had no effect there, and here it would hide"]],
    ["a: [", [], ["line 1 cannot be read"]],
  ];
  for (const [text, taken, left] of rows) {
    const found = takeConfig(text, "f");
    assert.deepEqual(found.taken, taken, text);
    assert.equal(found.left.length, left.length, `${text}: ${found.left}`);
    found.left.forEach((sentence, i) => assert.ok(sentence.startsWith(left[i]), sentence));
    assert.equal(
      found.text,
      taken.length === 0 ? null : '# Taken over from the original Flower Engine.\ndefault_model: "a/b"\n',
    );
  }
});

Deno.test("the config is written for its owner alone, with what means something here; the key is never shown", async () => {
  await using home = await homeBesideOriginal();
  const { out, err } = await home.run(TAKE);
  const path = join(home.path, "config.yaml");
  assert.equal(
    await Deno.readTextFile(path),
    '# Taken over from the original Flower Engine.\ndefault_model: "gemini/gemini-3-flash"\n' +
      `openai_base_url: "https://openrouter.ai/api/v1"\nopenai_api_key: "${PLANTED_KEY}"\n`,
  );
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  assert.ok(out.includes("✓ config.yaml: default_model, openai_base_url, openai_api_key (not shown)\n"), out);
  for (const name of ["supported_models", "database_path", "theme"]) {
    assert.match(out, new RegExp(`^! config.yaml: ${name}: `, "m"));
  }
  assert.ok(!out.includes("groq_api_key"));
  assert.ok(!`${out}${err}`.includes(PLANTED_KEY));
});

Deno.test("everything that could not be taken is named with its reason", async () => {
  await using home = await homeBesideOriginal();
  const { out } = await home.run(TAKE);
  const expected = [
    /^! .*worlds\/number\.yaml:1:\d+: "id" must be a text/m,
    /^! .*worlds\/broken\.yaml:\d+:\d+: /m,
    /^! .*worlds\/escape\.yaml:1:\d+: "id" must be a plain name/m,
    /^! world salt_marsh \(.*salt_marsh\.yaml\): there is one of this id already/m,
    /^! .*characters\/null\.yml:2:\d+: /m,
    /^! chroma_db: not taken/m,
    /^✓ story "I look around\.": 5 messages; 1 line without a reply kept as other tellings$/m,
    /^✓ story "Dive": 1 message; 1 message without text left out$/m,
    /^✓ story "Where was I\?": 2 messages; from before there were sessions, put into the world harbour$/m,
    /^ {2}1 session in which nothing was told: left out\.$/m,
    /^✓ world sunken, from the database: its file is gone$/m,
    /^✓ world harbour$/m,
    /^✓ the base rules, which hold instead of the shipped ones/m,
    /^✓ selection: world harbour; character mira; story [0-9a-f]{12}; model gemini\/gemini-3-flash; rules salty$/m,
    /^11 things taken over from .*original, which is as it was\.$/m,
  ];
  for (const line of expected) assert.match(out, line);
  assert.ok(!out.includes("notes.txt"));
  assert.throws(() => Deno.statSync(join(home.path, "..", "evil.yaml")), Deno.errors.NotFound);
  assert.deepEqual(
    [...Deno.readDirSync(home.path)].map(({ name }) => name).filter((name) => name.startsWith("import-")),
    [],
  );
});

Deno.test("what stands only in the log of the original's database comes over, too", async () => {
  await using home = await homeBesideOriginal();
  const original = new DatabaseSync(join(home.source, "engine.db"));
  try {
    original.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
      INSERT INTO sessions VALUES ('dddd11112222', 'mira', 'harbour', '', 'Last night', '2025-04-01 10:00', '2025-04-01 10:00');
      INSERT INTO messages (role, content, character_id, session_id) VALUES ('user', 'I row.', 'mira', 'dddd11112222')`);
    assert.equal((await home.run(TAKE)).code, 0);
  } finally {
    original.close();
  }
  assert.ok(shelf(home).some(([title]) => title === "Last night"));
});

Deno.test("a second run takes nothing twice, also when the story went on here", async () => {
  await using home = await homeBesideOriginal();
  await home.run(TAKE);
  const shelved = shelf(home);
  home.store((db) => db.run("UPDATE sessions SET title = 'Renamed' WHERE title = 'Dive'"));
  const files = Object.keys(snapshot(join(home.path, "worlds")));
  const { code, out } = await home.run(TAKE);
  assert.equal(code, 0);
  assert.ok(!out.includes("✓"), out);
  assert.match(out, /^ {2}3 stories were taken over before and left as they are\.$/m);
  assert.match(out, /^Nothing new was taken over\.$/m);
  assert.equal(shelf(home).length, shelved.length);
  assert.deepEqual(Object.keys(snapshot(join(home.path, "worlds"))), files);
});

Deno.test("what the player has already is kept: config, assets, rules, selection", async () => {
  await using home = await homeBesideOriginal("local_servers: off\n");
  home.store((db) => {
    tellEverything(db, "local", "eels");
    saveState(db, "local", {
      world_id: "salt_marsh",
      character_id: "clerk",
      session_id: "eels",
      model: "m",
      rules: [],
    });
  });
  await Deno.mkdir(join(home.path, "worlds"));
  await Deno.writeTextFile(join(home.path, "worlds", "mine.yaml"), "id: harbour\nname: Mine\n");
  await Deno.writeTextFile(join(home.path, "system_rules.yaml"), "- Mine.\n");
  const { out } = await home.run(TAKE);
  assert.equal(await Deno.readTextFile(join(home.path, "config.yaml")), "local_servers: off\n");
  assert.match(
    out,
    /^! config\.yaml: .* is there already and is kept\. The original's has default_model, .*\(not shown\)$/m,
  );
  assert.match(out, /^! world harbour \(.*\): there is one of this id already/m);
  assert.equal(await Deno.readTextFile(join(home.path, "system_rules.yaml")), "- Mine.\n");
  assert.throws(() => Deno.statSync(join(home.path, "worlds", "harbour.yaml")), Deno.errors.NotFound);
  assert.equal(home.store((db) => getState(db, "local").session_id), "eels");
  assert.equal(shelf(home).length, 4);
});

Deno.test("damaged parts are told, and the others are taken all the same", async () => {
  const rows: [string, (source: string) => Promise<void>, RegExp, number][] = [
    [
      "a database that is none",
      (source) => Deno.writeTextFile(join(source, "engine.db"), "x".repeat(9000)),
      /^! .*engine\.db: it is damaged or no database/m,
      0,
    ],
    [
      "a database of ours",
      async (source) => {
        await using other = await roleHome();
        other.store((db) => tellEverything(db, "local", "eels"));
        await Deno.copyFile(other.database, join(source, "engine.db"));
      },
      /engine\.db: this is a database of Flower Engine itself/m,
      0,
    ],
    ["no database", (source) => Deno.remove(join(source, "engine.db")), /^✓ world harbour$/m, 0],
    [
      "a selection that is none",
      (source) => Deno.writeTextFile(join(source, "persist.json"), "{"),
      /^! persist\.json: it cannot be read/m,
      3,
    ],
    [
      "a config that is none",
      (source) => Deno.writeTextFile(join(source, "config.yaml"), `openai_api_key: "${PLANTED_KEY}\n`),
      /^! config\.yaml: line \d+ cannot be read/m,
      3,
    ],
    [
      "an empty config",
      (source) => Deno.writeTextFile(join(source, "config.yaml"), ""),
      /^✓ world harbour$/m,
      3,
    ],
  ];
  for (const [what, change, message, stories] of rows) {
    await using home = await homeBesideOriginal();
    await change(home.source);
    const { code, out, err } = await home.run(TAKE);
    assert.equal(code, 0, what);
    assert.match(out, message, what);
    assert.equal(shelf(home).length, stories, what);
    assert.ok(!`${out}${err}`.includes(PLANTED_KEY), what);
  }
});

Deno.test("an early database without sessions, start messages and session ids is read, too", async () => {
  await using home = await homeBesideOriginal();
  const { DatabaseSync } = await import("node:sqlite");
  await Deno.remove(join(home.source, "engine.db"));
  const db = new DatabaseSync(join(home.source, "engine.db"));
  db.exec(`
    CREATE TABLE worlds (id TEXT PRIMARY KEY, name TEXT NOT NULL, lore TEXT NOT NULL);
    CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, role TEXT, content TEXT, character_id TEXT);
    INSERT INTO messages (role, content, character_id) VALUES ('user', 'Hello?', 'mira'), ('assistant', NULL, 'mira');
  `);
  db.close();
  const { out } = await home.run(TAKE);
  assert.match(
    out,
    /^✓ story "Hello\?": 1 message; from before there were sessions, put into the world harbour; 1 message without text left out$/m,
  );
});

Deno.test("what is no folder of the original is refused", async () => {
  await using home = await roleHome();
  const cwd = join(home.path, "..", "cwd");
  await Deno.writeTextFile(join(cwd, "file"), "");
  const rows: [string, RegExp][] = [
    [".", /is no folder of the original: it holds none of engine\.db, config\.yaml, persist\.json, assets/],
    ["nowhere", /There is no folder .*nowhere/],
    ["file", /There is no folder .*file/],
  ];
  for (const [folder, message] of rows) {
    const { code, err } = await home.run({ role: "import_original", folder });
    assert.equal(code, 1);
    assert.match(err, message);
  }
  assert.deepEqual([...Deno.readDirSync(home.path)].map(({ name }) => name), ["config.yaml"]);
});
