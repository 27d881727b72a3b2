// Stories taken out and brought back: the files are equal, and so is what they make.

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { inspectDatabase } from "../../../brain/store/inspect.ts";
import { MIGRATIONS } from "../../../brain/store/migrations.ts";
import { listSessions } from "../../../brain/store/sessions.ts";
import { type RoleHome, roleHome, tellEverything } from "../../support/role_home.ts";

const OUT = { role: "export", format: "jsonl", force: false, player: "local" } as const;
const stories = (home: RoleHome, player = "local") =>
  home.store((db) => listSessions(db, player).map(({ session }) => session.id)).sort();
const cwd = (home: RoleHome, name: string) => join(home.path, "..", "cwd", name);

Deno.test("exported, imported elsewhere and exported again: the same file, byte for byte, and it is known the second time", async () => {
  await using home = await roleHome();
  home.store((db) => tellEverything(db, "local", "eels"));
  await using other = await roleHome();
  // Its ids are others.
  other.store((db) => tellEverything(db, "ben", "bens"));
  const { code, out } = await home.run({ ...OUT, story: "eels", out: "a.jsonl" });
  const text = await Deno.readTextFile(cwd(home, "a.jsonl"));
  assert.equal(code, 0);
  assert.equal(out, `✓ ${cwd(home, "a.jsonl")}: ${Math.round(text.length / 1000)} kB`);
  assert.equal(Deno.statSync(cwd(home, "a.jsonl")).mode! & 0o777, 0o600);
  await Deno.copyFile(cwd(home, "a.jsonl"), cwd(other, "a.jsonl"));

  const first = await other.run({ role: "import", file: "a.jsonl", player: "local" });
  const [id] = stories(other);
  assert.deepEqual([first.code, first.out], [0, `✓ "The seven eels" is story ${id} now: 7 messages`]);
  assert.match(id, /^[0-9a-f]{12}$/);
  await other.run({ ...OUT, story: id, out: "b.jsonl" });
  assert.equal(await Deno.readTextFile(cwd(other, "b.jsonl")), text);

  for (const file of ["a.jsonl", "b.jsonl"]) {
    const again = await other.run({ role: "import", file, player: "local" });
    assert.deepEqual([again.code, again.out], [0, `✓ "The seven eels" is here already: story ${id}`]);
  }
  assert.deepEqual(stories(other), [id]);
  // A copy beside the original, with ids of its own.
  assert.equal((await home.run({ role: "import", file: "a.jsonl", player: "local" })).code, 0);
  assert.deepEqual(stories(home), ["eels", id].sort());
  // For another player it is another story; one that does not exist gets none.
  for (const said of [/is story [0-9a-f]{12} now: 7 messages$/, /is here already/]) {
    const { code, out } = await other.run({ role: "import", file: "a.jsonl", player: "ben" });
    assert.equal(code, 0);
    assert.match(out, said);
  }
  assert.equal(stories(other, "ben").length, 2);
  const nobody = await other.run({ role: "import", file: "a.jsonl", player: "eve" });
  assert.deepEqual([nobody.code, nobody.err], [1, '✗ There is no player "eve" here.']);
});

Deno.test("a story is found by its id, its title, or how one of them begins; never by a guess", async () => {
  await using home = await roleHome();
  home.store((db) => {
    tellEverything(db, "local", "aa01");
    tellEverything(db, "local", "aa02");
    db.run("UPDATE sessions SET title = 'The seven' WHERE id = 'aa02'");
    tellEverything(db, "ben", "bb01");
    db.run("UPDATE sessions SET title = 'Secret' WHERE id = 'bb01'");
  });
  const rows: [string, string | RegExp][] = [
    ["aa01", "The seven eels"],
    [" AA02 ", "The seven"],
    ["the seven", "The seven"],
    ["The seven e", "The seven eels"],
    [
      "aa0",
      /^✗ 2 stories of that name\. Take the id:\n {2}aa02 {2}The seven \(salt_marsh, 2 turns\)\n {2}aa01 /,
    ],
    ["The sev", /^✗ 2 stories/],
    ["bb01", /^✗ No story of that name\. There are:\n {2}aa02/],
    ["Secret", /^✗ No story of that name/],
    ["", /^✗ No story/],
  ];
  for (const [story, expected] of rows) {
    const { code, err } = await home.run({ ...OUT, format: "md", story, out: "book.md", force: true });
    if (typeof expected === "string") {
      assert.deepEqual([code, err], [0, ""], story);
      assert.equal((await Deno.readTextFile(cwd(home, "book.md"))).split("\n")[0], `# ${expected}`);
    } else {
      assert.equal(code, 1, story);
      assert.match(err, expected);
    }
  }
  assert.equal((await home.run({ ...OUT, player: "ben", story: "secret", out: "c.jsonl" })).code, 0);
  // By the name of a token, in any case.
  home.store((db) => db.run("UPDATE players SET name = 'Benedict' WHERE id = 'ben'"));
  assert.equal((await home.run({ ...OUT, player: "benedict", story: "secret", out: "d.jsonl" })).code, 0);
});

