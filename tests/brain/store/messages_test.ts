import assert from "node:assert/strict";
import type { Usage } from "../../../shared/story.ts";
import { StoreError } from "../../../brain/store/store_error.ts";
import {
  addMessage,
  getMessage,
  newestLeaf,
  pathIds,
  pathPage,
  pathTail,
  pathTo,
  settleUnfinished,
  siblings,
  turnOf,
  updateMessage,
} from "../../../brain/store/messages.ts";
import { createSession, getSession } from "../../../brain/store/sessions.ts";
import { aSession, tell, tellAll, withDatabase } from "../../support/stories.ts";

const USAGE: Usage = {
  prompt_tokens: 100,
  cached_tokens: 20,
  completion_tokens: 30,
  cost: 0.5,
  first_token_ms: 12,
  tokens_per_second: 7.5,
};

Deno.test("a message comes back as it was added and leaves the leaf where it was", async () => {
  await withDatabase((db) => {
    createSession(db, aSession());
    const added = addMessage(db, "ann", "story", {
      parent_id: null,
      role: "assistant",
      content: "The tide is out.",
      status: "writing",
      model: "demo/narrator",
      tokens: 6,
      created_ms: 1234,
    });
    const expected = {
      id: added.id,
      parent_id: null,
      role: "assistant",
      content: "The tide is out.",
      status: "writing",
      model: "demo/narrator",
      usage: null,
      created_ms: 1234,
      alternative: 1,
      alternatives: 1,
    };
    assert.deepEqual(added, expected);
    assert.deepEqual(getMessage(db, "ann", added.id), { ...expected, session_id: "story", tokens: 6 });
    assert.equal(getMessage(db, "ann", added.id + 1), undefined);
    assert.equal(getSession(db, "ann", "story")?.leaf_id, null);
  });
});

Deno.test("a message needs a session that exists and a parent in it", async () => {
  await withDatabase((db) => {
    const [first] = tellAll(db, aSession(), ["a"]);
    createSession(db, aSession({ id: "beside" }));
    assert.throws(() => tell(db, aSession({ id: "gone" }), null, "user", "x"), StoreError);
    assert.throws(() => tell(db, aSession({ id: "beside" }), first, "user", "x"), StoreError);
    assert.throws(() => tell(db, aSession(), 999, "user", "x"), StoreError);
    assert.equal(db.all("SELECT id FROM messages").length, 1);
  });
});

Deno.test("a change touches only what it names, and usage survives as it is", async (t) => {
  for (
    const patch of [
      { content: "longer" },
      { content: "" },
      { status: "failed" as const },
      { model: "other/model" },
      { usage: USAGE },
      { usage: { ...USAGE, cost: null } },
      { tokens: 0 },
      {},
    ]
  ) {
    await t.step(JSON.stringify(patch), () =>
      withDatabase((db) => {
        createSession(db, aSession());
        const first = tell(db, aSession(), null, "user", "a", { tokens: 3 });
        const second = tell(db, aSession(), first.id, "assistant", "b", { tokens: 3 });
        const { tokens, ...rest } = { tokens: 3, ...patch };
        assert.deepEqual(updateMessage(db, "ann", second.id, patch), { ...second, ...rest });
        assert.deepEqual(getMessage(db, "ann", second.id), {
          ...second,
          ...rest,
          tokens,
          session_id: "story",
        });
        assert.deepEqual(getMessage(db, "ann", first.id), { ...first, tokens: 3, session_id: "story" });
      }));
  }
});

Deno.test("usage can be taken back", async () => {
  await withDatabase((db) => {
    createSession(db, aSession());
    const { id } = tell(db, aSession(), null, "assistant", "a");
    assert.deepEqual(updateMessage(db, "ann", id, { usage: USAGE }).usage, USAGE);
    assert.equal(updateMessage(db, "ann", id, { usage: null }).usage, null);
    assert.throws(() => updateMessage(db, "ann", id + 1, { content: "x" }), StoreError);
  });
});

/**
 * ann's story: root "a" with replies b1, b2, b3; under b2 the lines c1 and c2, under c1 the reply d.
 * A second root "z" was told last.
 */
