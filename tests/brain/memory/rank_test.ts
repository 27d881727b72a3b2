import assert from "node:assert/strict";
import {
  best,
  callOf,
  type Corpus,
  type Hits,
  type Lent,
  rarity,
  type Scores,
  scoreUnits,
  scoreWords,
} from "../../../brain/memory/rank.ts";
import { type Weights, WORDS_ONLY } from "../../../brain/memory/weights.ts";

function corpus(place: number[], length = place.map(() => 100)): Corpus {
  return {
    size: place.length,
    place: Int32Array.from(place),
    places: Math.max(-1, ...place) + 1,
    length: Float64Array.from(length),
    average_length: length.reduce((sum, each) => sum + each, 0) / Math.max(1, length.length),
  };
}

function scored(
  corpus: Corpus,
  hits: Hits[],
  feedback: Hits[],
  extra: { facts: Lent[]; similar: Lent[] },
  weights: Weights,
): Scores {
  return scoreUnits(corpus, scoreWords(corpus, hits, weights), feedback, extra, weights);
}

const hits = (slots: number[], more: { weight?: number; calls?: boolean } = {}): Hits => ({
  term: { word: "w", phrase: "w", prefix: false, weight: more.weight ?? 1, calls: more.calls ?? true },
  slots,
});
const none = { facts: [], similar: [] };
const with_weights = (patch: Partial<Weights>): Weights => ({ ...WORDS_ONLY, ...patch });
const rounded = (values: Float64Array) => [...values].map((value) => Math.round(value * 1000) / 1000);
const row = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("nothing asked, nothing found, nothing there: no score", () => {
  assert.deepEqual([...scored(corpus([]), [], [], none, WORDS_ONLY).total], []);
  assert.deepEqual([...scored(corpus([0, 1]), [hits([])], [], none, WORDS_ONLY).total], [0, 0]);
});

Deno.test("the score of words is BM25 with each word once", () => {
  const { total, parts } = scored(corpus(row(100)), [hits([7])], [], none, WORDS_ONLY);
  // ln(1 + (100 - 1 + 0.5) / (1 + 0.5)) * 2.2 / (1 + 1.2)
  assert.ok(Math.abs(total[7] - 4.2096) < 0.001, `${total[7]}`);
  assert.equal(parts.words[7], total[7]);
  assert.equal(total[6], 0);
  const half = scored(corpus(row(100)), [hits([7], { weight: 0.5 })], [], none, WORDS_ONLY);
  assert.ok(Math.abs(half.total[7] - total[7] / 2) < 1e-9);
  // Average length 225: 2.2 / (1 + 1.2 * (0.25 + 0.75 * 50 / 225)) against the same with 400.
  const lengths = scored(corpus([0, 1], [50, 400]), [hits([0, 1])], [], none, WORDS_ONLY).total;
  assert.ok(Math.abs(lengths[0] / lengths[1] - 1.9333) < 0.001, `${lengths[0] / lengths[1]}`);
});

Deno.test("more finds than units is no reason for a number that is none", () => {
  assert.ok(Number.isFinite(rarity(5, 3)) && rarity(5, 3) > 0);
  assert.ok(rarity(1, 100) > rarity(2, 100));
});

Deno.test("the floor: a unit is called by a rare word, or by two that are not common", () => {
  const called = (found: Hits[], places: number) =>
    [...scored(corpus(row(places)), found, [], none, WORDS_ONLY).called].filter((one) => one === 1)
      .length;
  assert.equal(called([hits([1], { calls: false })], 100), 0);
  assert.equal(called([hits(row(26))], 100), 0);
  assert.equal(called([hits(row(25))], 100), 0);
  assert.equal(called([hits(row(25)), hits([3, 30])], 100), 2);
  assert.equal(called([hits(row(25)), hits(row(25).slice(20))], 100), 5);
  assert.equal(called([hits(row(26)), hits(row(25).slice(20))], 100), 5);
  assert.equal(called([hits(row(25)), hits(row(25))], 100), 25);
  assert.equal(called([hits(row(6)), hits(row(6), { calls: false })], 100), 0);
  assert.deepEqual([callOf(5, 100), callOf(6, 100), callOf(25, 100), callOf(26, 100)], [2, 1, 1, 0]);
  // A small story: three finds are few even when they are a large part of it.
  assert.deepEqual([callOf(3, 4), callOf(4, 4)], [2, 0]);
});

Deno.test("neighbours lend: half of the message before, three tenths of the one after, the best of each", () => {
  const story = corpus([4, 5, 5, 6, 7, 9]);
  const lending = with_weights({ previous: 0.5, next: 0.3 });
  const { total, parts } = scored(story, [hits([1])], [], none, lending);
  const worth = parts.words[1];
  assert.deepEqual(
    rounded(parts.neighbours),
    rounded(Float64Array.from([worth * 0.3, 0, 0, worth * 0.5, 0, 0])),
  );
  assert.equal(total[1], worth);
  const both = scored(story, [hits([1]), hits([1, 2])], [], none, lending);
  assert.ok(Math.abs(both.parts.neighbours[3] - both.parts.words[1] * 0.5) < 1e-9);
});

