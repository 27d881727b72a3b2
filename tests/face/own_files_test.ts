/** keys.yaml and themes/*.yaml: what is read, what is named with its line, and what follows on the screen. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { createKeymap, keyHelp, labelOf } from "../../face/keymap.ts";
import { readFlat } from "../../face/text/flat_yaml.ts";
import { contrast } from "../../face/text/contrast.ts";
import { readKeys } from "../../face/text/own_keys.ts";
import { createTheme, readTheme } from "../../face/theme.ts";
import { readOwnFiles, readThemes } from "../../face/wiring/own_files.ts";
import { parseYaml } from "../../brain/yaml.ts";
import { events, message } from "../support/player.ts";
import { openStory } from "../support/salt_marsh.ts";
import { withFace } from "../support/running_face.ts";

Deno.test("flat YAML: names and values, quotes and comments, as YAML itself reads them", () => {
  const text =
    '# mine\n---\nctrl+k: why   # why not\n"a: b": \'c # d\'\n\nspeech: "#f2cf9b"\n?: keys\nlast: x:y\n';
  const { entries, problems } = readFlat(text, "f.yaml");
  assert.deepEqual(problems, []);
  assert.deepEqual(entries, [
    { key: "ctrl+k", value: "why", line: 3 },
    { key: "a: b", value: "c # d", line: 4 },
    { key: "speech", value: "#f2cf9b", line: 6 },
    { key: "?", value: "keys", line: 7 },
    { key: "last", value: "x:y", line: 8 },
  ]);
  const parsed = parseYaml(text.replace("---\n", "").replace("?: keys", '"?": keys'), "f.yaml").value;
  assert.deepEqual(parsed, Object.fromEntries(entries.map(({ key, value }) => [key, value])));
});

Deno.test("flat YAML: a file of another editor, with its mark and its line ends, reads the same", () => {
  const { entries, problems } = readFlat("\ufeffa: 1\r\nb: 2 # two\r\n\r\n", "f.yaml");
  assert.deepEqual([problems, entries], [[], [
    { key: "a", value: "1", line: 1 },
    { key: "b", value: "2", line: 2 },
  ]]);
});

Deno.test("flat YAML: what cannot be read is named with its line, and the rest is read", () => {
  const { entries, problems } = readFlat("a: 1\n  b: 2\n- c\nd\ne:\nf: #aabbcc\ng: 7", "k.yaml");
  assert.deepEqual(entries.map(({ key }) => key), ["a", "g"]);
  assert.deepEqual(problems, [
    "k.yaml:2: one name: value a line is read here, without indentation",
    "k.yaml:3: one name: value a line is read here, without indentation",
    "k.yaml:4: this is no name: value",
    'k.yaml:5: "e" has no value',
    'k.yaml:6: "f" has no value: # begins a comment, so a colour stands in quotes',
  ]);
});

Deno.test("keys.yaml: chords in any case and order, a place before them, none; the rest is named", () => {
  const { changes, problems } = readKeys(
    "Alt+Ctrl+K: search\ndesk x: desk_copy\nF5: redraw\nctrl+f: none\n+: why\n" +
      "hyper+x: why\nctrl+x: fly\nattic x: why\nctrl+c: why\nquestion w: question_stop\nctrl+ctrl+x: why\n",
    "keys.yaml",
  );
  assert.deepEqual(changes, [
    { chord: "ctrl+alt+k", context: null, action: "search" },
    { chord: "x", context: "desk", action: "desk_copy" },
    { chord: "f5", context: null, action: "redraw" },
    { chord: "ctrl+f", context: null, action: null },
    { chord: "+", context: null, action: "why" },
  ]);
  assert.deepEqual(problems.map((text) => text.replace(/;.*/, "")), [
    'keys.yaml:6: "hyper+x" is no key',
    'keys.yaml:7: there is no action "fly"',
    'keys.yaml:8: there is no place "attic"',
    "keys.yaml:9: Ctrl+C keeps its meaning",
    "keys.yaml:10: the keys of question stay as they are",
    'keys.yaml:11: "ctrl+ctrl+x" is no key',
  ]);
});

Deno.test("labels are written as the keys page writes them", () => {
  const rows = [["ctrl+k", "Ctrl+K"], ["pgdn", "PgDn"], ["alt+left", "Alt+←"], ["x", "x"], ["f12", "F12"]];
  for (const [chord, label] of rows) assert.equal(labelOf(chord), label);
});

