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
];
