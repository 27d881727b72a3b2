/** The editor: each key as people expect it, and what must hold whatever is pressed. */

import assert from "node:assert/strict";
import * as edit from "../../../face/widgets/editor.ts";
import { type Editor, EMPTY_EDITOR, vertical } from "../../../face/widgets/editor.ts";
import { caretPlace, editorRows } from "../../../face/widgets/editor_rows.ts";
import { graphemes, textWidth } from "../../../face/term/width.ts";
import { seeded } from "../../support/player.ts";

/** `the la|mp`: the caret is the bar. */
function at(picture: string): Editor {
  const caret = picture.indexOf("|");
  return { ...EMPTY_EDITOR, text: picture.replace("|", ""), caret };
}

const show = (editor: Editor): string =>
  `${editor.text.slice(0, editor.caret)}|${editor.text.slice(editor.caret)}`;

const CASES: [string, (editor: Editor) => Editor, string, string][] = [
  ["left", edit.left, "ab|c", "a|bc"],
  ["left at the start", edit.left, "|abc", "|abc"],
  ["left over a joined emoji", edit.left, "a👩‍👩‍👧|", "a|👩‍👩‍👧"],
  ["left over a combining mark", edit.left, "e\u0301|", "|e\u0301"],
  ["left over a line break", edit.left, "a\n|b", "a|\nb"],
  ["right", edit.right, "a|bc", "ab|c"],
  ["right at the end", edit.right, "abc|", "abc|"],
  ["right over a wide character", edit.right, "|日本", "日|本"],
  ["right over a line break", edit.right, "a|\nb", "a\n|b"],
  ["word left", edit.wordLeft, "the lamp burns|", "the lamp |burns"],
  ["word left over blanks", edit.wordLeft, "the lamp  |burns", "the |lamp  burns"],
  ["word left over an apostrophe", edit.wordLeft, "I don't|", "I |don't"],
  ["word right", edit.wordRight, "the| lamp", "the lamp|"],
  ["word left in another script", edit.wordLeft, "тихий дом|", "тихий |дом"],
  ["word right over an accent", edit.wordRight, "|naïve one", "naïve| one"],
  ["row start and end", edit.lineStart, "a\nbc|d\ne", "a\n|bcd\ne"],
  ["row end", edit.lineEnd, "a\nb|cd\ne", "a\nbcd|\ne"],
  ["backspace", edit.backspace, "ab|c", "a|c"],
  ["backspace over a joined emoji", edit.backspace, "a👩‍👩‍👧|b", "a|b"],
  ["backspace at the start", edit.backspace, "|ab", "|ab"],
  ["backspace joins rows", edit.backspace, "a\n|b", "a|b"],
  ["delete", edit.deleteForward, "a|bc", "a|c"],
  ["delete joins rows", edit.deleteForward, "a|\nb", "a|b"],
  ["delete at the end", edit.deleteForward, "a|", "a|"],
  ["delete a word before", edit.deleteWordLeft, "the lamp |burns", "the |burns"],
  ["delete a word after", edit.deleteWordRight, "the| lamp burns", "the| burns"],
  ["kill to the end", edit.killToEnd, "a|bc\nd", "a|\nd"],
  ["kill at the end takes the break", edit.killToEnd, "abc|\nd", "abc|d"],
  ["kill to the start", edit.killToStart, "a\nbc|d", "a\n|d"],
  ["kill at the start takes the break before", edit.killToStart, "a\n|d", "a|d"],
];

for (const [name, change, before, after] of CASES) {
  Deno.test(`editor: ${name}`, () => assert.equal(show(change(at(before))), after));
}

const type = (editor: Editor, text: string): Editor =>
  [...text].reduce((one, char) => edit.insert(one, char), editor);

Deno.test("editor: undo takes back word by word, redo brings them again, typing ends redo", () => {
  let editor = type(EMPTY_EDITOR, "the lamp burns");
  editor = edit.undo(editor);
  assert.equal(show(editor), "the lamp|");
  editor = edit.undo(editor);
  assert.equal(show(editor), "the|");
  editor = edit.redo(editor);
  assert.equal(show(editor), "the lamp|");
  editor = type(editor, "s");
  assert.equal(show(edit.redo(editor)), "the lamps|");
  assert.equal(show(edit.undo(edit.undo(edit.undo(edit.undo(editor))))), "|");
});

Deno.test("editor: undo and redo go back and forth without end, and the caret with them", () => {
  const before = edit.moveTo(type(EMPTY_EDITOR, "lamp"), 2);
  const after = edit.backspace(before);
  assert.equal(show(after), "l|mp");
  const moved = edit.moveTo(after, 3);
  let editor = moved;
  for (let round = 0; round < 3; round++) {
    editor = edit.undo(editor);
    assert.equal(show(editor), "la|mp");
    editor = edit.redo(editor);
    assert.equal(show(editor), "lmp|");
  }
});

