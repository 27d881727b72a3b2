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

Deno.test("theme: light and contrast stand on white though the terminal told no background", () => {
  for (const [name, floor] of [["light", 4.5], ["contrast", 7]] as const) {
    const theme = createTheme(choice({ name, dark: name === "light" }));
    for (const { fg } of [theme.speech, theme.player, theme.accent, theme.error, theme.good, theme.found]) {
      assert.ok(fg !== null && "rgb" in fg && contrast(fg.rgb, 0xffffff) >= floor, name);
    }
  }
  // Sixteen colours are not moved: bright yellow on white would stay.
  const sixteen = createTheme(choice({ name: "contrast", depth: "16", dark: false, background: 0xffffff }));
  assert.deepEqual([sixteen.speech.fg, sixteen.player.fg], [null, { index: 4 }]);
});

Deno.test("theme: what was found is told apart by more than a colour where colours are few", () => {
  for (const depth of ["none", "16"] as const) {
    for (const dark of [true, false]) {
      const { found, found_here } = createTheme(choice({ depth, dark }));
      assert.deepEqual([found.underline, found.reverse, found_here.reverse], [true, false, true]);
    }
  }
});

Deno.test("theme: on black and on white the colours are those of the design, unmoved", () => {
  const colours = (dark: boolean): (number | null)[] => {
    const theme = createTheme(choice({ dark, background: dark ? 0 : 0xffffff }));
    return [theme.speech, theme.player, theme.accent, theme.dim, theme.error, theme.good, theme.found]
      .map(({ fg }) => fg !== null && "rgb" in fg ? fg.rgb : null);
  };
  const dark = [0xf2cf9b, 0x9ed6c6, 0xf29bbd, 0xaea6b8, 0xff9a92, 0xa5d694, 0xffe08a];
  const light = [0x7a4300, 0x0b5f58, 0xa61e58, 0x635c69, 0xa8201a, 0x2b6320, 0x6b4e00];
  assert.deepEqual(colours(true), dark);
  assert.deepEqual(colours(false), light);
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
