import assert from "node:assert/strict";
import { createKeyParser, type TermEvent } from "../../../face/term/keys.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

function key(name: string, modifiers = ""): TermEvent {
  return {
    kind: "key",
    key: name,
    ctrl: modifiers.includes("c"),
    alt: modifiers.includes("a"),
    shift: modifiers.includes("s"),
  };
}
const text = (value: string): TermEvent => ({ kind: "text", text: value });
const paste = (value: string): TermEvent => ({ kind: "paste", text: value });
type MouseAction = Extract<TermEvent, { kind: "mouse" }>["action"];
const mouse = (action: MouseAction, x: number, y: number): TermEvent => ({ kind: "mouse", action, x, y });
type What = Extract<TermEvent, { kind: "reply" }>["what"];
const reply = (what: What, value: string): TermEvent => ({ kind: "reply", what, value });

/** Text events next to each other are one: how the input was cut decides their number. */
function joined(events: TermEvent[]): TermEvent[] {
  const all: TermEvent[] = [];
  for (const event of events) {
    const last = all.at(-1);
    if (event.kind === "text" && last?.kind === "text") last.text += event.text;
    else all.push({ ...event });
  }
  return all;
}

function parse(pieces: Uint8Array[]): TermEvent[] {
  const parser = createKeyParser();
  const events = pieces.flatMap((piece) => parser.push(piece));
  return joined([...events, ...parser.timeout()]);
}

