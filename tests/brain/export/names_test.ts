import assert from "node:assert/strict";
import { exportName } from "../../../brain/export/names.ts";

Deno.test("a title becomes a name that stays in its folder", () => {
  const rows: [string, string, string][] = [
    ["The Seven Eels", "0a1b2c3d4e5f", "the-seven-eels-0a1b2c3d4e5f.md"],
    ["../../etc/passwd", "1", "etc-passwd-1.md"],
    [".hidden", "1", "hidden-1.md"],
    ['-rf *; $(reboot) `x` "y"', "1", "rf-reboot-x-y-1.md"],
    ["C:\\con\\nul", "1", "c-con-nul-1.md"],
    ["塩の沼 Übung", "1", "塩の沼-übung-1.md"],
    ["e\u0301te\u0301", "1", "été-1.md"],
    ["", "1", "story-1.md"],
    ["…!?", "1", "story-1.md"],
    ["a\0b\nc", "1", "a-b-c-1.md"],
    ["Title", "../x", "title-x.md"],
    ["Title", "", "title-0.md"],
    ["x".repeat(41), "1", `${"x".repeat(40)}-1.md`],
    [`${"x".repeat(39)} y`, "1", `${"x".repeat(39)}-1.md`],
  ];
  for (const [title, id, name] of rows) assert.equal(exportName(title, id, "md"), name);
  assert.equal(exportName("T", "1", "jsonl"), "t-1.jsonl");
  const longest = exportName("𠮷".repeat(100), "f".repeat(40), "jsonl");
  assert.ok(new TextEncoder().encode(longest).length <= 200, longest);
});