Deno.test("editor: of a long evening's steps the newest can be taken back", () => {
  let editor = EMPTY_EDITOR;
  for (let step = 0; step < 600; step++) editor = edit.setText(editor, `line ${step}`);
  assert.equal(edit.undo(editor).text, "line 598");
  for (let step = 0; step < 600; step++) editor = edit.undo(editor);
  assert.equal(editor.text, "line 99");
});

Deno.test("editor: the caret stands after the columns of wide and joined characters, not after their number", () => {
  const rows: [string, number, { x: number; y: number }][] = [
    ["日本|語", 20, { x: 4, y: 0 }],
    ["e\u0301|x", 20, { x: 1, y: 0 }],
    ["a👩‍👩‍👧|b", 20, { x: 3, y: 0 }],
    ["ab 日|本", 5, { x: 2, y: 1 }],
    ["日本語日|本", 6, { x: 2, y: 1 }],
  ];
  for (const [picture, width, place] of rows) {
    const { text, caret } = at(picture);
    assert.deepEqual(caretPlace(editorRows(text, width), caret), place, picture);
  }
});

Deno.test("editor: kills in a row are one, and come back in their order", () => {
  let editor = at("one two three|");
  editor = edit.deleteWordLeft(edit.deleteWordLeft(editor));
  assert.equal(show(editor), "one |");
  assert.equal(show(edit.yank(editor)), "one two three|");
  editor = edit.killToEnd(edit.lineStart(editor));
  assert.equal(show(edit.yank(editor)), "one |");
  assert.equal(show(edit.yankOlder(edit.yank(editor))), "two three|");
  assert.equal(show(edit.yankOlder(edit.yankOlder(edit.yank(editor)))), "one |");
  assert.equal(show(edit.yankOlder(editor)), "|", "not after a yank: nothing happens");
});

Deno.test("editor: rows are greedy by word, blanks hang, long words are cut", () => {
  const rows = (text: string, width: number) => editorRows(text, width).map((row) => row.text);
  assert.deepEqual(rows("", 10), [""]);
  assert.deepEqual(rows("one two three", 8), ["one two ", "three"]);
  assert.deepEqual(rows("a\n\nb", 8), ["a", "", "b"]);
  assert.deepEqual(rows("incomprehensible", 6), ["incomp", "rehens", "ible"]);
  assert.deepEqual(rows("日本語です", 4), ["日本", "語で", "す"]);
  assert.deepEqual(rows("a\n", 8), ["a", ""]);
  assert.deepEqual(rows(" xy日", 3), [" ", "xy", "日"], "a word that moved may fill its row, too");
});

Deno.test("editor: the caret stands where the next letter will, and moves straight up and down", () => {
  const text = "one two three\nx\nfour five";
  const rows = editorRows(text, 8);
  assert.deepEqual(rows.map((row) => row.text), ["one two ", "three", "x", "four ", "five"]);
  assert.deepEqual(caretPlace(rows, 0), { x: 0, y: 0 });
  assert.deepEqual(caretPlace(rows, 3), { x: 3, y: 0 });
  assert.deepEqual(caretPlace(rows, 8), { x: 0, y: 1 });
  assert.deepEqual(caretPlace(rows, 13), { x: 5, y: 1 });
  assert.deepEqual(caretPlace(rows, 15), { x: 1, y: 2 });
  assert.deepEqual(caretPlace(rows, text.length), { x: 4, y: 4 });
  let editor: Editor | null = { ...EMPTY_EDITOR, text, caret: 12 };
  editor = vertical(editor, rows, 1);
  assert.deepEqual([editor?.caret, editor?.goal], [15, 4]);
  editor = editor && vertical(editor, rows, 1);
  assert.deepEqual(caretPlace(rows, editor?.caret ?? 0), { x: 4, y: 3 });
  editor = editor && vertical(editor, rows, 1);
  assert.equal(editor?.caret, text.length);
  assert.equal(editor && vertical(editor, rows, 1), null);
  assert.equal(vertical({ ...EMPTY_EDITOR, text, caret: 3 }, rows, -1), null);
});

const ACTIONS: ((editor: Editor) => Editor)[] = [
  edit.left,
  edit.right,
  edit.wordLeft,
  edit.wordRight,
  edit.lineStart,
  edit.lineEnd,
  edit.backspace,
  edit.deleteForward,
  edit.deleteWordLeft,
  edit.deleteWordRight,
  edit.killToEnd,
  edit.killToStart,
  edit.yank,
  edit.yankOlder,
  (editor) => edit.insert(editor, "👩‍👩‍👧"),
  (editor) => edit.insert(editor, "a"),
  (editor) => edit.insert(editor, " "),
  (editor) => edit.insert(editor, "\n"),
  (editor) => edit.insert(editor, "e\u0301日"),
];