Deno.test("a passage lends to all in it what its words are worth, the best passage half of the best unit", () => {
  const story = corpus(row(12));
  const lending = with_weights({ window: 0.5, window_size: 4 });
  const { parts } = scored(story, [hits([5])], [], none, lending);
  const half = parts.words[5] / 2;
  // The passage of 4 around a message: the two before it, itself and the next.
  assert.deepEqual(
    rounded(parts.passage),
    rounded(Float64Array.from([0, 0, 0, 0, half, half, half, half, 0, 0, 0, 0])),
  );
  // At either end of a story it is cut off; a word that nobody says lends nothing.
  for (const [at, reached] of [[0, [0, 1, 2]], [1, [0, 1, 2, 3]], [11, [10, 11]]] as const) {
    const { passage } = scored(story, [hits([at]), hits([])], [], none, lending).parts;
    assert.deepEqual(row(12).filter((slot) => passage[slot] > 0), reached);
  }
  // Of a word that is said again and again each place counts less; a place of several units counts each.
  const again = scored(corpus([0, 1, 1, 3, 9]), [hits([0, 1, 2])], [], none, lending).parts.passage;
  const three = 3 * 2.2 / (3 + 1.2);
  const two_of = 2 * 2.2 / (2 + 1.2);
  assert.ok(Math.abs(again[3] / again[0] - two_of / three) < 1e-9, `${again[3] / again[0]}`);
  assert.equal(again[4], 0);
  const two = scored(story, [hits([5]), hits([7])], [], none, lending).parts;
  assert.equal(Math.max(...two.passage), two.passage[6]);
  assert.ok(two.passage[6] > two.passage[4]);
  assert.ok(Math.abs(two.passage[6] - two.words[5] / 2) < 1e-9);
});

Deno.test("what is not to be found has no passage and no neighbours", () => {
  const { total } = scored(
    corpus([0, -1, 1]),
    [hits([0])],
    [],
    none,
    with_weights({ previous: 0.5, next: 0.3, window: 0.5, window_size: 4 }),
  );
  assert.equal(total[1], 0);
  assert.ok(total[2] > 0);
  const passages = with_weights({ window: 0.5, window_size: 4 });
  assert.deepEqual([...scored(corpus([0, -1, 1]), [hits([1])], [], none, passages).parts.passage], [0, 0, 0]);
});

Deno.test("facts and likeness are worth their weight times the best words, the best of them whole", () => {
  const extra = {
    facts: [{ slot: 1, value: 2 }, { slot: 2, value: 1 }, { slot: 2, value: 0.5 }],
    similar: [{ slot: 3, value: 0.6 }, { slot: 0, value: 0.3 }],
  };
  const weights = with_weights({ facts: 0.5, vectors: 0.8 });
  const { parts, total } = scored(corpus(row(5)), [hits([0])], [], extra, weights);
  const worth = parts.words[0];
  assert.deepEqual(rounded(parts.facts), rounded(Float64Array.from([0, worth * 0.5, worth * 0.25, 0, 0])));
  assert.deepEqual(rounded(parts.vectors), rounded(Float64Array.from([worth * 0.4, 0, 0, worth * 0.8, 0])));
  assert.ok(Math.abs(total[0] - worth * 1.4) < 1e-9);
  // Without any word that is found, likeness still ranks.
  const bare = scored(corpus(row(5)), [], [], extra, weights).total;
  assert.deepEqual(rounded(bare), [0.4, 0.5, 0.25, 0.8, 0]);
});

Deno.test("words of the best finds count as theirs, and call nothing", () => {
  const { parts, called } = scored(corpus(row(9)), [], [hits([2], { weight: 0.2 })], none, WORDS_ONLY);
  assert.ok(parts.feedback[2] > 0);
  assert.deepEqual([...called], row(9).map(() => 0));
});

Deno.test("the best come first, ties with the later first, nothing without a score", () => {
  assert.deepEqual(best(Float64Array.from([1, 0, 3, 2, 3]), 3), [4, 2, 3]);
  assert.deepEqual(best(Float64Array.from([1, 0]), 5), [0]);
  const many = Float64Array.from({ length: 5000 }, (_, i) => (i * 7919) % 5003);
  const sorted = row(5000).sort((a, b) => many[b] - many[a]).slice(0, 10);
  assert.deepEqual(best(many, 10), sorted);
  // Few values, so that nearly all are ties; any number of the best is what sorting all gives.
  const values = Float64Array.from({ length: 300 }, (_, i) => ((i * 7919) % 1009) % 7 - 1);
  const all = row(300).filter((i) => values[i] > 0).sort((a, b) => values[b] - values[a] || b - a);
  for (const count of [0, 1, 2, 3, 7, 8, 50, all.length - 1, all.length, 400]) {
    assert.deepEqual(best(values, count), all.slice(0, count), `${count}`);
  }
});
