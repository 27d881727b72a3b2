import assert from "node:assert/strict";
import { MAX_YAML_LENGTH, parseYaml, YamlError } from "../../brain/yaml.ts";

function failure(text: string): YamlError {
  try {
    parseYaml(text, "file.yaml");
  } catch (error) {
    assert.ok(error instanceof YamlError, String(error));
    return error;
  }
  assert.fail(`parsed: ${text.slice(0, 100)}`);
}

Deno.test("a tab before a row is called a tab, in a block of text too", () => {
  for (const text of ["lore: |\n\t## A\n\ttext\n", "a: 1\n\tb: 2\n"]) {
    assert.equal(failure(text).reason, "indented with a tab; use spaces", text);
  }
});

Deno.test("plain documents become values, keys are strings, an empty file is null", () => {
  const rows: [string, unknown][] = [
    ["", null],
    ["# only a remark\n", null],
    ["~", null],
    ["\uFEFFa: 1\n", { a: 1 }],
    ["a: 1\r\nb: two\r\n", { a: 1, b: "two" }],
    ["- x\n- [1, 2]\n", ["x", [1, 2]]],
    ["1: x\ntrue: y\n", { "1": "x", "true": "y" }],
    ["a: yes\nb: no\nc: 2026-01-02\n", { a: "yes", b: "no", c: "2026-01-02" }],
    ["a: |\n  one\n  two\n", { a: "one\ntwo\n" }],
    ["a: &x {b: 1}\nc: *x\n", { a: { b: 1 }, c: { b: 1 } }],
    ["<<: {a: 1}\n", { "<<": { a: 1 } }],
  ];
  for (const [text, value] of rows) assert.deepEqual(parseYaml(text, "f").value, value, text);
});

