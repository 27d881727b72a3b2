/** Lists of choices as rows. */

import assert from "node:assert/strict";
import type { PopupRow } from "../../../face/app/completion.ts";
import { textWidth } from "../../../face/term/width.ts";
import { listLines, type ListOptions, placesOf } from "../../../face/view/list_rows.ts";
import { seeded } from "../../support/player.ts";

const row = (name: string, detail = "", note = ""): PopupRow => (
  { text: name, name, detail, note, complete: true, hint: "" }
);

/** The list as it would be drawn, the chosen row with its mark. */
function drawn(rows: PopupRow[], options: Partial<ListOptions>): string[] {
  const all = { chosen: 0, typed: "", width: 60, most: 10, ellipsis: "…", ...options };
  return listLines(rows, all).map((line) => {
    let text = "";
    for (const piece of line.pieces) {
      text += " ".repeat(Math.max(0, piece.x - textWidth(text))) + piece.text;
    }
    return `${line.kind === "name" && line.at === all.chosen ? ">" : " "}${text}`;
  });
}

const STORIES = [
  row("The lamp", "The Salt Marsh  64 turns  3 days ago", "Nobody comes."),
  row("The bees", "The Honey Year  just now", "Nine cells."),
  row("Nothing yet", "", ""),
];

Deno.test("cells of details stand below one another, the last where the last of the others is", () => {
  assert.deepEqual(drawn(STORIES, {}), [
    ">The lamp      The Salt Marsh  64 turns  3 days ago",
    "   Nobody comes.",
    " The bees      The Honey Year            just now",
    " Nothing yet",
  ]);
});

Deno.test("where it is narrow the second cell goes first, then names and cells are cut with a sign", () => {
  const long = [
    row("A story of the lamp and of the pier", "The Salt Marsh  64 turns  3 days ago"),
    STORIES[1],
  ];
  assert.deepEqual(
    drawn(long, { width: 57 }),
    [
      ">A story of the lamp and of…    The Salt Marsh  3 days ago",
      "   A story of the lamp and of the pier",
      "   The Salt Marsh  64 turns  3 days ago",
      " The bees                       The Honey Year  just now",
    ],
  );
  assert.deepEqual(drawn(long, { width: 30, chosen: 1 }), [
    " A story of t…   The Salt Marsh",
    ">The bees        The Honey Year",
    "   The Honey Year  just now",
    "   Nine cells.",
  ]);
});

Deno.test("a sentence beside a name is cut, and whole below the chosen one", () => {
  const rules = [
    row("Gritty", "Bodies tire, feet blister, wounds slow and then fester for days."),
    row("Terse", "Write little."),
  ];
  assert.deepEqual(drawn(rules, { width: 40 }), [
    ">Gritty   Bodies tire, feet blister, wou…",
    "   Bodies tire, feet blister, wounds slow",
    "   and then fester for days.",
    " Terse    Write little.",
  ]);
  assert.deepEqual(drawn(rules, { width: 80 })[0], `>Gritty   ${rules[0].detail}`);
  assert.equal(drawn(rules, { width: 80 }).length, 2);
});

Deno.test("a note has three rows, and the last of them says that there is more", () => {
  const note = "the lamp burns low and nobody comes ".repeat(6).trim();
  const lines = drawn([row("One", "", note)], { width: 40 });
  assert.equal(lines.length, 4);
  assert.match(lines[3], /…$/);
  for (const line of lines) assert.ok(line.length <= 41);
  const whole = drawn([row("One", "", note.slice(0, 110).trim())], { width: 40 });
  assert.equal(whole.length, 4);
  assert.doesNotMatch(whole[3], /…$/);
});

