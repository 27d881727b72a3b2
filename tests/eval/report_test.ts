import assert from "node:assert/strict";
import type { Finding, Kind } from "./counts.ts";
import { bestAndWorst, compare, quoted, report, type Story, table, transcript, verdict } from "./report.ts";

/** A story whose n-th reply has the n-th list of flaws; without `raw` the text shown decides. */
function story(variant: string, world: string, flaws: Kind[][], raw: Kind[][] | null = null): Story {
  const findings = (of: Kind[][]): Finding[] =>
    of.flatMap((kinds, reply) => kinds.map((kind) => ({ reply, kind, quote: `${kind}!` })));
  const told = flaws.map((_, index) => ({ line: `Line ${index + 1}.`, reply: `${variant} ${index + 1}.` }));
  return {
    variant,
    world,
    character: "The clerk",
    opening: "Fog.",
    told,
    shown: findings(flaws),
    raw: raw && { told: told.map((one) => ({ ...one, reply: `raw ${one.reply}` })), findings: findings(raw) },
    notices: [],
  };
}

Deno.test("the table counts replies per kind, raw and shown, with a pair of columns for each variant", () => {
  const one = story("shipped", "Marsh", [["length", "question"], ["length"], []], [["length"], ["length"], [
    "markup",
  ]]);
  assert.deepEqual(table([one]).split("\n").filter((row) => !/ 0 +0 /.test(row)), [
    "Of 3 replies:",
    "   raw shown",
    "     0     1  ends with a question to the player",
    "     2     2  outside the length",
    "     1     0  headings, lists, remarks",
    "     3     3  flaws in all",
  ]);
  const two = [one, story("short", "Marsh", [[], ["empty"], []]), story("short", "Stair", [["empty"]])];
  const rows = table(two).split("\n");
  assert.deepEqual(rows.slice(0, 3), [
    "Of 3 replies each:",
    "     shipped  |       short",
    "   raw shown  |   raw shown",
  ]);
  assert.equal(
    rows.find((row) => row.endsWith("nothing at all")),
    "     0     0  |     -     2  nothing at all",
  );
  assert.equal(rows.at(-1), "     3     3  |     -     2  flaws in all");
});

Deno.test("the best and the worst reply are the first with fewest and most flaws, over all variants; empty ones are none", () => {
  const shipped = story("shipped", "Marsh", [["length"], ["length", "markup", "question"], ["length"]]);
  const short = story("short", "Marsh", [["question"], ["markup", "length", "retold"], []]);
  short.told[2].reply = " ";
  const { best, worst } = bestAndWorst([shipped, short]);
  assert.deepEqual([best?.told.reply, best?.flaws], ["shipped 1.", ["length"]]);
  assert.deepEqual([worst?.told.reply, worst?.flaws], ["shipped 2.", ["question", "length", "markup"]]);
  assert.deepEqual(bestAndWorst([]), { best: null, worst: null });
});

Deno.test("a quote holds the whole reply, each of its rows, and what was counted", () => {
  const one = story("short", "Marsh", [["length", "broken_end"]]);
  one.told[0].reply = "A gull.\n\nIt waits\n";
  const quote = bestAndWorst([one]).best;
  assert.equal(
    quote && quoted("Good", quote),
    "Good (short rules), to: Line 1.\n\n> A gull.\n>\n> It waits\n\nCounted: outside the length; breaks off.",
  );
  one.shown = one.shown.slice(0, 1);
  const single = bestAndWorst([one]).best;
  assert.match(single ? quoted("Good", single) : "", /\nCounted: outside the length\.$/);
  one.shown = [];
  const clean = bestAndWorst([one]).best;
  assert.match(clean ? quoted("Good", clean) : "", /\nCounted: nothing counted against it\.$/);
});