const CASES: [string, string | Uint8Array, TermEvent[]][] = [
  ["plain text", "hello", [text("hello")]],
  ["text of 2, 3 and 4 bytes", "é日🌸", [text("é日🌸")]],
  ["text after text with a key between", "a\rb", [text("a"), key("enter"), text("b")]],
  ["a blank is text", " ", [text(" ")]],
  ["enter", "\r", [key("enter")]],
  ["ctrl+j is not enter", "\n", [key("j", "c")]],
  ["alt+enter", "\x1b\r", [key("enter", "a")]],
  ["alt+enter as esc and line feed", "\x1b\n", [key("enter", "a")]],
  ["shift+enter, kitty", "\x1b[13;2u", [key("enter", "s")]],
  ["shift+enter, modifyOtherKeys", "\x1b[27;2;13~", [key("enter", "s")]],
  ["ctrl+enter, kitty", "\x1b[13;5u", [key("enter", "c")]],
  ["tab and shift+tab", "\t\x1b[Z", [key("tab"), key("tab", "s")]],
  ["both backspaces", "\x7f\x08", [key("backspace"), key("backspace")]],
  ["alt+backspace", "\x1b\x7f", [key("backspace", "a")]],
  ["ctrl+space", "\x00", [key("space", "c")]],
  ["ctrl letters", "\x01\x03\x1a", [key("a", "c"), key("c", "c"), key("z", "c")]],
  ["ctrl signs", "\x1c\x1d\x1e\x1f", [key("\\", "c"), key("]", "c"), key("^", "c"), key("_", "c")]],
  ["alt holds for one key only", "\x1bxy\x1b\ry\x1béy", [
    key("x", "a"),
    text("y"),
    key("enter", "a"),
    text("y"),
    key("é", "a"),
    text("y"),
  ]],
  ["alt on a broken character is forgotten", new Uint8Array([0x1b, 0xc3, 0x78, 0x1b, 0xff, 0x79]), [
    text("xy"),
  ]],
  ["esc alone", "\x1b", [key("esc")]],
  ["esc twice", "\x1b\x1b", [key("esc"), key("esc")]],
  ["esc, kitty", "\x1b[27u", [key("esc")]],
  ["alt+letter", "\x1bx", [key("x", "a")]],
  ["alt+capital is alt+shift", "\x1bB", [key("b", "as")]],
  ["alt+non-ascii", "\x1bé", [key("é", "a")]],
  ["alt+[ once the wait is over", "\x1b[", [key("[", "a")]],
  ["alt+O once the wait is over", "\x1bO", [key("o", "as")]],
  ["alt+] once the wait is over", "\x1b]", [key("]", "a")]],
  ["alt+space", "\x1b ", [key("space", "a")]],
  ["arrows, CSI", "\x1b[A\x1b[B\x1b[C\x1b[D", [key("up"), key("down"), key("right"), key("left")]],
  ["arrows, SS3", "\x1bOA\x1bOB\x1bOC\x1bOD", [key("up"), key("down"), key("right"), key("left")]],
  ["ctrl+arrow and shift+alt+arrow", "\x1b[1;5C\x1b[1;4D", [key("right", "c"), key("left", "as")]],
  ["alt+arrow as a doubled esc", "\x1b\x1b[A", [key("up", "a")]],
  ["esc esc esc [A is esc and alt+up", "\x1b\x1b\x1b[A", [key("esc"), key("up", "a")]],
  ["home and end in all dialects", "\x1b[H\x1b[1~\x1b[7~\x1bOH\x1b[F\x1b[4~\x1b[8~\x1bOF", [
    ...Array(4).fill(key("home")),
    ...Array(4).fill(key("end")),
  ]],
  ["the six keys", "\x1b[2~\x1b[3~\x1b[5~\x1b[6~", [key("insert"), key("delete"), key("pgup"), key("pgdn")]],
  ["ctrl+delete", "\x1b[3;5~", [key("delete", "c")]],
  ["f1 to f4, SS3", "\x1bOP\x1bOQ\x1bOR\x1bOS", [key("f1"), key("f2"), key("f3"), key("f4")]],
  ["f1 to f4, kitty and rxvt", "\x1b[P\x1b[12~\x1b[13~\x1b[S", [key("f1"), key("f2"), key("f3"), key("f4")]],
  ["f5 to f12", "\x1b[15~\x1b[17~\x1b[18~\x1b[19~\x1b[20~\x1b[21~\x1b[23~\x1b[24~", [
    ..."5 6 7 8 9 10 11 12".split(" ").map((n) => key(`f${n}`)),
  ]],
  ["f1 and f5, linux console", "\x1b[[A\x1b[[E", [key("f1"), key("f5")]],
  ["keypad, SS3", "\x1bOM\x1bOX" + [..."jklmnopqrstuvwxy"].map((final) => `\x1bO${final}`).join(""), [
    key("enter"),
    text("=*+,-./0123456789"),
  ]],
  ["keypad numbers, kitty", [..."0123456789./*-+"].map((_, index) => `\x1b[${57399 + index}u`).join(""), [
    text("0123456789./*-+"),
  ]],
  [
    "keypad keys, kitty",
    [57414, 57417, 57418, 57419, 57420, 57421, 57422, 57423, 57424, 57425, 57426].map((code) =>
      `\x1b[${code}u`
    )
      .join(""),
    "enter left right up down pgup pgdn home end insert delete".split(" ").map((name) => key(name)),
  ],
  ["a number that is none, kitty and modifyOtherKeys", "\x1b[97.5u\x1b[27;5;97.5~\x1b[97;;98.5u", [
    text("a"),
  ]],
  ["named keys with ctrl, kitty", "\x1b[9;5u\x1b[127;5u\x1b[13;5u\x1b[27;5u", [
    key("tab", "c"),
    key("backspace", "c"),
    key("enter", "c"),
    key("esc", "c"),
  ]],
  ["modified keys, SS3", "\x1bO5P\x1bO1;2A", [key("f1", "c"), key("up", "s")]],
  ["keypad, kitty", "\x1b[57399u\x1b[57408u\x1b[57413u\x1b[57414u\x1b[57417u", [
    text("09+"),
    key("enter"),
    key("left"),
  ]],
  ["kitty: ctrl+c", "\x1b[99;5u", [key("c", "c")]],
  ["kitty: ctrl+c on a Cyrillic keyboard", "\x1b[1089::99;5u", [key("c", "c")]],
  ["kitty: ctrl+j on a Dvorak keyboard", "\x1b[106::99;5u", [key("j", "c")]],
  ["kitty: ctrl+shift+a", "\x1b[97:65;6u", [key("a", "cs")]],
  ["kitty: alt+space", "\x1b[32;3u", [key("space", "a")]],
  ["kitty: shift+a is text", "\x1b[97:65;2u", [text("A")]],
  ["kitty: shift+7 takes the shifted key", "\x1b[55:47;2u", [text("/")]],
  ["kitty: the typed text wins", "\x1b[97;;97:776u\x1b[160u", [text("a\u0308\u00a0")]],
  ["kitty: press and repeat count, release does not", "\x1b[97;5:1u\x1b[97;5:2u\x1b[97;5:3u", [
    key("a", "c"),
    key("a", "c"),
  ]],
  ["kitty: release of an arrow", "\x1b[1;1:3A", []],
  ["kitty: locks are no modifiers", "\x1b[97;69u\x1b[1;129A", [key("a", "c"), key("up")]],
  ["kitty: super is not ours", "\x1b[99;9u\x1b[1;9A", []],
  ["kitty: bare modifiers and media keys", "\x1b[57441;2u\x1b[57428u", []],
  ["kitty: a control or a surrogate is no text", "\x1b[1u\x1b[155u\x1b[55296u\x1b[1114112u", []],
  ["modifyOtherKeys: ctrl+shift+a", "\x1b[27;6;65~", [key("a", "cs")]],
  ["modifyOtherKeys: shift+capital is text", "\x1b[27;2;65~", [text("A")]],
  ["wheel", "\x1b[<64;10;5M\x1b[<65;1;1M", [mouse("wheel_up", 9, 4), mouse("wheel_down", 0, 0)]],
  ["wheel with shift held", "\x1b[<68;10;5M", [mouse("wheel_up", 9, 4)]],
  ["wheel with ctrl held", "\x1b[<80;10;5M", [mouse("wheel_up", 9, 4)]],
  ["click and release", "\x1b[<0;3;4M\x1b[<0;3;4m", [mouse("press", 2, 3), mouse("release", 2, 3)]],
  ["other buttons, motion and sideways wheel are not ours", "\x1b[<2;3;4M\x1b[<32;3;4M\x1b[<66;1;1M", []],
  ["a far column", "\x1b[<0;1000;4M", [mouse("press", 999, 3)]],
  ["x10 wheel and click", "\x1b[M`!!\x1b[M #$\x1b[M##$", [
    mouse("wheel_up", 0, 0),
    mouse("press", 2, 3),
    mouse("release", 2, 3),
  ]],
  ["focus", "\x1b[I\x1b[O", [{ kind: "focus", focused: true }, { kind: "focus", focused: false }]],
  ["background, ST", "\x1b]11;rgb:1e1e/2A2a/ffff\x1b\\", [reply("background", "#1e2aff")]],
  ["background, BEL, two digits", "\x1b]11;rgb:1e/00/ff\x07", [reply("background", "#1e00ff")]],
  ["background, one digit scales", "\x1b]11;rgb:f/0/8\x07", [reply("background", "#ff0088")]],
  ["background with zeros", "\x1b]11;rgb:ff/ff/00\x07", [reply("background", "#ffff00")]],
  ["a string with a blank in it", "\x1b]0;a b\x07c", [text("c")]],
  ["background with alpha", "\x1b]11;rgba:ffff/ffff/ffff/8000\x07", [reply("background", "#ffffff")]],
  ["sync", "\x1b[?2026;2$y", [reply("sync", "2")]],
  ["another mode's report", "\x1b[?2027;1$y", []],
  ["kitty flags", "\x1b[?5u", [reply("kitty", "5")]],
  ["DA1", "\x1b[?62;4c", [reply("attributes", "62;4")]],
  ["DA2 is not ours", "\x1b[>41;354;0c", []],
  [
    "unknown sequences vanish whole",
    "a\x1b[?25;1$p\x1b[99X\x1b[5n\x1bPq#0\x1b\\\x1b_Gi=1\x1b\\\x1b]52;c;eA==\x07b",
    [
      text("ab"),
    ],
  ],
  ["an over-long sequence vanishes whole", `\x1b[${"1;".repeat(900)}mx`, [text("x")]],
  ["an over-long string vanishes whole", `\x1b]11;rgb:0/0/0${"z".repeat(3000)}\x07x`, [text("x")]],
  ["a control in a CSI ends it and counts", "\x1b[1;\rA", [key("enter"), text("A")]],
  ["an esc in a CSI begins anew", "\x1b[1;\x1b[A", [key("up")]],
  ["an esc in a string begins anew", "\x1b]0;title\x1b[A", [key("up")]],
  ["an esc esc in a string begins anew", "\x1b]0;title\x1b\x1b[A", [key("up", "a")]],
  ["a control in a string ends it", "\x1b]0;title\rx", [key("enter"), text("x")]],
  ["paste", "\x1b[200~two\r\nlines\rand\nmore\x1b[201~x", [paste("two\nlines\nand\nmore"), text("x")]],
  ["an empty paste", "\x1b[200~\x1b[201~", [paste("")]],
  ["a paste with keys in it is text", "\x1b[200~a\x03b\x04\tc\x1b[201~", [paste("ab\tc")]],
  ["a paste with escape sequences", "\x1b[200~\x1b[31mred\x1b[0m\x1b]0;t\x07!\x1b\x1b[201~", [paste("red!")]],
  ["a paste with bidi, C1 and tags", "\x1b[200~a\u202eb\u009b1mc\ufeff\u{e0041}d\x1b[201~", [
    paste("ab1mcd"),
  ]],
  ["a paste with a broken end mark", "\x1b[200~a\x1b[20\x1b[201~", [paste("a[20")]],
  ["a stray end of paste", "\x1b[201~a", [text("a")]],
  ["typing after a paste", "\x1b[200~a\x1b[201~hello \x1b[1;5Aworld", [
    paste("a"),
    text("hello "),
    key("up", "c"),
    text("world"),
  ]],
  ["two pastes", "\x1b[200~a\x1b[201~\x1b[200~b\x1b[201~", [paste("a"), paste("b")]],
  ["a broken lead byte", new Uint8Array([0x61, 0xff, 0xc0, 0x80, 0xe6, 0x62]), [text("ab")]],
  ["a continuation too many", new Uint8Array([0xc3, 0xa9, 0xa9, 0x61]), [text("éa")]],
  ["an overlong form", new Uint8Array([0xe0, 0x80, 0xaf, 0xf0, 0x80, 0x80, 0xaf, 0x61]), [text("a")]],
  ["a surrogate and a number too high", new Uint8Array([0xed, 0xa0, 0x80, 0xf4, 0xbf, 0xbf, 0xbf, 0x61]), [
    text("a"),
  ]],
  ["C1 as UTF-8", new Uint8Array([0xc2, 0x9b, 0x41]), [text("A")]],
  ["the first and last of each length", "\u00a0\u07ff\u0800\uffff\u{10000}\u{10ffff}", [
    text("\u00a0\u07ff\u0800\uffff\u{10000}\u{10ffff}"),
  ]],
];