Deno.test("editor: whatever is pressed, the caret stands on a border, and undo leads back to the beginning", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const chance = seeded(seed);
    let editor: Editor = edit.insert(EMPTY_EDITOR, "The lamp, 日本, e\u0301\nburns.");
    for (let step = 0; step < 60; step++) {
      const action = ACTIONS[Math.floor(chance() * ACTIONS.length)];
      const before = editor;
      editor = action(editor);
      const borders = new Set([editor.text.length]);
      let from = 0;
      for (const line of editor.text.split("\n")) {
        for (const { index } of graphemes(line)) borders.add(from + index);
        borders.add(from + line.length);
        from += line.length + 1;
      }
      assert.ok(borders.has(editor.caret), `seed ${seed} step ${step}: ${JSON.stringify(show(editor))}`);
      if (editor.text !== before.text && editor.past.length > before.past.length) {
        const back = edit.undo(editor);
        assert.equal(back.text, before.text, `seed ${seed} step ${step}`);
        assert.equal(edit.redo(back).text, editor.text, `seed ${seed} step ${step}`);
      }
    }
    while (editor.past.length > 0) editor = edit.undo(editor);
    assert.equal(editor.text, "", `seed ${seed}`);
    while (editor.future.length > 0) editor = edit.redo(editor);
  }
});

Deno.test("editor: rows cover the text without gaps, and every offset has a place", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const chance = seeded(seed);
    const parts = ["word ", "x", "日本", " ", "\n", "incomprehensible", "👩‍👩‍👧"];
    let text = "";
    for (let i = 0; i < 14; i++) text += parts[Math.floor(chance() * parts.length)];
    const width = 4 + seed % 30;
    const rows = editorRows(text, width);
    let expected = 0;
    for (const row of rows) {
      assert.ok(
        row.start === expected || (row.start === expected + 1 && text[expected] === "\n"),
        `seed ${seed}`,
      );
      assert.equal(text.slice(row.start, row.start + row.text.length), row.text, `seed ${seed}`);
      assert.ok(textWidth(row.text.trimEnd()) <= width, `seed ${seed}: ${row.text}`);
      expected = row.end;
    }
    assert.equal(expected, text.length, `seed ${seed}`);
    for (let caret = 0; caret <= text.length; caret++) {
      const { y } = caretPlace(rows, caret);
      assert.ok(caret >= rows[y].start && caret <= rows[y].end, `seed ${seed} at ${caret}`);
    }
  }
});

/** Rows laid from nothing: another width in between forgets what was laid. */
function fresh(text: string, width: number): ReturnType<typeof editorRows> {
  editorRows("", width + 1);
  return editorRows(text, width);
}

Deno.test("editor: rows laid again after a change are those of a text laid from nothing", () => {
  const parts = [
    "word ",
    "x",
    "日本",
    " ",
    "  ",
    "\n",
    "\n\n",
    "incomprehensible",
    "👩‍👩‍👧",
    "\u0301",
    "🇩",
    "🇪🇩 ",
  ];
  for (let seed = 1; seed <= 300; seed++) {
    const chance = seeded(seed);
    const pick = () => parts[Math.floor(chance() * parts.length)];
    const width = 2 + seed % 20;
    let text = Array.from({ length: 60 }, pick).join("");
    let rows = fresh(text, width);
    for (let step = 0; step < 12; step++) {
      const at = Math.floor(chance() * (text.length + 1));
      const to = Math.min(text.length, at + Math.floor(chance() * (step % 4 === 3 ? 60 : 4)));
      const piece = step % 3 === 2 ? "" : Array.from({ length: 1 + Math.floor(chance() * 3) }, pick).join("");
      editorRows(text, width);
      text = text.slice(0, at) + piece + text.slice(to);
      rows = editorRows(text, width);
      assert.deepEqual(rows, fresh(text, width), `seed ${seed} step ${step}: ${JSON.stringify(text)}`);
    }
  }
});

Deno.test("editor: a key in a line of 64 kB lays a handful of rows, wherever it falls", () => {
  for (const text of ["the lamp burns low ".repeat(3400), "x".repeat(65_000), "one row\n".repeat(8000)]) {
    for (const at of [0, text.length >> 1, text.length]) {
      const before = new Set(fresh(text, 68).map((row) => row.text));
      const rows = fresh(text, 68);
      const changed = editorRows(`${text.slice(0, at)}y${text.slice(at)}`, 68);
      // A text without a blank moves from the change to its end; above it nothing is touched.
      const same = changed.filter((row, y) => row === rows[y]).length;
      const above = rows.findLastIndex((row) => row.start <= at) - 3;
      assert.ok(same >= above, `${same} of ${above} rows above are as they were`);
      if (text.startsWith("x")) continue;
      assert.ok(changed.filter((row) => !before.has(row.text)).length < 60, `${at} of ${text.slice(0, 9)}`);
    }
  }
});
