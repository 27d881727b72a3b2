/** How a line becomes a command: names, arguments, suggestions, choices. And the table as a whole. */

import assert from "node:assert/strict";
import {
  choose,
  find,
  quote,
  quoted,
  single,
  unknownCommand,
  words,
} from "../../../brain/commands/command.ts";
import { commandItems, COMMANDS } from "../../../brain/commands/table.ts";

Deno.test("words are parted by blanks; quotes keep them together and go", () => {
  const rows: [string, string[]][] = [
    ["", []],
    ["  a  b ", ["a", "b"]],
    ['a "b c" d', ["a", "b c", "d"]],
    ['""', [""]],
    ['"open', ['"open']],
  ];
  for (const [text, expected] of rows) assert.deepEqual(words(text), expected, text);
});

Deno.test("a single argument loses its margins and the quotes around the whole of it", () => {
  const rows: [string, string][] = [
    ["  the marsh ", "the marsh"],
    ['"the marsh"', "the marsh"],
    ['" the marsh "', "the marsh"],
    ['"a" b', '"a" b'],
    ['say "a"', 'say "a"'],
    ["", ""],
  ];
  for (const [text, expected] of rows) assert.equal(single(text), expected, text);
});

Deno.test("the longest name that a line begins with is its command; the rest keeps its blanks", () => {
  const rows: [string, string | undefined, string | undefined][] = [
    ["/model", "/model", ""],
    ["/model  a b", "/model", " a b"],
    ["/world select x", "/world select", "x"],
    ["/world\tselect\tx", "/world select", "x"],
    ["/edit 3  two  blanks", "/edit", "3  two  blanks"],
    ["/edit 3 a\nb", "/edit", "3 a\nb"],
    ["/models", undefined, undefined],
    ["/world", undefined, undefined],
    ["/World select x", undefined, undefined],
    ["model", undefined, undefined],
  ];
  for (const [line, name, args] of rows) {
    const found = find(line, COMMANDS);
    assert.deepEqual([found?.command.name, found?.args], [name, args], line);
  }
});

Deno.test("an unknown command is answered with the nearest, or with what its group holds", () => {
  const rows: [string, RegExp][] = [
    ["/rules", /^✗ \/rules needs one of: add, remove, clear, list\.$/],
    ["/rules nonsense", /^✗ \/rules needs one of: add, remove, clear, list\.$/],
    ["/rules ad x", /^✗ There is no command \/rules\. Did you mean \/rules add\?$/],
    ["/retr", /Did you mean \/retry\?$/],
    ["/qqqqqqqq", /^✗ There is no command \/qqqqqqqq\. \/help lists them\.$/],
  ];
  for (const [line, pattern] of rows) assert.match(unknownCommand(line, COMMANDS), pattern);
});

Deno.test("something is chosen by id, by name, or by a beginning that only one has", () => {
  const items = [
    { id: "salt_marsh", name: "The Salt Marsh" },
    { id: "salt_lake", name: "The Lake" },
    { id: "stair", name: "The Long Stair" },
  ];
  const rows: [string, string][] = [
    ["stair", "stair"],
    ["STAIR", "stair"],
    ["the lake", "salt_lake"],
    ["st", "stair"],
    ["The Lo", "stair"],
    ["salt_m", "salt_marsh"],
  ];
  for (const [typed, id] of rows) {
    const chosen = choose(typed, items, "world");
    assert.ok(typeof chosen !== "string", typed);
    assert.equal(chosen.id, id);
  }
  const refusals: [string, string][] = [
    ["salt", '✗ There is no world "salt".'],
    ["the", '✗ There is no world "the".'],
    ["stiar", '✗ There is no world "stiar". Did you mean stair?'],
    ["", "✗ Which world? There are: salt_marsh, salt_lake, stair."],
    ["../stair", '✗ There is no world "../stair".'],
  ];
  for (const [typed, answer] of refusals) assert.equal(choose(typed, items, "world"), answer);
  assert.equal(choose("", [], "world"), "✗ Which world? There is none yet.");
});

Deno.test("an exact id wins over another's name", () => {
  const items = [{ id: "b", name: "a" }, { id: "a", name: "b" }];
  const chosen = choose("a", items, "thing");
  assert.ok(typeof chosen !== "string");
  assert.equal(chosen.id, "a");
});

Deno.test("what was typed is quoted on one line, at most forty characters", () => {
  assert.equal(quote(" a\n b "), '"a b"');
  assert.equal(quote("x".repeat(40)), `"${"x".repeat(40)}"`);
  assert.equal(quote("x".repeat(41)), `"${"x".repeat(40)}…"`);
});

Deno.test("what would change the story under the reply waits for it; all else is answered meanwhile", () => {
  const waits = COMMANDS.filter(({ while_telling }) => !while_telling).map(({ name }) => name);
  assert.deepEqual(waits.toSorted(), [
    "/character select",
    "/continue",
    "/edit",
    "/redo",
    "/retry",
    "/session continue",
    "/session delete",
    "/session new",
    "/swipe next",
    "/swipe prev",
    "/undo",
    "/world select",
  ]);
  assert.deepEqual(COMMANDS.filter((command) => command.at_once).map(({ name }) => name), ["/cancel"]);
  assert.deepEqual(COMMANDS.filter((command) => command.asks_reply).map(({ name }) => name), [
    "/retry",
    "/continue",
  ]);
});

Deno.test("every command tells what it takes: names in capitals, required ones bare, optional ones in brackets", () => {
  for (const { name, usage, help, arguments: args } of commandItems()) {
    assert.ok(usage.startsWith(name), name);
    assert.match(name, /^\/[a-z]+( [a-z_]+)?$/);
    assert.match(help, /^[A-Z].*[^.]$/, name);
    for (const argument of args) {
      const bare = new RegExp(`(^|[ |])${argument.name}( |$|\\|)`);
      const shown = usage.slice(name.length);
      assert.equal(
        bare.test(shown.replace(/\[[^\]]*\]/g, "")),
        argument.required,
        `${usage}: ${argument.name}`,
      );
    }
  }
  const kinds = Object.fromEntries(
    commandItems().flatMap(({ name, arguments: args }) =>
      args.map((argument) => [`${name} ${argument.name}`, argument.kind])
    ),
  );
  const expected = {
    "/world select ID": "world",
    "/character select ID": "character",
    "/model ID": "model",
    "/rules add ID": "rule",
    "/rules remove ID": "active_rule",
    "/session continue ID": "session",
    "/session delete ID": "session",
    "/session rename TITLE": "text",
    "/world sync_folder PATH": "text",
    "/world attach_lore TEXT": "text",
    "/swipe next MESSAGE": "message",
    "/swipe prev MESSAGE": "message",
    "/edit MESSAGE": "message",
    "/edit TEXT": "text",
    "/history before MESSAGE": "message",
  };
  for (const [argument, kind] of Object.entries(expected)) assert.equal(kinds[argument], kind, argument);
});

Deno.test("a text that holds quotation marks is quoted with others", () => {
  assert.equal(quoted("It rings."), '"It rings."');
  assert.equal(quoted('"It rings," he says.'), '“"It rings," he says.”');
});
