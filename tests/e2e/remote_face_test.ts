/** Our face in a terminal, with a token, at a brain that others reach. */

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { openDatabase } from "../../brain/store/database.ts";
import { addToken, hashToken, revokeToken } from "../../brain/store/tokens.ts";
import { freePort } from "../support/chroma.ts";
import { FACE, FRONT_DOOR, ROOT, startPiped, startScreen, tempHome } from "../support/processes.ts";

const TOKEN = "token-of-ann-0123456789abcdef";

Deno.test("face --url with a token file plays, says whose brain it is, and comes back after a restart", async () => {
  await using home = await tempHome("narrator_word_ms: 1\n");
  await using here = await tempHome();
  const database = join(home.path, "engine.db");
  const store = <T>(act: (db: ReturnType<typeof openDatabase>) => T) => {
    const db = openDatabase(database);
    try {
      return act(db);
    } finally {
      db.close();
    }
  };
  store((db) => addToken(db, { id: "a1", name: "Ann", token_hash: hashToken(TOKEN) }));
  const token_file = join(here.path, "token");
  await Deno.writeTextFile(token_file, `${TOKEN}\n`);
  await Deno.chmod(token_file, 0o600);
  const port = freePort();
  const start = () =>
    startPiped(FRONT_DOOR, ["brain", "--host", "0.0.0.0", "--port", String(port), "--home", home.path]);
  const address = `127.0.0.1:${port}`;
  const args = ["face", "--url", `ws://${address}`, "--token-file", token_file, "--home", here.path];
  await using face = startScreen(FACE, args, { columns: 120 });
  {
    await using door = start();
    await door.ready();
    await face.shows(/Where do you want to go\?\s+› 1 /);
    face.type("\r");
    await face.shows(/Who are you there\?\s+› 1 /);
    face.type("\r");
    await face.shows(/Tab reread/);
    await face.shows(`at ${address}`);
    door.signal("SIGTERM");
    assert.equal(await door.ended, 0);
    await face.shows("connection lost");
  }
  await using door = start();
  await door.ready();
  await face.shows(`at ${address}`);
  store((db) => assert.deepEqual(db.all("SELECT DISTINCT player_id FROM sessions"), [{ player_id: "a1" }]));
  store((db) => revokeToken(db, "Ann"));
  await face.shows("The brain has taken this token back.");
  await face.shows("no connection");
  await face.shows(/it\s+is\s+tried\s+by\s+itself/);
  const next = `${TOKEN}2`;
  store((db) => addToken(db, { id: "a2", name: "Ann", token_hash: hashToken(next) }));
  await Deno.writeTextFile(token_file, `${next}\n`);
  await face.shows(`at ${address}`);
});

Deno.test("at the machine itself the face finds its brain without an address or a token, certificate or not", async (t) => {
  const tls = join(ROOT, "tests", "fixtures", "tls");
  for (
    const [name, args] of [
      ["in clear", []],
      ["with a certificate", ["--tls-cert", join(tls, "cert.pem"), "--tls-key", join(tls, "key.pem")]],
    ] as const
  ) {
    await t.step(name, async () => {
      await using home = await tempHome("narrator_word_ms: 1\n");
      const db = openDatabase(join(home.path, "engine.db"));
      addToken(db, { id: "a1", name: "Ann", token_hash: hashToken(TOKEN) });
      db.close();
      const own = ["--host", "0.0.0.0", "--port", "0", "--home", home.path];
      await using door = startPiped(FRONT_DOOR, ["brain", ...own, ...args]);
      await door.ready();
      await using face = startScreen(FACE, ["face", "--home", home.path], { columns: 120 });
      await face.shows(/Where do you want to go\?\s+› 1 /);
    });
  }
});

Deno.test("a token file that others may read, or that is none, is refused before anything is drawn", async () => {
  await using here = await tempHome();
  const file = join(here.path, "token");
  await Deno.writeTextFile(file, `${TOKEN}\n`);
  const rows: [number, string[], string][] = [
    [0o644, ["--url", "ws://127.0.0.1:1", "--token-file", file], `chmod 600 ${file}`],
    [0o640, ["--url", "ws://127.0.0.1:1", "--token-file", file], "(mode 640)"],
    [0o600, ["--url", "ws://127.0.0.1:1", "--token-file", `${file}s`], "cannot be read: No such file"],
    [0o600, ["--token-file", file], "--token-file goes with --url"],
  ];
  for (const [mode, args, says] of rows) {
    await Deno.chmod(file, mode);
    await using face = startScreen(FACE, ["face", ...args, "--home", here.path], { columns: 200 });
    assert.equal((await face.ended).code, 2);
    await face.shows(says);
    assert.ok(!face.emulator.text().includes(TOKEN));
  }
});