Deno.test("a home that an import makes is for its owner alone; an export changes nothing, not even an old schema", async () => {
  await using home = await roleHome();
  home.store((db) => tellEverything(db, "local", "eels"));
  home.store((db) => db.run("DELETE FROM migrations WHERE name = ?", MIGRATIONS.at(-1)!.name));
  assert.equal((await home.run({ ...OUT, story: "eels", out: "a.jsonl" })).code, 0);
  assert.equal(inspectDatabase(home.database).schema, "older");
  await Deno.remove(home.path, { recursive: true });
  assert.equal((await home.run({ role: "import", file: "a.jsonl", player: "local" })).code, 0);
  assert.equal(Deno.statSync(home.path).mode! & 0o777, 0o700);
  assert.equal(Deno.statSync(home.database).mode! & 0o777, 0o600);
});

Deno.test("a book holds the shown path alone, with the names of world and character", async () => {
  await using home = await roleHome();
  home.store((db) => tellEverything(db, "local", "eels"));
  await home.run({ ...OUT, format: "md", story: "eels", out: "book.md" });
  assert.equal(
    await Deno.readTextFile(cwd(home, "book.md")),
    "# The seven eels\n\n*World: The Salt Marsh · Character: The clerk*\n\nFog comes in, Ida. 日本語の塩。\n\n" +
      "> I count the eels.\n\nEight eels, “perhaps”.\n\n> I sell them.\n\nThe buyer\n",
  );
});

Deno.test("an export overwrites nothing unasked, and never the database", async () => {
  await using home = await roleHome();
  home.store((db) => tellEverything(db, "local", "eels"));
  await Deno.writeTextFile(cwd(home, "mine.txt"), "mine");
  const rows: [string, boolean, RegExp][] = [
    ["mine.txt", false, /mine\.txt is there already/],
    ["../home/engine.db", true, /is the database itself/],
    ["no/where.txt", true, /There is no folder/],
  ];
  for (const [out, force, message] of rows) {
    const { code, err } = await home.run({ ...OUT, format: "txt", story: "eels", out, force });
    assert.equal(code, 1);
    assert.match(err, message);
  }
  assert.equal(await Deno.readTextFile(cwd(home, "mine.txt")), "mine");
  assert.equal(
    (await home.run({ ...OUT, format: "txt", story: "eels", out: "mine.txt", force: true })).code,
    0,
  );
  assert.match(await Deno.readTextFile(cwd(home, "mine.txt")), /^The seven eels\n=/);
});

Deno.test("a damaged file is refused and nothing of it is taken over", async () => {
  await using home = await roleHome();
  home.store((db) => tellEverything(db, "local", "eels"));
  await home.run({ ...OUT, story: "eels", out: "a.jsonl" });
  const text = await Deno.readTextFile(cwd(home, "a.jsonl"));
  const lines = text.trimEnd().split("\n");
  const rows: [string, string | Uint8Array<ArrayBuffer>, RegExp][] = [
    ["cut", text.slice(0, text.length / 2), /no JSON|end of the file is missing/],
    ["a line less", [...lines.slice(0, 3), ...lines.slice(4)].join("\n"), /end of the file is missing/],
    ["no text", new Uint8Array([0xff, 0xfe, 0x00]), /it is no text/],
    ["empty", "", /no story that/],
    ["another", '{"a":1}\n', /no story that/],
    ["a fact of a wrong kind", text.replace('"origin":"model"', '"origin":"gossip"'), /CHECK|could not do/],
  ];
  for (const [what, content, message] of rows) {
    await Deno.writeFile(
      cwd(home, "x.jsonl"),
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
    const { code, err } = await home.run({ role: "import", file: "x.jsonl", player: "local" });
    assert.equal(code, 1, what);
    assert.match(err, message, what);
    assert.deepEqual(stories(home), ["eels"], what);
  }
  const { code, err } = await home.run({ role: "import", file: "none.jsonl", player: "local" });
  assert.deepEqual([code, err], [1, `✗ The file ${cwd(home, "none.jsonl")} is not there.`]);
});
