import assert from "node:assert/strict";
import {
  applyReply,
  type Caps,
  capsQuery,
  firstCaps,
  isUtf8,
  pickDepth,
  type Reply,
} from "../../../face/term/caps.ts";
import { createKeyParser } from "../../../face/term/keys.ts";
import type { ColorDepth } from "../../../face/term/style.ts";
import { createEmulator } from "../../support/emulator.ts";

const envOf = (values: Record<string, string>) => (name: string) => values[name];

const DEPTHS: [Record<string, string>, ColorDepth][] = [
  [{}, "16"],
  [{ TERM: "xterm" }, "16"],
  [{ TERM: "linux" }, "16"],
  [{ TERM: "xterm-256color" }, "256"],
  [{ TERM: "screen-256color" }, "256"],
  [{ TERM: "xterm-256color", COLORTERM: "truecolor" }, "truecolor"],
  [{ TERM: "xterm", COLORTERM: "24bit" }, "truecolor"],
  [{ TERM: "xterm", COLORTERM: "yes" }, "16"],
  [{ TERM: "xterm-kitty" }, "truecolor"],
  [{ TERM: "alacritty" }, "truecolor"],
  [{ TERM: "xterm-direct256" }, "truecolor"],
  [{ WT_SESSION: "x" }, "truecolor"],
  [{ TERM: "tmux-256color", TMUX: "/tmp/x,1,0" }, "256"],
  [{ TERM: "screen", TMUX: "/tmp/x,1,0" }, "256"],
  [{ TERM: "xterm-kitty", TMUX: "/tmp/x,1,0" }, "256"],
  [{ TERM: "tmux-256color", TMUX: "/tmp/x,1,0", COLORTERM: "truecolor" }, "truecolor"],
  [{ TERM: "dumb", COLORTERM: "truecolor" }, "none"],
  [{ TERM: "xterm-kitty", COLORTERM: "truecolor", NO_COLOR: "1" }, "none"],
  [{ TERM: "xterm-256color", NO_COLOR: "" }, "256"],
];

for (const [values, depth] of DEPTHS) {
  Deno.test(`caps: the depth of ${JSON.stringify(values)} is ${depth}`, () => {
    assert.equal(pickDepth(envOf(values)), depth);
    assert.equal(firstCaps(envOf(values)).depth, depth);
  });
}

const LOCALES: [Record<string, string>, boolean][] = [
  [{}, true],
  [{ LANG: "C.UTF-8" }, true],
  [{ LANG: "de_DE.utf8" }, true],
  [{ LANG: "C" }, false],
  [{ LANG: "en_US.UTF-8", LC_ALL: "C" }, false],
  [{ LANG: "C", LC_ALL: "en_US.UTF-8" }, true],
  [{ LANG: "C", LC_CTYPE: "UTF-8" }, true],
  [{ LC_CTYPE: "POSIX", LC_ALL: "en_US.UTF-8" }, true],
  [{ LC_ALL: "", LANG: "de_DE.ISO-8859-1" }, false],
];

for (const [values, utf8] of LOCALES) {
  Deno.test(`caps: ${JSON.stringify(values)} is ${utf8 ? "" : "not "}UTF-8`, () => {
    assert.equal(isUtf8(envOf(values)), utf8);
  });
}

const XTERM = envOf({ TERM: "xterm-256color", LANG: "C.UTF-8" });
const START: Caps = {
  depth: "256",
  utf8: true,
  sync: false,
  kitty: false,
  background: null,
  dark: true,
};

Deno.test("caps: before any answer the terminal is dark, without sync", () => {
  assert.deepEqual(firstCaps(XTERM), START);
});

Deno.test("caps: the questions end with the one every terminal answers; a dumb one is not asked", () => {
  assert.equal(capsQuery(XTERM), "\x1b[?2026$p\x1b[?u\x1b]11;?\x1b\\\x1b[c");
  for (const TERM of ["dumb", "linux", ""]) {
    assert.equal(capsQuery(envOf({ TERM })), "");
  }
});

const reply = (what: Reply["what"], value: string): Reply => ({ kind: "reply", what, value });

const REPLIES: [string, Reply, Partial<Caps>][] = [
  ["sync set", reply("sync", "1"), { sync: true }],
  ["sync reset", reply("sync", "2"), { sync: true }],
  ["sync unknown", reply("sync", "0"), {}],
  ["sync always set", reply("sync", "3"), {}],
  ["sync never", reply("sync", "4"), {}],
  ["kitty flags", reply("kitty", "0"), { kitty: true }],
  ["attributes say nothing", reply("attributes", "62"), {}],
  ["a dark background", reply("background", "#1e1e2e"), { background: 0x1e1e2e, dark: true }],
  ["a light background", reply("background", "#fdf6e3"), {
    background: 0xfdf6e3,
    dark: false,
  }],
  ["grey just below the middle", reply("background", "#7f7f7f"), { background: 0x7f7f7f }],
  ["grey in the middle", reply("background", "#808080"), {
    background: 0x808080,
    dark: false,
  }],
  ["pure blue is dark", reply("background", "#0000ff"), { background: 0x0000ff }],
  ["pure green is light", reply("background", "#00ff00"), {
    background: 0x00ff00,
    dark: false,
  }],
  ["orange is light", reply("background", "#ff7000"), { background: 0xff7000, dark: false }],
  ["nonsense", reply("background", "rgb"), {}],
];

for (const [name, event, change] of REPLIES) {
  Deno.test(`caps: ${name}`, () => {
    assert.deepEqual(applyReply(START, event), { ...START, ...change });
  });
}

Deno.test("caps: a background counts however late it comes, and the same one again is nothing new", () => {
  const answered = applyReply(applyReply(START, reply("attributes", "62")), reply("background", "#ffffff"));
  assert.equal(answered.dark, false);
  assert.equal(applyReply(answered, reply("background", "#ffffff")), answered);
  assert.equal(applyReply(answered, reply("background", "#000000")).dark, true);
});

Deno.test("caps: what an emulator answers is understood", async () => {
  const screen = createEmulator(20, 3);
  try {
    await screen.write(capsQuery(XTERM));
    const events = createKeyParser().push(new TextEncoder().encode(screen.replies()));
    assert.equal(events.every((event) => event.kind === "reply"), true);
    assert.equal(events.some((event) => event.kind === "reply" && event.what === "attributes"), true);
    assert.equal(screen.text().trim(), "");
  } finally {
    screen.dispose();
  }
});
