/**
 * `flower token add|revoke|list`: who may play from elsewhere. Works beside a running brain, which looks at each
 * connection.
 */

import { dirname } from "node:path/posix";
import { EXIT } from "../../shared/roles.ts";
import { randomToken } from "../outside.ts";
import { type Database, openDatabase } from "../store/database.ts";
import { LOCAL_PLAYER } from "../store/players.ts";
import { addToken, hashToken, listTokens, revokeToken } from "../store/tokens.ts";
import type { Order } from "./orders.ts";
import { counted, type Place, RoleError } from "./place.ts";

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,39}$/u;

/** Does what was asked; returns the exit code. Throws RoleError and StoreError. */
export function token(place: Place, order: Extract<Order, { role: "token" }>): number {
  const { action, name } = order;
  if (action === "add" && !NAME.test(name)) {
    throw new RoleError(
      `${JSON.stringify(name)} is no name. It has up to 40 letters, digits, dots, - and _.`,
      EXIT.usage,
    );
  }
  Deno.mkdirSync(dirname(place.config.database_path), { recursive: true, mode: 0o700 });
  const db = openDatabase(place.config.database_path);
  try {
    if (action === "add") add(place, db, name);
    else if (action === "revoke") revoke(place, db, name);
    else list(place, db);
  } finally {
    db.close();
  }
  return EXIT.done;
}

function add(place: Place, db: Database, name: string): void {
  const secret = randomToken();
  const added = addToken(db, { id: randomToken().slice(0, 12), name, token_hash: hashToken(secret) });
  if (added === null) {
    throw new RoleError(
      name.toLowerCase() === LOCAL_PLAYER
        ? `${LOCAL_PLAYER} is who plays at this machine, and needs no token.`
        : `${name} has a token already, and nobody can read it back. After "flower token revoke ${name}" there may be another.`,
    );
  }
  // Alone on stdout: it can go straight into a file.
  place.say(secret);
  place.complain(
    `${added.returned ? `${name} may play again, with the stories of before` : `${name} may play`}. ` +
      "The line above is the token: it is shown this once, and kept nowhere.",
  );
}

function revoke(place: Place, db: Database, name: string): void {
  if (!revokeToken(db, name)) {
    throw new RoleError(`Nobody called ${name} has a token. "flower token list" shows who has.`);
  }
  place.say(
    `${name} has no token any more; a face of theirs is closed within seconds. The stories are kept.`,
  );
}

function list(place: Place, db: Database): void {
  const rows = listTokens(db);
  if (rows.length === 0) place.say('Nobody has a token. "flower token add NAME" makes one.');
  for (const { name, active, stories, last_used_ms } of rows) {
    const played = last_used_ms === null
      ? ""
      : `, last played ${new Date(last_used_ms).toISOString().slice(0, 10)}`;
    place.say(
      `${active ? "✓" : "✗"} ${name}: ${counted(stories, "story", "stories")}${played}${
        active ? "" : "; revoked"
      }`,
    );
  }
}
