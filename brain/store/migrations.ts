/**
 * The steps that make the database what it is, in order. A step that has shipped is never changed: a new one is
 * added below it. Each is known by its name, and a database that has a name not listed here is a newer one.
 */
export interface Migration {
  name: string;
  sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001_players_and_stories",
    // messages.parent_id has no ON DELETE CASCADE: SQLite follows a cascade only 1,000 levels deep.
    // messages.turn counts the player's lines from the root to this one, tokens_above sums the tokens of all its
    // ancestors: neither changes once it is set. sessions.used_order orders stories by use without the clock.
    sql: `
      CREATE TABLE players (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        token_hash TEXT
      ) STRICT;
      CREATE TABLE player_state (
        player_id TEXT PRIMARY KEY REFERENCES players (id) ON DELETE CASCADE,
        world_id TEXT NOT NULL,
        character_id TEXT NOT NULL,
        session_id TEXT NOT NULL,
        model TEXT NOT NULL,
        rules TEXT NOT NULL
      ) STRICT;
      CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        player_id TEXT NOT NULL REFERENCES players (id) ON DELETE CASCADE,
        world_id TEXT NOT NULL,
        character_id TEXT NOT NULL,
        model TEXT NOT NULL,
        title TEXT NOT NULL,
        leaf_id INTEGER,
        created_ms INTEGER NOT NULL,
        last_used_ms INTEGER NOT NULL,
        used_order INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX sessions_by_use ON sessions (player_id, used_order);
      CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        parent_id INTEGER REFERENCES messages (id),
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
        content TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('writing', 'complete', 'stopped', 'failed')),
        model TEXT NOT NULL,
        tokens INTEGER NOT NULL,
        usage TEXT,
        created_ms INTEGER NOT NULL,
        turn INTEGER NOT NULL,
        tokens_above INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX messages_by_parent ON messages (parent_id, session_id, role, id);
      CREATE INDEX messages_by_session ON messages (session_id, parent_id, role, id);
      CREATE INDEX messages_writing ON messages (id) WHERE status = 'writing';
      CREATE TABLE prompts (
        message_id INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
        record TEXT NOT NULL
      ) STRICT;
    `,
  },
  {
    name: "0002_lore_and_memory_by_words",
    // player_id '' in lore_units: the world's own lore, for everyone. spaced is the text with blanks between the
    // characters of scripts that have none between words, null for all other texts.
    sql: `
      CREATE TABLE lore_digests (
        world_id TEXT PRIMARY KEY,
        digest TEXT NOT NULL
      ) STRICT;
      CREATE TABLE lore_units (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        world_id TEXT NOT NULL,
        player_id TEXT NOT NULL,
        source TEXT NOT NULL,
        hash TEXT NOT NULL,
        heading TEXT NOT NULL,
        text TEXT NOT NULL,
        known_to TEXT NOT NULL,
        spaced TEXT,
        body TEXT GENERATED ALWAYS AS (coalesce(spaced, heading || char(10) || text)) VIRTUAL
      ) STRICT;
      CREATE UNIQUE INDEX lore_units_once ON lore_units (world_id, player_id, source, hash);
      CREATE VIRTUAL TABLE lore_fts USING fts5 (
        body, content = 'lore_units', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
      );
      CREATE TRIGGER lore_units_added AFTER INSERT ON lore_units BEGIN
        INSERT INTO lore_fts (rowid, body) VALUES (new.id, new.body);
      END;
      CREATE TRIGGER lore_units_removed AFTER DELETE ON lore_units BEGIN
        INSERT INTO lore_fts (lore_fts, rowid, body) VALUES ('delete', old.id, old.body);
      END;

      CREATE TABLE memory_units (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        player_id TEXT NOT NULL,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        role TEXT NOT NULL,
        text TEXT NOT NULL,
        spaced TEXT,
        body TEXT GENERATED ALWAYS AS (coalesce(spaced, text)) VIRTUAL
      ) STRICT;
      CREATE INDEX memory_units_by_message ON memory_units (message_id, id);
      CREATE INDEX memory_units_by_session ON memory_units (session_id, player_id);
      CREATE VIRTUAL TABLE memory_fts USING fts5 (
        body, content = 'memory_units', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
      );
      CREATE TRIGGER memory_units_added AFTER INSERT ON memory_units BEGIN
        INSERT INTO memory_fts (rowid, body) VALUES (new.id, new.body);
      END;
      CREATE TRIGGER memory_units_removed AFTER DELETE ON memory_units BEGIN
        INSERT INTO memory_fts (memory_fts, rowid, body) VALUES ('delete', old.id, old.body);
      END;
    `,
  },
  {
    name: "0003_facts_marks_and_summaries",
    // facts.text is one line about subject and relation, taken from message_id; origin 'rule' is derived, the others
    // are records. A mark is bound to what it marks by its text, not by a unit's id: units are made anew at a rebuild.
    // A summary tells the messages from first_id to last_id; with after_id it counts only once the history begins
    // beyond that message. side_usage is what was paid for beside replies,
    // fact_runs how far a model has read for facts.
    sql: `
      CREATE TABLE facts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        player_id TEXT NOT NULL,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        subject TEXT NOT NULL,
        relation TEXT NOT NULL,
        object TEXT NOT NULL,
        text TEXT NOT NULL,
        origin TEXT NOT NULL CHECK (origin IN ('rule', 'model', 'player')),
        created_ms INTEGER NOT NULL,
        spaced TEXT,
        body TEXT GENERATED ALWAYS AS (coalesce(spaced, text)) VIRTUAL
      ) STRICT;
      CREATE INDEX facts_by_message ON facts (message_id, id);
      CREATE INDEX facts_by_session ON facts (session_id, player_id);
      CREATE VIRTUAL TABLE facts_fts USING fts5 (
        body, content = 'facts', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
      );
      CREATE TRIGGER facts_added AFTER INSERT ON facts BEGIN
        INSERT INTO facts_fts (rowid, body) VALUES (new.id, new.body);
      END;
      CREATE TRIGGER facts_removed AFTER DELETE ON facts BEGIN
        INSERT INTO facts_fts (facts_fts, rowid, body) VALUES ('delete', old.id, old.body);
      END;

      CREATE TABLE fact_runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        player_id TEXT NOT NULL,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        last_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE
      ) STRICT;
      CREATE INDEX fact_runs_by_session ON fact_runs (session_id, player_id);
      CREATE INDEX fact_runs_by_last ON fact_runs (last_id);

      CREATE TABLE marks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        player_id TEXT NOT NULL,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('memory', 'lore', 'fact')),
        message_id INTEGER REFERENCES messages (id) ON DELETE CASCADE,
        text TEXT NOT NULL,
        mark TEXT NOT NULL CHECK (mark IN ('pinned', 'forgotten'))
      ) STRICT;
      CREATE INDEX marks_by_session ON marks (session_id, player_id);
      CREATE INDEX marks_by_message ON marks (message_id);

      CREATE TABLE summaries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        player_id TEXT NOT NULL,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        first_id INTEGER NOT NULL,
        last_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        after_id INTEGER,
        layer INTEGER NOT NULL CHECK (layer BETWEEN 1 AND 3),
        text TEXT NOT NULL,
        origin TEXT NOT NULL CHECK (origin IN ('extract', 'model', 'player')),
        created_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX summaries_by_last ON summaries (last_id);
      CREATE INDEX summaries_by_session ON summaries (session_id, player_id);

      CREATE TABLE side_usage (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        player_id TEXT NOT NULL,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('summary', 'facts')),
        model TEXT NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        cached_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        cost REAL,
        created_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX side_usage_by_session ON side_usage (session_id, player_id);
    `,
  },
  {
    name: "0004_memory_speakers",
    // speaker, scene and told_at stand before a unit's text in the index; hash names the text that is embedded, '' until
    // it is worked out. place is a unit's order in its lore. The index knows whose unit it is: a common word of other
    // stories then costs nothing.
    sql: `
      DROP TRIGGER memory_units_added;
      DROP TRIGGER memory_units_removed;
      DROP TABLE memory_fts;
      ALTER TABLE memory_units ADD COLUMN speaker TEXT NOT NULL DEFAULT '';
      ALTER TABLE memory_units ADD COLUMN scene TEXT NOT NULL DEFAULT '';
      ALTER TABLE memory_units ADD COLUMN told_at TEXT NOT NULL DEFAULT '';
      ALTER TABLE memory_units ADD COLUMN hash TEXT NOT NULL DEFAULT '';
      ALTER TABLE memory_units DROP COLUMN body;
      ALTER TABLE memory_units ADD COLUMN body TEXT GENERATED ALWAYS AS
        (coalesce(spaced, speaker || ' ' || scene || ' ' || told_at || char(10) || text)) VIRTUAL;
      CREATE INDEX memory_units_by_hash ON memory_units (hash);
      CREATE VIRTUAL TABLE memory_fts USING fts5 (
        session_id, body, content = 'memory_units', content_rowid = 'id',
        tokenize = 'porter unicode61 remove_diacritics 2'
      );
      INSERT INTO memory_fts (memory_fts) VALUES ('rebuild');
      CREATE TRIGGER memory_units_added AFTER INSERT ON memory_units BEGIN
        INSERT INTO memory_fts (rowid, session_id, body) VALUES (new.id, new.session_id, new.body);
      END;
      CREATE TRIGGER memory_units_removed AFTER DELETE ON memory_units BEGIN
        INSERT INTO memory_fts (memory_fts, rowid, session_id, body)
        VALUES ('delete', old.id, old.session_id, old.body);
      END;

      UPDATE lore_digests SET digest = '';
      DROP TRIGGER lore_units_added;
      DROP TRIGGER lore_units_removed;
      DROP TABLE lore_fts;
      ALTER TABLE lore_units ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX lore_units_by_hash ON lore_units (hash);
      CREATE VIRTUAL TABLE lore_fts USING fts5 (
        world_id, body, content = 'lore_units', content_rowid = 'id',
        tokenize = 'porter unicode61 remove_diacritics 2'
      );
      INSERT INTO lore_fts (lore_fts) VALUES ('rebuild');
      CREATE TRIGGER lore_units_added AFTER INSERT ON lore_units BEGIN
        INSERT INTO lore_fts (rowid, world_id, body) VALUES (new.id, new.world_id, new.body);
      END;
      CREATE TRIGGER lore_units_removed AFTER DELETE ON lore_units BEGIN
        INSERT INTO lore_fts (lore_fts, rowid, world_id, body)
        VALUES ('delete', old.id, old.world_id, old.body);
      END;
    `,
  },
  {
    name: "0005_vectors",
    // hash names the text that was embedded; vector: float32, little end first, of length 1.
    sql: `
      CREATE TABLE vectors (
        hash TEXT NOT NULL,
        model TEXT NOT NULL,
        dimension INTEGER NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (hash, model)
      ) STRICT;
    `,
  },
  {
    name: "0006_daily_usage",
    // What a player has used stays counted when the story is deleted. day: days since 1970, UTC.
    sql: `
      CREATE TABLE daily_usage (
        player_id TEXT NOT NULL,
        day INTEGER NOT NULL,
        tokens INTEGER NOT NULL,
        cost REAL NOT NULL,
        PRIMARY KEY (player_id, day)
      ) STRICT;
    `,
  },
  {
    name: "0007_store_name",
    // Tells this database from others that keep their vectors on the same server.
    sql: `
      CREATE TABLE store_name (name TEXT PRIMARY KEY) STRICT;
      INSERT INTO store_name (name) VALUES (lower(hex(randomblob(8))));
    `,
  },
  {
    name: "0008_vectors_go_with_their_units",
    sql: `
      CREATE TRIGGER memory_vectors_removed AFTER DELETE ON memory_units
      WHEN NOT EXISTS (SELECT 1 FROM memory_units WHERE hash = old.hash)
      BEGIN
        DELETE FROM vectors WHERE hash = old.hash;
      END;
      CREATE TRIGGER lore_vectors_removed AFTER DELETE ON lore_units
      WHEN NOT EXISTS (SELECT 1 FROM lore_units WHERE hash = old.hash)
      BEGIN
        DELETE FROM vectors WHERE hash = old.hash;
      END;
    `,
  },
  {
    name: "0009_facts_by_what_they_tell",
    // Which later fact takes the place of an earlier one is asked at every line.
    sql: `
      CREATE INDEX facts_by_key ON facts (session_id, lower(subject), lower(relation));
    `,
  },
];