Deno.test("a variant wins only when it is better more often than chance would make it", () => {
  const flawed = (count: number): Kind[][] => Array<Kind[]>(count).fill(["length"]);
  const clean = (count: number): Kind[][] => Array<Kind[]>(count).fill([]);
  const rows: [first: Kind[][], second: Kind[][], [number, number, number], winner: string | null][] = [
    [clean(5), flawed(5), [5, 0, 0], "shipped"],
    [flawed(5), clean(5), [0, 5, 0], "short"],
    [clean(4), flawed(4), [4, 0, 0], null],
    [[...clean(13), ...flawed(5)], [...flawed(13), ...clean(5)], [13, 5, 0], null],
    [[...clean(14), ...flawed(5)], [...flawed(14), ...clean(5)], [14, 5, 0], "shipped"],
    [clean(12), clean(12), [0, 0, 12], null],
    [[["length", "markup"]], [["question"]], [0, 1, 0], null],
  ];
  for (const [first, second, [better, worse, even], winner] of rows) {
    const result = compare(
      [story("shipped", "Marsh", first), story("short", "Marsh", second)],
      "shipped",
      "short",
    );
    assert.deepEqual(
      [result.first_better, result.second_better, result.even, result.winner],
      [better, worse, even, winner],
    );
  }
});

Deno.test("variants are compared world by world, and by the model's own text where it was seen", () => {
  const stories = [
    story("shipped", "Marsh", [["length"]], [[]]),
    story("shipped", "Stair", [["length"]]),
    story("short", "Stair", [["length"]]),
    story("short", "Marsh", [[]], [["markup"]]),
  ];
  const result = compare(stories, "shipped", "short");
  assert.deepEqual([result.first_better, result.second_better, result.even], [1, 0, 1]);
  // Lines that only one of the two was told, and a world that only one played, count for nobody.
  const longer = [story("shipped", "Marsh", [[], [], []]), story("shipped", "Stair", [[]])];
  const shorter = compare([...longer, story("short", "Marsh", [["length"]])], "shipped", "short");
  assert.deepEqual([shorter.first_better, shorter.second_better, shorter.even], [1, 0, 0]);
  assert.equal(
    verdict(result),
    "Reply by reply, shipped has fewer flaws in 1, short in 0, 1 are alike. That is no more than chance would bring: no winner.",
  );
  assert.match(verdict({ ...result, winner: "shipped" }), / are alike\. Winner: shipped\.$/);
});

Deno.test("the report has counts and two quotes for each world, the sum of them and a verdict for each other variant", () => {
  const worlds = ["Marsh", "Stair"];
  const stories = ["shipped", "short", "long"].flatMap((variant) =>
    worlds.map((world) => story(variant, world, [[], ["length"]]))
  );
  const text = report("tiny", stories);
  assert.deepEqual(text.match(/^#+ .*$/gm), ["# tiny", "## Marsh", "## Stair", "## All worlds"]);
  assert.equal(text.match(/^Good \(shipped rules\), to: Line 1\.$/gm)?.length, 2);
  assert.equal(text.match(/^Bad \(shipped rules\), to: Line 2\.$/gm)?.length, 2);
  assert.equal(
    text.match(/^Of \d+ replies each:$/gm)?.join(),
    "Of 2 replies each:,Of 2 replies each:,Of 4 replies each:",
  );
  assert.deepEqual(text.match(/^Reply by reply, shipped has fewer flaws in 0, \w+/gm), [
    "Reply by reply, shipped has fewer flaws in 0, short",
    "Reply by reply, shipped has fewer flaws in 0, long",
  ]);
  const single = report("tiny", [story("shipped", "Marsh", [["length"]])]);
  assert.doesNotMatch(single, /All worlds|Bad|Reply by reply/);
});

Deno.test("a transcript shows the model's own text where it differs, remarks and notices", () => {
  const one = story("shipped", "Marsh", [["length"], []], [[], []]);
  one.told[1].reply = "";
  one.raw!.told[0].reply = one.told[0].reply + " ";
  one.notices = ["2: The narrator did not answer."];
  assert.equal(
    transcript(one),
    [
      "# Marsh, with The clerk",
      "Fog.",
      "> Line 1.",
      "shipped 1.",
      "- outside the length: length!",
      "> Line 2.",
      "(nothing)",
      "Raw:",
      "```",
      "raw shipped 2.",
      "```",
      "Notices:",
      "- 2: The narrator did not answer.",
    ].join("\n\n") + "\n",
  );
});