Deno.test("while words are looked for, each row of a short list shows where it says them", () => {
  const quote = `${
    "The ferry comes, and the fog with it, and nobody waits. ".repeat(2)
  }Under the pier a bell rings.`;
  const found = [
    row("One", "a  b", "no such word"),
    row("Two", "a  b", quote),
    row("Three", "a  b", "A bell."),
  ];
  const lines = drawn(found, { typed: "bell rings", chosen: 2 });
  assert.deepEqual(lines, [
    " One     a  b",
    " Two     a  b",
    "   …with it, and nobody waits. Under the pier a bell rings.",
    ">Three   a  b",
    "   A bell.",
  ]);
  assert.deepEqual(
    drawn(found, { typed: "bell", chosen: 2, most: 5 }).length,
    4,
    "too long a list for quotes",
  );
});

Deno.test("words typed are found wherever they stand, each once, in the order of the text", () => {
  assert.deepEqual(placesOf("The Bell and the lamp", "lamp bell"), [{ from: 4, to: 8 }, {
    from: 17,
    to: 21,
  }]);
  assert.deepEqual(placesOf("bellows", "bell ell"), [{ from: 0, to: 4 }], "no place lies over another");
  assert.deepEqual(placesOf("The bell", "  "), []);
  assert.deepEqual(
    placesOf("\u0130 bell", "bell"),
    [],
    "a capital that is longer when small: nothing is marked",
  );
  assert.deepEqual(placesOf("bell", "pier"), []);
});

Deno.test("the chosen row is always there, and no more rows than there is room for", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const chance = seeded(seed);
    const below = (most: number): number => Math.floor(chance() * most);
    const words = (most: number): string =>
      Array.from({ length: below(most) }, () => ["lamp", "nobody", "日本語", "a"][below(4)]).join(" ");
    const rows = Array.from({ length: 1 + below(14) }, () => row(`x${words(9)}`, words(9), words(40)));
    const options = {
      chosen: below(rows.length + 1) - 1,
      width: 12 + below(60),
      most: 1 + below(12),
      typed: words(2),
    };
    const lines = listLines(rows, { ...options, ellipsis: "…" });
    const where = `seed ${seed}`;
    assert.ok(lines.length <= options.most, where);
    const shown = lines.filter(({ kind }) => kind === "name").map(({ at }) => at);
    assert.deepEqual(shown, shown.map((_, at) => shown[0] + at), where);
    if (options.chosen >= 0) assert.ok(shown.includes(options.chosen), where);
    // No room is left while a row would fit.
    if (lines.length < options.most - 3) assert.equal(shown.length, rows.length, where);
    for (const { pieces } of lines) {
      for (const [at, { x, text }] of pieces.entries()) {
        const end = pieces[at + 1]?.x ?? options.width + 1;
        assert.ok(x + textWidth(text) < end, `${where}: ${JSON.stringify(pieces)}`);
      }
    }
  }
});

Deno.test("in the middle of a long list the chosen row has rows on both sides", () => {
  const rows = Array.from({ length: 30 }, (_, at) => row(`r${at}`));
  assert.deepEqual(drawn(rows, { chosen: 15, most: 5 }), [" r13", " r14", ">r15", " r16", " r17"]);
  assert.deepEqual(drawn(rows, { chosen: 0, most: 3 }), [">r0", " r1", " r2"]);
  assert.deepEqual(drawn(rows, { chosen: 29, most: 3 }), [" r27", " r28", ">r29"]);
  assert.deepEqual(drawn(rows, { chosen: -1, most: 2 }), [" r0", " r1"]);
  assert.deepEqual(drawn([], {}), []);
});

Deno.test("a quote that just fits its row is whole, one column more is cut around the word", () => {
  const quote = (length: number): string =>
    `${"the fog ".repeat(9)}`.slice(0, length - 5).trimEnd().padEnd(length - 5, "s") + " bell";
  const second = (length: number): string =>
    drawn([row("One"), row("Two", "", quote(length))], { typed: "bell", width: 40 })[2].slice(3);
  assert.equal(second(38), quote(38));
  assert.match(second(39), /^….* bell$/);
  assert.ok(textWidth(second(39)) <= 38);
});
