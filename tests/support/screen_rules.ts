/** What every screen obeys: the measure, margins, gaps, whole words, the cursor where typing goes, contrast. */

import assert from "node:assert/strict";
import { keyHelp } from "../../face/keymap.ts";
import { FACE_COMMANDS } from "../../face/face_commands.ts";
import { contrast } from "../../face/text/contrast.ts";
import { geometry, PAGE_WIDTH } from "../../face/app/geometry.ts";
import { isOpening } from "../../face/app/model.ts";
import { gridText, rowText } from "../../face/term/grid.ts";
import { textWidth } from "../../face/term/width.ts";
import { eachCell } from "./golden.ts";
import type { Scene } from "./marsh_scenes.ts";
import type { Player } from "./player.ts";

/** Backgrounds of terminals as they are: black, Catppuccin, Dracula, Solarized, Nord, Tomorrow, Ubuntu, and light ones. */
export const BACKGROUNDS = [
  0x000000,
  0x1e1e2e,
  0x282a36,
  0x002b36,
  0x2e3440,
  0x1d1f21,
  0x300a24,
  0xffffff,
  0xfdf6e3,
  0xeff1f5,
  0xf5f5dc,
  0xd8d8d8,
];

/** Where a row may end between any two letters. */
const WIDE_LETTERS = /[\u3040-\u30ff\u4e00-\u9fff]/;
const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}'\u2019]+/gu) ?? [];

/** Every word that a screen may show whole: of lists and pages, and of the same screen with much room. */
export function vocabulary(scene: Scene): Set<string> {
  const wide = scene({ width: 300, height: 80 });
  const model = wide.model();
  const sources: unknown[] = [
    model.story,
    model.transcript.messages,
    model.transcript.live?.message.content ?? "",
    model.sheet ?? "",
    [...model.story_search.found.values()],
    model.log,
    model.commands,
    keyHelp(),
    FACE_COMMANDS,
  ];
  const texts = sources.map((source) => JSON.stringify(source).replaceAll("\\n", " ").replaceAll('\\"', " "));
  // What only a small screen has to say.
  texts.push(wide.screen(), model.editor.text, "many lines line below more rows row of yours in all");
  const words = texts.flatMap(wordsOf);
  return new Set(words.flatMap((word) => [word, word.toUpperCase()]));
}

/** Fails with the name of the screen and its row when a rule is broken. */
export function assertScreen(name: string, player: Player, words: ReadonlySet<string>): void {
  const model = player.model();
  const place = geometry(model);
  const rows = gridText(player.grid()).split("\n");
  while (rows.length < model.size.height) rows.push("");
  const opening = isOpening(model) && model.sheet === null;
  assertMargins(
    name,
    rows,
    opening ? { left: Math.min(2, place.x - 2), right: model.size.width - 2 } : {
      // A selected row of a list is filled two columns beyond the page.
      left: place.x - 2,
      right: place.right + 2,
    },
  );
  assert.ok(place.width <= PAGE_WIDTH && PAGE_WIDTH <= 72);
  if (!opening && model.sheet === null) assertGaps(name, rows, player);
  assertWholeWords(name, rows, player, words, opening);
  assert.doesNotMatch(
    rows.join("\n"),
    /[\u2502\u250c\u2510\u2514\u2518\u251c\u2524\u256d-\u2570]/,
    `${name}: a box`,
  );
  const lines = rows.filter((row) => /[\u2500\u2501]{3}/.test(row)).length;
  assert.ok(lines <= 1, `${name}: ${lines} lines are drawn`);
  assertNoIds(name, rows.join("\n"), player);
  assertCursor(name, rows, player, opening);
}

function assertMargins(name: string, rows: readonly string[], edge: { left: number; right: number }): void {
  for (const [y, row] of rows.entries()) {
    if (row.trim() === "") continue;
    const left = textWidth(row) - textWidth(row.trimStart());
    assert.ok(left >= edge.left, `${name}, row ${y}, left: ${row}`);
    assert.ok(textWidth(row) <= edge.right, `${name}, row ${y}, right: ${row}`);
  }
}