Deno.test("a chord bound anew means one thing everywhere; the keys page and the status row show it", () => {
  const keys = createKeymap([
    { chord: "ctrl+k", context: null, action: "search" },
    { chord: "x", context: null, action: "desk_why" },
    { chord: "w", context: "desk", action: null },
    { chord: "f6", context: null, action: "desk" },
  ]);
  const player = openStory({ keys });
  assert.match(player.screen(), /F6 reread {3}\? keys/);
  player.type("a draft");
  player.press("home", "ctrl+k");
  assert.notEqual(player.model().search, null);
  player.press("esc");
  assert.equal(player.model().editor.text, "a draft");
  player.press("end", "ctrl+u", "f6");
  assert.match(player.screen(), /x why/);
  player.press("x");
  assert.deepEqual(player.said(), ["/why 5"]);
  const help = keyHelp(keys).flatMap(({ rows }) => rows.map(({ label, help }) => `${label}: ${help}`));
  assert.ok(help.includes("Ctrl+K, Ctrl+F: search the story"), help.join("\n"));
  assert.ok(help.includes("x: why this reply"));
  assert.ok(help.includes("F6, Tab: put the bar on a message"));
  player.press("esc", "?");
  player.press("end");
  assert.match(player.screen(), /Ctrl\+K, Ctrl\+F +search the story/);
});

Deno.test("a theme of the player's: its colours where it names them, moved until they can be read", () => {
  const file = 'base: light\nspeech: "#112233"\nplayer: eeeeee\nhat: "#000000"\ndim: red\nbase: dusk\n';
  const { theme, problems } = readTheme(file, "mine", "themes/mine.yaml");
  assert.deepEqual(theme, { name: "mine", base: "light", colors: { speech: 0x112233, player: 0xeeeeee } });
  assert.deepEqual(problems, [
    'themes/mine.yaml:4: there is no colour "hat"; there are speech, player, accent, dim, rule, error, good, found',
    'themes/mine.yaml:5: a colour is written like "#f2cf9b", not "red"',
    'themes/mine.yaml:6: base is one of auto, dark, light, contrast, mono, not "dusk"',
  ]);
  const made = createTheme({
    name: "auto",
    own: theme,
    background: 0xffffff,
    dark: false,
    depth: "truecolor",
    utf8: true,
  });
  assert.deepEqual(made.speech.fg, { rgb: 0x112233 });
  const player = made.player.fg !== null && "rgb" in made.player.fg ? made.player.fg.rgb : 0xffffff;
  assert.ok(contrast(player, 0xffffff) >= 4.5);
  assert.equal(made.name, "light");
});

Deno.test("/theme takes a name of the player's, reads a new file when asked for it, and says what there is", () => {
  const own = { name: "dusk", base: "auto" as const, colors: { speech: 0x00ffff } };
  const player = openStory({ themes: [own] });
  player.type("/theme dusk");
  player.press("enter");
  assert.deepEqual(player.model().theme.speech.fg, { rgb: 0x00ffff });
  assert.equal(player.model().settings.theme, "dusk");
  player.effects();
  player.send({ kind: "themes", themes: [{ ...own, colors: { speech: 0xff00ff } }], wanted: "" });
  assert.deepEqual(player.model().theme.speech.fg, { rgb: 0xff00ff });
  player.type("/theme dawn");
  player.press("enter");
  assert.deepEqual(player.effects().filter(({ kind }) => kind === "read_themes"), [
    { kind: "read_themes", wanted: "dawn" },
  ]);
  player.send({ kind: "themes", themes: [own, { ...own, name: "dawn" }], wanted: "dawn" });
  assert.equal(player.model().settings.theme, "dawn");
});

Deno.test("a home with both files: what is wrong is named, what is right works from the first key", async () => {
  const home = await Deno.makeTempDir();
  await Deno.mkdir(join(home, "themes"));
  await Deno.writeTextFile(join(home, "keys.yaml"), "f5: keys\nf6: nothing_known\n");
  await Deno.writeTextFile(join(home, "themes", "dusk.yaml"), 'speech: "#00ffff"\n');
  await Deno.writeTextFile(join(home, "themes", "notes.txt"), "no theme");
  const read = readOwnFiles(home);
  assert.deepEqual(read.changes, [{ chord: "f5", context: null, action: "keys" }]);
  assert.deepEqual(read.themes.map(({ name }) => name), ["dusk"]);
  await withFace(async (face) => {
    await face.shows(/keys\.yaml:2: there is no action "nothing_known"/);
    face.type("\x1b[15~");
    await face.shows(/WRITING/);
  }, { home });
  await Deno.remove(home, { recursive: true });
});

Deno.test("/set: one setting at a time, kept, and named when it is not known", () => {
  const player = openStory();
  const run = (line: string): string => {
    player.type(line);
    player.press("enter");
    return player.model().notice?.text ?? "";
  };
  assert.match(run("/set"), /^follow head, motion on, bell off, title off, panel on\./);
  assert.equal(run("/set follow end"), "Follow: end.");
  assert.equal(run("/set bell on"), "Bell: on.");
  assert.equal(run("/set motion off"), "Motion: off.");
  const { follow, bell, motion } = player.model().settings;
  assert.deepEqual({ follow, bell, motion }, { follow: "end", bell: true, motion: false });
  assert.equal(player.effects().filter(({ kind }) => kind === "save_settings").length, 3);
  assert.equal(run("/set bell loud"), "bell is on or off.");
  assert.equal(
    run("/set hat on"),
    'There is no setting "hat". There are follow, motion, bell, title, panel.',
  );
});

