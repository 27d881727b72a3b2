/** Tokens: what lets a player in from elsewhere. Only their digests are kept; a token belongs to one player. */
import { createHash } from "node:crypto";
import type { Database } from "./database.ts";
import { findPlayer, LOCAL_PLAYER } from "./players.ts";

export interface TokenRow {
  player_id: string;
  name: string;
  /** False: revoked. The stories stay. */
  active: boolean;
  stories: number;
  /** Milliseconds since 1970; null when nothing was played yet. */
  last_used_ms: number | null;
}

/** Whom a token lets in. */
export interface TokenPlayer {
  player_id: string;
  token_hash: string;
}

/** SHA-256 in hexadecimal. Tokens are 256 random bits: no salt and no slow hash would make them harder to guess. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/**
 * Gives the player called `name` (in any case) a token; a new player gets `id`, one whose token was revoked comes back
 * to the stories of before. Null: that player has a token already or plays at this machine; nothing was changed.
 */
export function addToken(
  db: Database,
  player: { id: string; name: string; token_hash: string },
): { player_id: string; returned: boolean } | null {
  return db.transaction(() => {
    const before = named(db, player.name);
    if (before === undefined && player.name.toLowerCase() !== LOCAL_PLAYER) {
      db.run(
        "INSERT INTO players (id, name, token_hash) VALUES (?, ?, ?)",
        player.id,
        player.name,
        player.token_hash,
      );
      return { player_id: player.id, returned: false };
    }
    if (before === undefined || before.token_hash !== null || before.id === LOCAL_PLAYER) return null;
    db.run("UPDATE players SET token_hash = ? WHERE id = ?", player.token_hash, before.id);
    return { player_id: before.id, returned: true };
  });
}

/** Takes a player's token away; the stories stay. Returns whether there was one. */
export function revokeToken(db: Database, name: string): boolean {
  return db.transaction(() => {
    const player = named(db, name);
    if (player === undefined || player.token_hash === null) return false;
    db.run("UPDATE players SET token_hash = NULL WHERE id = ?", player.id);
    return true;
  });
}

/** Everybody who has or had a token, by name. */
export function listTokens(db: Database): TokenRow[] {
  return db.all<Omit<TokenRow, "active"> & { active: number }>(
    `SELECT p.id AS player_id, p.name, p.token_hash IS NOT NULL AS active, count(s.id) AS stories,
       max(s.last_used_ms) AS last_used_ms
     FROM players p LEFT JOIN sessions s ON s.player_id = p.id
     WHERE p.id <> ? GROUP BY p.id ORDER BY lower(p.name)`,
    LOCAL_PLAYER,
  ).map((row) => ({ ...row, active: row.active === 1 }));
}

/** Whom this token lets in; undefined for one that never was or was revoked. */
export function playerOfToken(db: Database, token: string): TokenPlayer | undefined {
  return db.get<TokenPlayer>(
    "SELECT id AS player_id, token_hash FROM players WHERE token_hash = ?",
    hashToken(token),
  );
}

/** The digests of all tokens that let somebody in now. */
export function liveTokens(db: Database): Set<string> {
  return new Set(
    db.all<{ token_hash: string }>("SELECT token_hash FROM players WHERE token_hash IS NOT NULL")
      .map((row) => row.token_hash),
  );
}

function named(db: Database, name: string): { id: string; token_hash: string | null } | undefined {
  const id = findPlayer(db, name)?.id ?? "";
  return db.get("SELECT id, token_hash FROM players WHERE id = ?", id);
}
