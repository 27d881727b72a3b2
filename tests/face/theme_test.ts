/** Styles by terminal: what is said without colour, with sixteen, and on any background. */

import assert from "node:assert/strict";
import { BOLD, CODE, ITALIC, SPEECH, STRIKE } from "../../face/text/runs.ts";
import { contrast, luminance, onBackground } from "../../face/text/contrast.ts";
import { createTheme, markedStyle, type ThemeChoice } from "../../face/theme.ts";

const choice = (part: Partial<ThemeChoice> = {}): ThemeChoice => (
  { name: "auto", background: null, dark: true, depth: "truecolor", utf8: true, ...part }
);

Deno.test("theme: contrast is WCAG's", () => {
  assert.equal(contrast(0x000000, 0xffffff), 21);
  assert.equal(contrast(0xffffff, 0xffffff), 1);
  assert.equal(contrast(0x777777, 0xffffff).toFixed(2), "4.48");
  assert.equal(luminance(0xff0000).toFixed(4), "0.2126");
});

Deno.test("theme: a colour that stands out already stays, another is moved until it does", () => {
  assert.equal(onBackground(0xf2cf9b, 0x000000), 0xf2cf9b);
  const moved = onBackground(0x777777, 0x555555);
  assert.notEqual(moved, 0x777777);
  assert.ok(contrast(moved, 0x555555) >= 4.5);
  assert.ok(contrast(onBackground(0xf2cf9b, 0xffffff), 0xffffff) >= 4.5);
});

Deno.test("theme: the background decides, a choice of the player's wins, no colours make it mono", () => {
  assert.equal(createTheme(choice()).name, "dark");
  assert.equal(createTheme(choice({ dark: false, background: 0xffffff })).name, "light");
  assert.equal(createTheme(choice({ name: "contrast" })).name, "contrast");
  assert.equal(createTheme(choice({ depth: "none" })).name, "mono");
  assert.equal(createTheme(choice({ name: "light" })).speech.fg !== null, true);
});

Deno.test("theme: sixteen colours are the terminal's own, never 8, and plain text has none", () => {
  const dark = createTheme(choice({ depth: "16" }));
  const light = createTheme(choice({ depth: "16", dark: false }));
  assert.deepEqual([dark.speech.fg, dark.player.fg, dark.accent.fg, dark.error.fg, dark.dim.fg], [
    { index: 11 },
    { index: 14 },
    { index: 13 },
    { index: 9 },
    null,
  ]);
  assert.deepEqual([light.speech.fg, light.player.fg, light.accent.fg, light.error.fg], [
    null,
    { index: 4 },
    { index: 5 },
    { index: 1 },
  ]);
  assert.equal(dark.text.fg, null);
  assert.equal(dark.selected.reverse, true);
});

Deno.test("theme: without colour the player's lines, marks and errors are bold, the selected row reversed", () => {
  const mono = createTheme(choice({ depth: "none" }));
  for (const name of ["player", "accent", "error"] as const) assert.equal(mono[name].bold, true, name);
  assert.equal(mono.selected.reverse, true);
  assert.equal(mono.text.bold, false);
  const high = createTheme(choice({ name: "contrast" }));
  assert.equal(high.speech.bold && high.player.bold, true);
  assert.equal(high.dim.fg, null);
});

Deno.test("theme: marks of a run change its style, and equal marks give the same object", () => {
  const theme = createTheme(choice());
  assert.equal(markedStyle(theme, theme.text, 0), theme.text);
  assert.equal(markedStyle(theme, theme.text, SPEECH), theme.speech);
  assert.equal(markedStyle(theme, theme.player, SPEECH), theme.player, "the player's line keeps its colour");
  assert.equal(markedStyle(theme, theme.text, CODE), theme.dim);
  const both = markedStyle(theme, theme.text, SPEECH | ITALIC | BOLD | STRIKE);
  assert.deepEqual([both.fg, both.italic, both.bold, both.strike], [theme.speech.fg, true, true, true]);
  assert.equal(markedStyle(theme, theme.text, SPEECH | ITALIC | BOLD | STRIKE), both);
});

Deno.test("theme: where no colour is far enough, black or white is taken, whichever the background leaves room for", () => {
  assert.equal(onBackground(0xf29bbd, 0x777777, 7), 0);
  assert.equal(onBackground(0xf29bbd, 0x6a6a6a, 7), 0xffffff);
});