Deno.test("follow: end keeps the newest row in view, head holds the first", () => {
  for (const follow of ["head", "end"] as const) {
    const player = openStory({ settings: { follow, hint_seen: true } });
    player.type("Tell me all.");
    player.press("enter");
    player.hear(events.message(message(6, "user", "Tell me all."), "1"));
    const long = Array.from({ length: 40 }, (_, at) => `Paragraph ${at}.`).join("\n\n");
    player.hear(events.chunk(long, { message_id: 7, parent_id: 6, offset: 0 }));
    player.wait(300);
    assert.equal(/Paragraph 0\./.test(player.screen()), follow === "head");
    assert.equal(/Paragraph 38\./.test(player.screen()), follow === "end");
  }
});

Deno.test("a finished reply calls only when it is wanted and the window is not looked at", () => {
  const reply = message(7, "assistant", "He nods.");
  for (
    const [settings, focused, expected] of [
      [{}, false, []],
      [{ bell: true }, true, []],
      [{ bell: true }, false, [{ kind: "call", title: null, bell: true }]],
      [{ title: true }, false, [
        { kind: "call", title: "✿ The Salt Marsh: the reply is there", bell: false },
      ]],
    ] as const
  ) {
    const player = openStory({ settings: { ...settings, hint_seen: true } });
    player.type("I wait.");
    player.press("enter");
    player.send({ kind: "term", event: { kind: "focus", focused } });
    player.effects();
    player.hear(events.end(reply, {}, "1"));
    assert.deepEqual(player.effects().filter(({ kind }) => kind === "call"), expected);
    player.send({ kind: "term", event: { kind: "focus", focused: true } });
    assert.equal(player.effects().length, "title" in settings ? 1 : 0);
  }
});

Deno.test("the window's title is changed while nobody looks, and is its own again afterwards", async () => {
  const home = await Deno.makeTempDir();
  await Deno.mkdir(join(home, "face"));
  const settings = JSON.stringify({ title: true, bell: true });
  await Deno.writeTextFile(join(home, "face", "settings.json"), settings);
  await withFace(async (face) => {
    face.tell({ kind: "connected" });
    face.hear(events.greeting());
    face.hear(events.sync({ world_id: "salt_marsh", session_id: "s1" }));
    face.hear(events.history([message(1, "assistant", "The fog comes in.")]));
    await face.shows(/fog comes in/);
    face.type("\x1b[O");
    face.type("I go.\r");
    await face.shows(/› I go\./);
    face.hear(events.end(message(3, "assistant", "You are gone."), {}, "1"));
    await face.shows(/You are gone/);
    assert.match(face.emulator.title(), /the reply is there$/);
  }, { home });
  await Deno.remove(home, { recursive: true });
});

Deno.test("motion that the environment switched off is not kept as the player's choice", async () => {
  const home = await Deno.makeTempDir();
  await withFace(async (face) => {
    face.type("/set bell on\r");
    await face.shows(/Bell: on\./);
    face.type("/set\r");
    await face.shows(/motion off, bell on/);
  }, { home, env: { FLOWER_MOTION: "off" } });
  const kept = JSON.parse(await Deno.readTextFile(join(home, "face", "settings.json")));
  assert.equal(kept.motion, true);
  assert.equal(kept.bell, true);
  await Deno.remove(home, { recursive: true });
});

Deno.test("own files: a theme may end in .yml, and a file of more than 256 kB is none", async () => {
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${home}/themes`);
    await Deno.writeTextFile(`${home}/themes/short.yml`, 'speech: "#112233"\n');
    await Deno.writeTextFile(`${home}/themes/huge.yaml`, `# ${"x".repeat(256 * 1024)}\n`);
    await Deno.writeTextFile(`${home}/themes/notes.txt`, "no theme\n");
    assert.deepEqual(readThemes(home), {
      themes: [{ name: "short", base: "auto", colors: { speech: 0x112233 } }],
      problems: [],
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("keys.yaml: Esc and the answers to questions stay as they are, and a capital letter is a key of its own", () => {
  const { changes, problems } = readKeys(
    "esc: why\nconfirm x: confirm\ndesk R: desk_retry\nCTRL+R: why\n",
    "k",
  );
  assert.deepEqual(changes, [
    { chord: "R", context: "desk", action: "desk_retry" },
    { chord: "ctrl+r", context: null, action: "why" },
  ]);
  assert.deepEqual(problems, ["k:1: Esc keeps its meaning", "k:2: the keys of confirm stay as they are"]);
});