Deno.test("a key named __proto__ is data, not a prototype", () => {
  const value = parseYaml("__proto__: {polluted: true}\n", "f").value as Record<string, unknown>;
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.keys(value), ["__proto__"]);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("a broken document names file, line, column and a plain reason", () => {
  const rows: [string, number, number, RegExp][] = [
    ["a: 1\nb: 2\na: 3\n", 3, 1, /^"a" stands here a second time$/],
    ["x:\n  - {a: 1, a: 2}\n", 2, 12, /"a" stands here a second time/],
    ["\ta: 1\n", 1, 1, /tab; use spaces/],
    ["a:\n  b: 1\n\tc: 2\n", 3, 1, /tab; use spaces/],
    ["a: b: c\n", 1, 4, /second ": "/],
    ["a:\n  b: 1\n c: 2\n", 3, 1, /indentation/],
    ["id: [broken\nname: x\n", 2, 1, /^a \[ or \{ above is never closed$/],
    ["a: 1\nplain\n", 2, 1, /neither a "key: value"/],
    ["a: @x\n", 1, 4, /cannot begin with @; put quotes/],
    ['a: "\\q"\n', 1, 5, /wrong \\/],
    ['a: "x\n', 2, 1, /quote is opened and never closed/],
    ["a: 1\n---\nb: 2\n", 2, 1, /second document/],
    ["a: !foo x\n", 1, 4, /tags/],
    ["? [a]\n: b\n", 1, 3, /key must be plain text/],
    ["b: 1\na: *x\n", 2, 4, /\*x names nothing/],
    ["a: &a\n  - *a\n", 2, 5, /stands inside itself/],
    ["a: &a [ &b [ *a ] ]\n", 1, 14, /stands inside itself/],
    ["a: &x &y 1\n", 1, 7, /two anchors/],
    ["}\n", 1, 1, /^Unexpected flow-map-end/],
  ];
  for (const [text, line, col, reason] of rows) {
    const error = failure(text);
    assert.match(error.reason, reason, text);
    assert.deepEqual([error.line, error.col], [line, col], `${text}: ${error.message}`);
    assert.equal(error.message, `file.yaml:${line}:${col}: ${error.reason}`);
    assert.equal(error.file, "file.yaml");
  }
});

Deno.test("size, depth and aliases are bounded", () => {
  const fits = "a: " + "x".repeat(MAX_YAML_LENGTH - 3);
  assert.equal((parseYaml(fits, "f").value as { a: string }).a.length, MAX_YAML_LENGTH - 3);
  assert.equal(
    failure(fits + "x").message,
    "file.yaml:1:1: too long: 1048577 characters, at most 1048576 are read",
  );

  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assert.ok(Array.isArray(parseYaml(nested(60), "f").value));
  for (const depth of [200, 5_000]) assert.match(failure(nested(depth)).reason, /nested too deeply/);
  assert.match(failure("- ".repeat(20_000)).reason, /nested too deeply/);

  const aliases = (count: number) =>
    "a: &a x\n" + Array.from({ length: count }, (_, i) => `k${i}: *a\n`).join("");
  assert.equal((parseYaml(aliases(100), "f").value as Record<string, string>).k99, "x");
  const error = failure(aliases(101));
  assert.match(error.reason, /more than 100 aliases/);
  assert.equal(error.line, 102);

  let bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (const [name, before] of ["ba", "cb", "dc", "ed", "fe", "gf"]) {
    bomb += `${name}: &${name} [${Array(9).fill(`*${before}`).join(", ")}]\n`;
  }
  const bombed = failure(bomb);
  assert.match(bombed.reason, /multiply/);
  assert.deepEqual([bombed.line, bombed.col], [2, 8]);
});

Deno.test("a map with very many keys does not cost their square", () => {
  const text = Array.from({ length: 50_000 }, (_, i) => `k${i}: v`).join("\n");
  const started = performance.now();
  assert.equal(Object.keys(parseYaml(text, "f").value as object).length, 50_000);
  assert.ok(performance.now() - started < 15_000);
});

Deno.test("positions point at the key, at the item, or at the nearest parent that is there", () => {
  const parsed = parseYaml(
    "# head\nid: x\npeople:\n  - name: Ada\n    age: null\n  -   name: Bo\nsame: &s {in: 1}\nother: *s\n",
    "f",
  );
  const rows: [(string | number)[], number, number][] = [
    [[], 2, 1],
    [["id"], 2, 1],
    [["people"], 3, 1],
    [["people", 0], 4, 5],
    [["people", 0, "age"], 5, 5],
    [["people", 1, "name"], 6, 7],
    [["people", 1, "age"], 6, 7],
    [["people", 7], 3, 1],
    [["people", "x"], 3, 1],
    [["nothing", "at", "all"], 2, 1],
    [["other", "in"], 7, 11],
  ];
  for (const [path, line, col] of rows) {
    assert.deepEqual(parsed.line(path), { line, col }, JSON.stringify(path));
  }
  assert.deepEqual(parseYaml("", "f").line(["x"]), { line: 1, col: 1 });
});

Deno.test("any text becomes a value or a YamlError whose position lies in the text", () => {
  const seed = 20260729;
  let state = seed;
  const chance = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const pieces = [
    "a",
    "b: ",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    '"',
    "'",
    "|",
    ">",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&x ",
    "*x",
    "!t ",
    "#",
    "---\n",
    "? ",
    "%",
    "\\",
    "\0",
    "é",
    "🌊",
    "~",
    "1",
    "<<",
    "\r\n",
  ];
  for (let round = 0; round < 3_000; round++) {
    let text = "";
    const length = 1 + Math.floor(chance() * 25);
    for (let i = 0; i < length; i++) text += pieces[Math.floor(chance() * pieces.length)];
    const rows = text.split(/\r\n|\n/).length;
    try {
      const parsed = parseYaml(text, "f");
      const at = parsed.line(["a"]);
      assert.ok(at.line >= 1 && at.line <= rows + 1 && at.col >= 1);
    } catch (error) {
      assert.ok(error instanceof YamlError, `seed ${seed} round ${round} ${JSON.stringify(text)}: ${error}`);
      assert.ok(
        error.line >= 1 && error.line <= rows + 1 && error.col >= 1,
        `${JSON.stringify(text)} ${error.message}`,
      );
      assert.ok(error.reason.length > 0 && !error.reason.includes("\n"));
    }
  }
});
