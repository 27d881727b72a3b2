/** The floor of contrast, on every grey a terminal can have: 4.5:1, and 7:1 for high contrast, wherever black or white reach it. */

import assert from "node:assert/strict";
import { contrast } from "../../face/text/contrast.ts";
import { createTheme, type ThemeName } from "../../face/theme.ts";

for (const [name, floor] of [["dark", 4.5], ["light", 4.5], ["contrast", 7]] as [ThemeName, number][]) {
  Deno.test(`contrast: the theme ${name} keeps ${floor}:1 on every grey`, () => {
    for (let grey = 0; grey < 256; grey++) {
      const background = grey * 0x010101;
      const reachable = Math.max(contrast(0, background), contrast(0xffffff, background));
      const dark = grey < 128;
      const theme = createTheme({ name, background, dark, depth: "truecolor", utf8: true });
      for (const role of ["speech", "player", "accent", "dim", "error"] as const) {
        const { fg } = theme[role];
        if (fg === null || !("rgb" in fg)) continue;
        const found = contrast(fg.rgb, background);
        const toward = contrast(fg.rgb === 0 || fg.rgb === 0xffffff ? fg.rgb : 0, background);
        assert.ok(
          found >= Math.min(floor, reachable) || found === toward,
          `${role} on grey ${grey}: ${found}`,
        );
      }
    }
  });
}