/** Between paragraphs one blank row: the page never has two, but above its first and below its last. */
function assertGaps(name: string, rows: readonly string[], player: Player): void {
  const model = player.model();
  const place = geometry(model);
  const page = rows.slice(place.page_y, place.page_y + place.page_height)
    .map((row) => sliceColumns(row, 0, place.x + place.width).trimEnd());
  // A list lies over the page's end.
  const covered = model.editor.text.startsWith("/") || model.editing !== null;
  const first = page.findIndex((row) => row !== "");
  const last = page.findLastIndex((row) => row !== "");
  for (let y = first; y < last && !covered; y++) {
    assert.ok(page[y] !== "" || page[y + 1] !== "", `${name}: two blank rows at ${y}`);
  }
  // Above the rule, and above the status row, there is air.
  assert.equal(rows[place.status_y - 1].trim(), "", `${name}: the row above the keys`);
  assert.equal(rows[1].trim(), "", `${name}: the row below the header`);
}

function assertWholeWords(
  name: string,
  rows: readonly string[],
  player: Player,
  words: ReadonlySet<string>,
  opening: boolean,
): void {
  const place = geometry(player.model());
  const edge = place.x + place.width + 2;
  for (const [y, row] of rows.entries()) {
    // Header, status row and pages of words run over page and panel.
    const whole = y === 0 || y === rows.length - 1 || player.model().sheet !== null || opening;
    for (const part of whole ? [row] : [sliceColumns(row, 0, edge), sliceColumns(row, edge, 999)]) {
      for (const word of wordsOf(part)) {
        const known = words.has(word) || part.includes(`${word}\u2026`) || part.includes(`\u2026${word}`);
        assert.ok(
          known || /^\d+$/.test(word) || WIDE_LETTERS.test(word),
          `${name}, row ${y}: "${word}" in ${row}`,
        );
      }
    }
  }
}

function assertNoIds(name: string, text: string, player: Player): void {
  const { story, sheet } = player.model();
  if (sheet?.kind === "log" || (sheet?.kind === "why" && sheet.numbers)) return;
  const ids = [
    ...story.sessions,
    ...story.worlds,
    ...story.rules,
    ...story.characters,
  ].map(({ id }) => id).filter((id) => /[_\d]/.test(id));
  for (const id of ids) assert.ok(!text.includes(id), `${name} shows ${id}`);
  if (sheet === null) assert.doesNotMatch(text, /NARRATOR\b|YOU:|Player:/, `${name}: a name label`);
}

/** The cursor stands behind what was typed, and is hidden where nothing can be typed. */
function assertCursor(name: string, rows: readonly string[], player: Player, opening: boolean): void {
  const model = player.model();
  const place = geometry(model);
  const { cursor } = player.drawn();
  const asked = model.confirm !== null || model.leaving === "question";
  const idle = opening && model.editor.text === "" && model.notice === null;
  if (model.sheet !== null || asked || idle) return assert.equal(cursor, null, name);
  assert.ok(cursor !== null, name);
  const before = sliceColumns(rows[cursor.y], place.x, cursor.x);
  const typed = model.editor.text.slice(model.editor.text.lastIndexOf("\n") + 1);
  if (typed === "") assert.equal(cursor.x, place.x, name);
  else assert.ok(typed.trimEnd().endsWith(before.slice(-10).trim()), `${name}: cursor after ${before}`);
  assert.ok(cursor.y >= place.editor_y && cursor.y < place.editor_y + place.editor_height, name);
}

/** The part of a row between two columns. */
function sliceColumns(row: string, from: number, to: number): string {
  let column = 0;
  let part = "";
  for (const char of row) {
    if (column >= from && column < to) part += char;
    column += textWidth(char);
  }
  return part;
}

/** Every colour drawn stands 4.5:1 on a background, but the rule and empty cells of a bar, which carry nothing. */
export function assertContrast(name: string, player: Player, background: number): void {
  const dark = background < 0x800000;
  player.send({ kind: "caps", caps: { ...player.model().caps, background, dark } });
  const rule = JSON.stringify(player.model().theme.rule.fg);
  const grid = player.grid();
  eachCell(grid, (x, y, { fg, bg }) => {
    if (fg === null || !("rgb" in fg)) return;
    const bare = /^[\u2500\u25b1 ]$/.test([...rowText(grid, y)][x] ?? " ");
    if (JSON.stringify(fg) === rule && bare) return;
    const under = bg !== null && "rgb" in bg ? bg.rgb : background;
    const found = contrast(fg.rgb, under);
    const where = `${name} ${x},${y} #${fg.rgb.toString(16)} on #${under.toString(16)}`;
    assert.ok(found >= 4.49, `${where}: ${found}`);
  });
}