for (const [name, input, expected] of CASES) {
  Deno.test(`keys: ${name}`, () => {
    const bytes = typeof input === "string" ? bytesOf(input) : input;
    assert.deepEqual(parse([bytes]), joined(expected), "in one piece");
    assert.deepEqual(
      parse([...bytes].map((byte) => new Uint8Array([byte]))),
      joined(expected),
      "byte by byte",
    );
    if (bytes.length > 200) return;
    for (let cut = 1; cut < bytes.length; cut++) {
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
      assert.deepEqual(parse(pieces), joined(expected), `cut at ${cut}`);
    }
  });
}

Deno.test("keys: letters typed in one read are one text event", () => {
  assert.deepEqual(createKeyParser().push(bytesOf("abc")), [text("abc")]);
});

Deno.test("keys: an esc waits for the timer, and only then is a key", () => {
  const parser = createKeyParser();
  assert.equal(parser.pending(), false);
  assert.deepEqual(parser.push(bytesOf("\x1b")), []);
  assert.equal(parser.pending(), true);
  assert.deepEqual(parser.timeout(), [key("esc")]);
  assert.equal(parser.pending(), false);
  assert.deepEqual(parser.timeout(), []);
  assert.deepEqual(parser.push(bytesOf("[A")), [text("[A")]);
});

