import assert from "node:assert/strict";
import { findPlayer, playerName, saveState } from "../../../brain/store/players.ts";
import { createSession, getSession } from "../../../brain/store/sessions.ts";
import {
  addToken,
  hashToken,
  listTokens,
  liveTokens,
  playerOfToken,
  revokeToken,
} from "../../../brain/store/tokens.ts";
import { addSideUsage, addSpent, dayOf, spentOn } from "../../../brain/store/usage.ts";
import { aSession, withDatabase } from "../../support/stories.ts";

const add = (db: Parameters<typeof addToken>[0], id: string, name: string, token: string) =>
  addToken(db, { id, name, token_hash: hashToken(token) });

Deno.test("a token is kept as its SHA-256 and finds its player; another one finds nobody", async () => {
  // FIPS 180-2, appendix B.1.
  assert.equal(hashToken("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  await withDatabase((db) => {
    assert.deepEqual(add(db, "a1", "Ann", "secret-of-ann"), { player_id: "a1", returned: false });
    assert.deepEqual(add(db, "b1", "Ben", "secret-of-ben"), { player_id: "b1", returned: false });
    assert.deepEqual(playerOfToken(db, "secret-of-ann"), {
      player_id: "a1",
      token_hash: hashToken("secret-of-ann"),
    });
    assert.equal(playerOfToken(db, "secret-of-an"), undefined);
    assert.equal(playerOfToken(db, ""), undefined);
    assert.equal(playerOfToken(db, hashToken("secret-of-ann")), undefined);
    assert.deepEqual(liveTokens(db), new Set([hashToken("secret-of-ann"), hashToken("secret-of-ben")]));
    assert.ok(!JSON.stringify(db.all("SELECT * FROM players")).includes("secret-of"));
    // All of a digest counts: of one that only begins or ends alike somebody else is the owner.
    const digest = hashToken("secret-of-cleo");
    const alike = [
      digest.slice(0, -1) + "x",
      "x" + digest.slice(1),
      digest.slice(0, 32),
      digest.toUpperCase(),
    ];
    alike.forEach((token_hash, i) => addToken(db, { id: `c${i}`, name: `Cleo${i}`, token_hash }));
    assert.equal(playerOfToken(db, "secret-of-cleo"), undefined);
  });
});

Deno.test("a player has one token; revoked and given another, they are back with their stories", async () => {
  await withDatabase((db) => {
    add(db, "a1", "Ann", "first");
    createSession(db, aSession({ id: "story", player_id: "a1", last_used_ms: 77 }));
    assert.equal(add(db, "x", "ann", "second"), null);
    assert.equal(playerOfToken(db, "second"), undefined);
    assert.equal(revokeToken(db, "ANN"), true);
    assert.equal(revokeToken(db, "Ann"), false);
    assert.equal(revokeToken(db, "Nobody"), false);
    assert.equal(playerOfToken(db, "first"), undefined);
    assert.deepEqual(liveTokens(db), new Set());
    assert.deepEqual(listTokens(db), [
      { player_id: "a1", name: "Ann", active: false, stories: 1, last_used_ms: 77 },
    ]);
    assert.deepEqual(add(db, "x", "ann", "second"), { player_id: "a1", returned: true });
    assert.equal(playerOfToken(db, "second")?.player_id, "a1");
    assert.equal(playerOfToken(db, "first"), undefined);
    assert.equal(getSession(db, "a1", "story")?.id, "story");
  });
});

Deno.test("who plays at this machine gets no token, whether they have played or not, and is in no list", async () => {
  await withDatabase((db) => {
    assert.equal(add(db, "x", "Local", "t"), null);
    saveState(db, "local", { world_id: "", character_id: "", session_id: "", model: "", rules: [] });
    assert.equal(add(db, "x", "local", "t"), null);
    assert.deepEqual(listTokens(db), []);
    assert.deepEqual(liveTokens(db), new Set());
  });
});

Deno.test("players are listed by name, whatever its case", async () => {
  await withDatabase((db) => {
    add(db, "2", "ben", "b");
    add(db, "1", "Ann", "a");
    add(db, "3", "Cleo", "c");
    assert.deepEqual(
      listTokens(db).map(({ name, active, stories, last_used_ms }) => [
        name,
        active,
        stories,
        last_used_ms,
      ]),
      [["Ann", true, 0, null], ["ben", true, 0, null], ["Cleo", true, 0, null]],
    );
  });
});

Deno.test("a player is found by id, or by name in any case and script", async () => {
  await withDatabase((db) => {
    add(db, "a1", "Ärmel", "a");
    assert.deepEqual(findPlayer(db, "ÄRMEL"), { id: "a1", name: "Ärmel" });
    assert.deepEqual(findPlayer(db, "a1"), { id: "a1", name: "Ärmel" });
    assert.deepEqual(findPlayer(db, "local"), { id: "local", name: "local" });
    assert.equal(findPlayer(db, "nobody"), undefined);
    assert.equal(playerName(db, "a1"), "Ärmel");
    assert.equal(playerName(db, "zz"), "zz");
  });
});

Deno.test("what a player used is summed by day in UTC, with what was asked beside the replies, for each alone", async () => {
  assert.deepEqual([dayOf(0), dayOf(86_399_999), dayOf(86_400_000)], [0, 0, 1]);
  await withDatabase((db) => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, cost: 0.25 };
    addSpent(db, "ann", 7, usage);
    addSpent(db, "ann", 7, { ...usage, cost: null });
    addSpent(db, "ann", 8, usage);
    addSpent(db, "ben", 7, usage);
    createSession(db, aSession({ id: "story", player_id: "ann" }));
    addSideUsage(db, "ann", "story", {
      ...usage,
      kind: "summary",
      model: "m",
      cached_tokens: 0,
      created_ms: 7 * 86_400_000 + 1,
    });
    assert.deepEqual(spentOn(db, "ann", 7), { tokens: 45, cost: 0.5 });
    assert.deepEqual(spentOn(db, "ann", 8), { tokens: 15, cost: 0.25 });
    assert.deepEqual(spentOn(db, "ben", 7), { tokens: 15, cost: 0.25 });
    assert.deepEqual(spentOn(db, "ben", 8), { tokens: 0, cost: 0 });
  });
});
