import assert from "node:assert/strict";
import { defaultHome, parseBrainFile } from "../../shared/home.ts";
import { TextLineStream } from "../../shared/lines.ts";

Deno.test("the home is where the platform keeps a program's data, unless FLOWER_HOME names another", () => {
  const rows: [Record<string, string>, string, string][] = [
    [{ HOME: "/u" }, "linux", "/u/.local/share/flower-engine"],
    [{ HOME: "/u", XDG_DATA_HOME: "/data" }, "linux", "/data/flower-engine"],
    [{ HOME: "/u", XDG_DATA_HOME: "relative" }, "linux", "/u/.local/share/flower-engine"],
    [{ HOME: "/u", XDG_DATA_HOME: "/data" }, "darwin", "/u/Library/Application Support/Flower Engine"],
    [{ HOME: "/u", XDG_DATA_HOME: "/data", FLOWER_HOME: "/f" }, "linux", "/f"],
    [{ HOME: "/u", FLOWER_HOME: "/f" }, "darwin", "/f"],
    [{ HOME: "/u", FLOWER_HOME: "" }, "linux", "/u/.local/share/flower-engine"],
  ];
  for (const [env, os, home] of rows) assert.equal(defaultHome((name) => env[name], os), home);
});

Deno.test("brain.json is read whole or not at all", () => {
  const whole = { url: "ws://a", pid: 7, version: "1", protocol: 1, token: "" };
  assert.deepEqual(parseBrainFile(JSON.stringify({ ...whole, more: 1 })), whole);
  for (const field of Object.keys(whole)) {
    assert.equal(parseBrainFile(JSON.stringify({ ...whole, [field]: null })), null, field);
  }
  for (const text of ["", "null", "[]", '{"url":"ws://a"', '"x"']) {
    assert.equal(parseBrainFile(text), null, text);
  }
});

Deno.test("lines come whole, however the text is cut", async () => {
  const text = "one\r\n\ntwo\rx\nlast";
  for (let cut = 0; cut <= text.length; cut++) {
    const lines: string[] = [];
    const pieces = ReadableStream.from([text.slice(0, cut), text.slice(cut)]);
    for await (const line of pieces.pipeThrough(new TextLineStream())) lines.push(line);
    assert.deepEqual(lines, ["one", "", "two\rx", "last"], `${cut}`);
  }
});
