/** Players and what each has chosen: world, character, session, model and rule packs. */
import type { PlayerState } from "../../shared/story.ts";
import type { Database } from "./database.ts";
import { readTexts } from "./stored_json.ts";

/** Who plays at this machine, without a token. */
export const LOCAL_PLAYER = "local";

/** What the player has chosen; everything empty when nothing was saved yet. */
export function getState(db: Database, player_id: string): PlayerState {
  const row = db.get<Omit<PlayerState, "rules"> & { rules: string }>(
    "SELECT world_id, character_id, session_id, model, rules FROM player_state WHERE player_id = ?",
    player_id,
  );
  if (!row) return { world_id: "", character_id: "", session_id: "", model: "", rules: [] };
  return { ...row, rules: readTexts(row.rules) };
}

/** What the player is called; the id when nothing is known of them. */
export function playerName(db: Database, player_id: string): string {
  return db.get<{ name: string }>("SELECT name FROM players WHERE id = ?", player_id)?.name ?? player_id;
}

/** The player with this id, or of this name in any case; `local` always is there. */
export function findPlayer(db: Database, typed: string): { id: string; name: string } | undefined {
  const players = db.all<{ id: string; name: string }>("SELECT id, name FROM players");
  // SQLite's lower() knows A to Z only.
  const found = players.find(({ id }) => id === typed) ??
    players.find(({ name }) => name.toLowerCase() === typed.toLowerCase());
  return found ?? (typed === LOCAL_PLAYER ? { id: LOCAL_PLAYER, name: LOCAL_PLAYER } : undefined);
}

/** Replaces what the player has chosen. */
export function saveState(db: Database, player_id: string, state: PlayerState): void {
  db.transaction(() => {
    addPlayer(db, player_id);
    db.run(
      `INSERT INTO player_state (player_id, world_id, character_id, session_id, model, rules)
       VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (player_id) DO UPDATE SET world_id = excluded.world_id, character_id = excluded.character_id,
         session_id = excluded.session_id, model = excluded.model, rules = excluded.rules`,
      player_id,
      state.world_id,
      state.character_id,
      state.session_id,
      state.model,
      JSON.stringify(state.rules),
    );
  });
}

/** Makes sure that the player has a row for the others to point at. */
export function addPlayer(db: Database, player_id: string): void {
  db.run("INSERT OR IGNORE INTO players (id, name) VALUES (?, ?)", player_id, player_id);
}