function tree(db: Parameters<typeof tell>[0]) {
  const session = aSession();
  createSession(db, session);
  createSession(db, aSession({ id: "beside" }));
  const a = tell(db, session, null, "user", "a").id;
  tell(db, aSession({ id: "beside" }), null, "user", "a root beside");
  const b1 = tell(db, session, a, "assistant", "b1").id;
  const b2 = tell(db, session, a, "assistant", "b2").id;
  const c1 = tell(db, session, b2, "user", "c1").id;
  const b3 = tell(db, session, a, "assistant", "b3").id;
  const c2 = tell(db, session, b2, "user", "c2").id;
  const d = tell(db, session, c1, "assistant", "d").id;
  const z = tell(db, session, null, "user", "z").id;
  return { a, b1, b2, b3, c1, c2, d, z };
}

Deno.test("alternatives are counted among the same parent and role, by age, everywhere alike", async () => {
  await withDatabase((db) => {
    const { a, b1, b2, b3, c1, c2, d, z } = tree(db);
    const places: [number, number, number][] = [
      [a, 1, 2],
      [b1, 1, 3],
      [b2, 2, 3],
      [b3, 3, 3],
      [c1, 1, 2],
      [c2, 2, 2],
      [d, 1, 1],
      [z, 2, 2],
    ];
    for (const [id, alternative, alternatives] of places) {
      const expected = { id, alternative, alternatives };
      const pick = (m: typeof expected | undefined) =>
        m && { id: m.id, alternative: m.alternative, alternatives: m.alternatives };
      assert.deepEqual(pick(getMessage(db, "ann", id)), expected);
      assert.deepEqual(pick(pathTo(db, "ann", id).at(-1)), expected);
      assert.deepEqual(pick(pathTail(db, "ann", id, { tokens: 1 }).path.at(-1)), expected);
      assert.deepEqual(pick(pathPage(db, "ann", id, { limit: 9 }).history.at(-1)), expected);
      assert.deepEqual(pick(siblings(db, "ann", id)[alternative - 1]), expected);
      assert.equal(siblings(db, "ann", id).length, alternatives);
    }
    // Another role under the same parent is no other telling.
    const said = tell(db, aSession(), a, "user", "I go on by myself");
    assert.deepEqual([said.alternative, said.alternatives], [1, 1]);
    assert.equal(getMessage(db, "ann", b1)?.alternatives, 3);
    assert.deepEqual(siblings(db, "ann", 999), []);
  });
});

Deno.test("a path leads from the root to its leaf and past no branch", async () => {
  await withDatabase((db) => {
    const { a, b1, b2, c1, c2, d, z } = tree(db);
    const rows: [number | null, number[]][] = [
      [null, []],
      [999, []],
      [a, [a]],
      [z, [z]],
      [b1, [a, b1]],
      [c2, [a, b2, c2]],
      [d, [a, b2, c1, d]],
    ];
    for (const [leaf, ids] of rows) {
      assert.deepEqual(pathTo(db, "ann", leaf).map((m) => m.id), ids);
      assert.deepEqual([...pathIds(db, "ann", leaf)], [...ids].reverse());
    }
    assert.deepEqual(pathTo(db, "ann", d)[3], getMessage(db, "ann", d));
    assert.deepEqual([null, a, b2, c1, d, 999].map((id) => turnOf(db, "ann", id)), [0, 1, 1, 2, 2, 0]);
  });
});

Deno.test("a page holds the newest of the path, oldest first, and says whether there is more", async () => {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), ["a", "b", "c", "d", "e"]);
    const [a, b, c, d, e] = ids;
    tell(db, aSession(), a, "assistant", "a branch");
    const rows: [{ limit: number; before?: number }, number[], boolean][] = [
      [{ limit: 2 }, [d, e], true],
      [{ limit: 4 }, [b, c, d, e], true],
      [{ limit: 5 }, [a, b, c, d, e], false],
      [{ limit: 6 }, [a, b, c, d, e], false],
      [{ limit: 2, before: d }, [b, c], true],
      [{ limit: 3, before: d }, [a, b, c], false],
      [{ limit: 2, before: a }, [], false],
      [{ limit: 2, before: 999 }, [d, e], true],
      [{ limit: 0 }, [], true],
    ];
    for (const [options, expected, more] of rows) {
      const page = pathPage(db, "ann", e, options);
      assert.deepEqual({ ids: page.history.map((m) => m.id), more: page.more }, { ids: expected, more });
    }
    assert.deepEqual(pathPage(db, "ann", e, { limit: 1 }).history[0], getMessage(db, "ann", e));
    assert.deepEqual(pathPage(db, "ann", null, { limit: 5 }), { history: [], more: false });
  });
});

