import assert from "node:assert/strict";
import { playerOfToken } from "../../../brain/store/tokens.ts";
import { roleHome, tellEverything } from "../../support/role_home.ts";

Deno.test("flower token: shown once and alone on stdout, kept as a digest, taken back, listed", async () => {
  await using home = await roleHome();
  const token = (action: "add" | "revoke" | "list", name = "") => home.run({ role: "token", action, name });
  assert.deepEqual(await token("list"), {
    code: 0,
    out: 'Nobody has a token. "flower token add NAME" makes one.',
    err: "",
  });
  const ann = await token("add", "Ann");
  assert.deepEqual([ann.code, /^[0-9a-f]{64}$/.test(ann.out)], [0, true]);
  assert.equal(
    ann.err,
    "Ann may play. The line above is the token: it is shown this once, and kept nowhere.",
  );
  const ben = await token("add", "ben");
  assert.notEqual(ben.out, ann.out);
  const player_id = home.store((db) => playerOfToken(db, ann.out)?.player_id ?? "");
  assert.match(player_id, /^[0-9a-f]{12}$/);
  // Ids stand in logs and exports: they are no part of the token.
  assert.ok(!ann.out.includes(player_id));
  assert.notEqual(home.store((db) => playerOfToken(db, ben.out)?.player_id), player_id);
  home.store((db) => tellEverything(db, player_id, "0123456789ab"));
  const list = "✓ Ann: 1 story, last played 2023-11-14\n✓ ben: 0 stories";
  assert.equal((await token("list")).out, list);
  assert.deepEqual(await token("add", "ANN"), {
    code: 1,
    out: "",
    err:
      '✗ ANN has a token already, and nobody can read it back. After "flower token revoke ANN" there may be another.',
  });
  assert.deepEqual(await token("revoke", "ann"), {
    code: 0,
    out: "ann has no token any more; a face of theirs is closed within seconds. The stories are kept.",
    err: "",
  });
  assert.equal((await token("list")).out, list.replace("✓ Ann", "✗ Ann").replace("-14\n", "-14; revoked\n"));
  assert.equal(home.store((db) => playerOfToken(db, ann.out)), undefined);
  const again = await token("add", "ann");
  assert.match(again.err, /^ann may play again, with the stories of before\. /);
  assert.equal(home.store((db) => playerOfToken(db, again.out)?.player_id), player_id);
});

Deno.test("flower token makes a home that is not there yet, for its owner alone", async () => {
  await using home = await roleHome();
  await Deno.remove(home.path, { recursive: true });
  assert.equal((await home.run({ role: "token", action: "add", name: "Ann" })).code, 0);
  assert.equal(Deno.statSync(home.path).mode! & 0o777, 0o700);
  assert.equal(Deno.statSync(home.database).mode! & 0o777, 0o600);
});

Deno.test("flower token says what it cannot do", async () => {
  await using home = await roleHome();
  const rows = [
    ["add", "", 2, '✗ "" is no name. It has up to 40 letters, digits, dots, - and _.'],
    ["add", "a b", 2, '✗ "a b" is no name. It has up to 40 letters, digits, dots, - and _.'],
    ["add", "../x", 2, '✗ "../x" is no name. It has up to 40 letters, digits, dots, - and _.'],
    [
      "add",
      "x".repeat(41),
      2,
      `✗ "${"x".repeat(41)}" is no name. It has up to 40 letters, digits, dots, - and _.`,
    ],
    ["add", "local", 1, "✗ local is who plays at this machine, and needs no token."],
    ["revoke", "zed", 1, '✗ Nobody called zed has a token. "flower token list" shows who has.'],
    ["revoke", "local", 1, '✗ Nobody called local has a token. "flower token list" shows who has.'],
  ] as const;
  for (const [action, name, code, err] of rows) {
    assert.deepEqual(await home.run({ role: "token", action, name }), { code, out: "", err });
  }
  assert.equal((await home.run({ role: "token", action: "add", name: "x".repeat(40) })).code, 0);
  assert.equal((await home.run({ role: "token", action: "add", name: "Äbtissin.日-1_2" })).code, 0);
});
