import assert from "node:assert/strict";
import { join } from "node:path/posix";
import type { Config } from "../../brain/config.ts";
import { isReachable, type OutsideOptions, ownToken, randomToken, readTls } from "../../brain/outside.ts";
import { StartError } from "../../brain/start_error.ts";
import { openDatabase } from "../../brain/store/database.ts";
import { addToken, revokeToken } from "../../brain/store/tokens.ts";
import { CONFIG } from "../support/brain_fakes.ts";
import { ROOT } from "../support/processes.ts";

const TLS = join(ROOT, "tests", "fixtures", "tls");
const OPTIONS: OutsideOptions = { with_parent: false, token_file: null, tls_cert: null, tls_key: null };
const RANDOM = /^[0-9a-f]{64}$/;

async function inTemp(fn: (folder: string, config: (more: Partial<Config>) => Config) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "flower-outside-" });
  const database_path = join(folder, "engine.db");
  try {
    await fn(folder, (more) => ({ ...CONFIG, database_path, ...more }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const fails = (code: number, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StartError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

Deno.test("others can come in by another address, a proxy or a public name", () => {
  const rows: [boolean, Partial<Config>][] = [
    [false, {}],
    [false, { host: "::1" }],
    [false, { host: "localhost" }],
    [true, { host: "0.0.0.0" }],
    [true, { host: "::" }],
    [true, { host: "192.168.1.5" }],
    [true, { trust_proxy: true }],
    [true, { allowed_hosts: ["story.example"] }],
  ];
  for (const [reachable, more] of rows) {
    assert.equal(isReachable({ ...CONFIG, ...more }), reachable, JSON.stringify(more));
  }
});

Deno.test("who plays at the machine needs no token on loopback, a random one else, and none is given where nobody has one", () =>
  inTemp(async (folder, config) => {
    assert.equal(await ownToken(OPTIONS, config({})), "");
    assert.match(await ownToken({ ...OPTIONS, with_parent: true }, config({})), RANDOM);
    const open: [Partial<Config>, RegExp][] = [
      [{ host: "10.0.0.7" }, /^10\.0\.0\.7 can be reached from other machines, and no player has a token\./],
      [{ trust_proxy: true }, /^A proxy lets others in, and/],
      [{ allowed_hosts: ["a.example"] }, /^allowed_hosts lets others in, and/],
    ];
    const refused = async () => {
      for (const [more, says] of open) await assert.rejects(ownToken(OPTIONS, config(more)), fails(2, says));
    };
    await refused();
    // Looking made no database, and one without tokens is none.
    assert.throws(() => Deno.statSync(join(folder, "engine.db")), Deno.errors.NotFound);
    const db = openDatabase(join(folder, "engine.db"));
    await refused();
    addToken(db, { id: "a1", name: "Ann", token_hash: "of ann" });
    for (const [more] of open) assert.match(await ownToken(OPTIONS, config(more)), RANDOM);
    assert.equal(await ownToken(OPTIONS, config({})), "");
    revokeToken(db, "Ann");
    await refused();
    db.close();
    await Deno.writeTextFile(join(folder, "engine.db"), "no database".repeat(500));
    await assert.rejects(ownToken(OPTIONS, config({ host: "::" })), fails(1, /engine\.db is damaged/));
  }));

Deno.test("a token file is asked for whatever the address, and refused where others may read it", () =>
  inTemp(async (folder, config) => {
    const token_file = join(folder, "token");
    await Deno.writeTextFile(token_file, "a-token-of-some-length\n", { mode: 0o600 });
    const options = { ...OPTIONS, token_file };
    assert.equal(await ownToken(options, config({})), "a-token-of-some-length");
    assert.equal(await ownToken({ ...options, with_parent: true }, config({})), "a-token-of-some-length");
    assert.equal(await ownToken(options, config({ host: "0.0.0.0" })), "a-token-of-some-length");
    await Deno.chmod(token_file, 0o644);
    await assert.rejects(ownToken(options, config({})), fails(2, /can be read by others/));
    await assert.rejects(
      ownToken({ ...OPTIONS, token_file: `${token_file}s` }, config({})),
      fails(1, /tokens cannot be read: No such file or directory\.$/),
    );
  }));

Deno.test("a certificate goes with its key, each with what it must hold", () => {
  const [cert, key] = ["cert.pem", "key.pem"].map((name) => join(TLS, name));
  assert.equal(readTls(OPTIONS), null);
  const tls = readTls({ ...OPTIONS, tls_cert: cert, tls_key: key });
  assert.deepEqual(tls, { cert: Deno.readTextFileSync(cert), key: Deno.readTextFileSync(key) });
  const rows: [string | null, string | null, number, RegExp][] = [
    [cert, null, 2, /need each other/],
    [null, key, 2, /need each other/],
    [key, key, 1, /key\.pem holds no certificate in PEM/],
    [cert, cert, 1, /cert\.pem holds no private key in PEM/],
    [cert, `${key}s`, 1, /key\.pems cannot be read: No such file or directory\.$/],
  ];
  for (const [tls_cert, tls_key, code, says] of rows) {
    assert.throws(() => readTls({ ...OPTIONS, tls_cert, tls_key }), fails(code, says));
  }
});

Deno.test("a random token is 256 bits that a header can carry, and never the same", () => {
  const tokens = Array.from({ length: 50 }, randomToken);
  for (const token of tokens) assert.match(token, RANDOM);
  assert.equal(new Set(tokens).size, 50);
});