Deno.test("a tail holds as many messages as it takes, and the tokens of those above", async () => {
  await withDatabase((db) => {
    createSession(db, aSession());
    const ids: number[] = [];
    for (const [i, tokens] of [5, 10, 20, 40].entries()) {
      ids.push(tell(db, aSession(), ids.at(-1) ?? null, i % 2 ? "assistant" : "user", "x", { tokens }).id);
    }
    const rows: [number, number, number][] = [
      [0, 1, 35],
      [1, 1, 35],
      [40, 1, 35],
      [41, 2, 15],
      [60, 2, 15],
      [61, 3, 5],
      [70, 3, 5],
      [71, 4, 0],
      [75, 4, 0],
      [1000, 4, 0],
    ];
    for (const [tokens, count, tokens_above] of rows) {
      const tail = pathTail(db, "ann", ids[3], { tokens });
      assert.deepEqual(tail.path.map((m) => m.id), ids.slice(4 - count), `${tokens} tokens`);
      assert.equal(tail.tokens_above, tokens_above, `${tokens} tokens`);
    }
    assert.deepEqual(pathTail(db, "ann", null, { tokens: 5 }), { path: [], tokens_above: 0 });
    // A reply's tokens are known when it is complete: what comes after counts the new number.
    updateMessage(db, "ann", ids[3], { tokens: 41 });
    const next = tell(db, aSession(), ids[3], "user", "y", { tokens: 1 }).id;
    assert.equal(pathTail(db, "ann", next, { tokens: 1 }).tokens_above, 76);
  });
});

Deno.test("the newest leaf is found by taking the newest child at each fork", async () => {
  await withDatabase((db) => {
    const { a, b1, b2, b3, c2, d, c1, z } = tree(db);
    const rows: [number | null, number | null][] = [[null, z], [a, b3], [b1, b1], [b2, c2], [c1, d], [d, d], [
      999,
      null,
    ]];
    for (const [from, leaf] of rows) assert.equal(newestLeaf(db, "ann", "story", from), leaf, `from ${from}`);
    createSession(db, aSession({ id: "empty" }));
    assert.equal(newestLeaf(db, "ann", "empty", null), null);
    assert.equal(newestLeaf(db, "ann", "beside", a), null);
  });
});

Deno.test("replies that were being written are stopped and keep their text", async () => {
  await withDatabase((db) => {
    createSession(db, aSession());
    createSession(db, aSession({ id: "theirs", player_id: "ben" }));
    const ids = (["writing", "complete", "failed", "stopped", "writing"] as const).map((status) =>
      tell(db, aSession(), null, "assistant", `so ${status}`, { status }).id
    );
    const theirs = tell(db, aSession({ id: "theirs", player_id: "ben" }), null, "assistant", "ha", {
      status: "writing",
    });
    assert.equal(settleUnfinished(db), 3);
    assert.deepEqual(ids.map((id) => getMessage(db, "ann", id)?.status), [
      "stopped",
      "complete",
      "failed",
      "stopped",
      "stopped",
    ]);
    assert.equal(getMessage(db, "ann", ids[0])?.content, "so writing");
    assert.equal(getMessage(db, "ben", theirs.id)?.status, "stopped");
    assert.equal(settleUnfinished(db), 0);
  });
});

Deno.test("a page and a tail of a long story cost a small part of the whole path", async () => {
  await withDatabase((db) => {
    const ids = tellAll(
      db,
      aSession(),
      Array.from({ length: 6000 }, (_, i) => `line ${i} ${"word ".repeat(40)}`),
    );
    const leaf = ids.at(-1)!;
    const cost = (fn: () => unknown) => {
      const times = Array.from({ length: 9 }, () => {
        const begun = performance.now();
        fn();
        return performance.now() - begun;
      });
      return Math.min(...times);
    };
    const whole = cost(() => pathTo(db, "ann", leaf));
    assert.ok(cost(() => pathPage(db, "ann", leaf, { limit: 50 })) < whole / 5);
    assert.ok(cost(() => pathTail(db, "ann", leaf, { tokens: 500 })) < whole / 5);
    assert.equal(pathTo(db, "ann", leaf).length, 6000);
  });
});