Deno.test("keys: a sequence with parameters outlives the timer, as on a slow line", () => {
  const parser = createKeyParser();
  assert.deepEqual(parser.push(bytesOf("\x1b[<64;1")), []);
  assert.equal(parser.pending(), false);
  assert.deepEqual(parser.timeout(), []);
  assert.deepEqual(parser.push(bytesOf("0;5M")), [mouse("wheel_up", 9, 4)]);
});

Deno.test("keys: half a character outlives the timer", () => {
  const parser = createKeyParser();
  parser.push(new Uint8Array([0xc3]));
  assert.deepEqual(parser.timeout(), []);
  assert.deepEqual(parser.push(new Uint8Array([0xa9])), [text("é")]);
});

Deno.test("keys: an end mark inside pasted text does not let the rest count as typed", () => {
  const parser = createKeyParser();
  const events = parser.push(bytesOf("\x1b[200~safe\x1b[201~\r/delete\r\x1b[201~x"));
  assert.deepEqual(events, [paste("safe\n/delete\n"), text("x")]);
  assert.deepEqual(
    createKeyParser().push(bytesOf("\x1b[200~a\x1b[201~b\x1b[201~")),
    [paste("ab")],
    "at the very end",
  );
});

Deno.test("keys: a paste of 100,000 characters arrives whole", () => {
  const long = "0123456789".repeat(10_000);
  assert.deepEqual(createKeyParser().push(bytesOf(`\x1b[200~${long}\x1b[201~`)), [paste(long)]);
});

Deno.test("keys: a paste is cut at 4 MiB and its end is still found", () => {
  const parser = createKeyParser();
  const events = parser.push(bytesOf(`\x1b[200~${"x".repeat(4 * 1024 * 1024 + 5)}\x1b[201~y`));
  assert.equal(events.length, 2);
  assert.equal(events[0]?.kind === "paste" && events[0].text.length, 4 * 1024 * 1024);
  assert.deepEqual(events[1], text("y"));
});
