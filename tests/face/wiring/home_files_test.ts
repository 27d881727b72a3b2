/** What the face keeps in the player's home, and when it is written. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { lastPageOf } from "../../../face/app/last_page.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../../face/app/settings.ts";
import { openHomeFiles, readSettings } from "../../../face/wiring/home_files.ts";
import { encodeEvent } from "../../../shared/codec.ts";
import { events, message } from "../../support/player.ts";
import { until } from "../../support/processes.ts";
import { openStory } from "../../support/salt_marsh.ts";

async function withHome(check: (home: string, draft: () => string) => Promise<void> | void): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await check(home, () => Deno.readTextFileSync(join(home, "face", "draft.txt")));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("home files: a draft waits a moment, and a line that was sent is gone from the disk at once", () =>
  withHome((home, draft) => {
    const files = openHomeFiles(home);
    files.saveDraft("A line");
    assert.throws(draft);
    files.flush();
    assert.equal(draft(), "A line");
    files.saveDraft("A line, longer");
    assert.equal(draft(), "A line");
    files.saveDraft("");
    assert.equal(draft(), "");
    assert.equal(openHomeFiles(home).load().draft, "");
    files.flush();
    assert.equal(draft(), "");
  }));

Deno.test("home files: what was said comes back in its order, and lines that are none are passed over", () =>
  withHome(async (home) => {
    const files = openHomeFiles(home);
    for (const text of ["one", "two\nrows", 'three "quoted"']) files.saveSaid({ text, story: "s" });
    await Deno.writeTextFile(
      join(home, "face", "said.jsonl"),
      'no json\n{"a":1}\n{"text":1,"story":"s"}\n"four"\n',
      {
        append: true,
      },
    );
    assert.deepEqual(openHomeFiles(home).load().said, ["one", "two\nrows", 'three "quoted"', "four"]);
  }));

Deno.test("home files: nobody else may read them", () =>
  withHome((home) => {
    if (Deno.build.os === "windows") return;
    const files = openHomeFiles(home);
    files.saveSaid({ text: "one", story: "s" });
    files.saveDraft("");
    assert.equal((Deno.statSync(join(home, "face")).mode ?? 0) & 0o777, 0o700);
    for (const name of ["said.jsonl", "draft.txt"]) {
      assert.equal((Deno.statSync(join(home, "face", name)).mode ?? 0) & 0o777, 0o600, name);
    }
  }));

Deno.test("home files: the last page comes back as it was kept; what is none, or half of one, is no page", () =>
  withHome((home) => {
    const player = openStory();
    player.hear(events.history([
      message(1, "assistant", "Fog.\n\nMore fog."),
      message(2, "user", "I wait."),
    ]));
    const page = lastPageOf(player.model());
    assert.ok(page !== null);
    const files = openHomeFiles(home);
    assert.equal(files.loadPage(), null);
    files.savePage(page);
    assert.deepEqual(openHomeFiles(home).loadPage(), page);
    const path = join(home, "face", "page.jsonl");
    if (Deno.build.os !== "windows") assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    const [state, history] = Deno.readTextFileSync(path).split("\n");
    const none = encodeEvent(events.sync({ session_id: "" }));
    const rows = [
      "",
      "no json",
      state,
      `${history}\n${state}`,
      `${state}\n{"event":"chat_history"}`,
      `${state}\n${history.slice(0, -5)}`,
      `${none}\n${history}`,
      `${state}\n${encodeEvent(events.history([]))}`,
    ];
    for (const text of rows) {
      Deno.writeTextFileSync(path, text);
      assert.equal(files.loadPage(), null, text.slice(0, 60));
    }
    files.savePage(null);
    assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
    files.savePage(null);
  }));

Deno.test("home files: a story is written below a home that has no folder for it, under a plain name", () =>
  withHome((home) => {
    const rows: [name: string, file: string][] = [
      ["The Salt Marsh · The farrier", "the-salt-marsh-the-farrier.txt"],
      ["A", "a.txt"],
      ["...", "story.txt"],
      ["x".repeat(100), `${"x".repeat(60)}.txt`],
    ];
    const below = join(home, "not", "there");
    const files = openHomeFiles(below);
    for (const [name, file] of rows) {
      const path = `${below}/stories/${file}`;
      assert.deepEqual(files.writeText(name, "Told."), { text: `Written to ${path}`, error: false });
      assert.equal(Deno.readTextFileSync(path), "Told.\n");
    }
    if (Deno.build.os !== "windows") {
      assert.equal((Deno.statSync(join(below, "stories")).mode ?? 0) & 0o777, 0o700);
    }
  }));

Deno.test("home files: a draft comes to the disk by itself, each time it was changed", () =>
  withHome(async (home, draft) => {
    const files = openHomeFiles(home);
    for (const line of ["A line", "A line, longer", "Another"]) {
      files.saveDraft(line);
      await until(
        () => {
          try {
            return draft() === line;
          } catch {
            return false;
          }
        },
        `${line} is on the disk`,
        5000,
      );
    }
  }));

Deno.test("home files: settings come back as they were set, and what no setting can be is the default", () =>
  withHome((home) => {
    const set: Settings = {
      theme: "my-own_1",
      panel: false,
      mouse: "native",
      hint_seen: true,
      motion: false,
      follow: "end",
      bell: true,
      title: true,
      embedder: "no",
      last_story: "The Salt Marsh",
    };
    openHomeFiles(home).saveSettings(set);
    assert.deepEqual(openHomeFiles(home).load().settings, set);
    const wrong = { theme: "../x", panel: 1, mouse: 2, follow: "start", embedder: "?", last_story: 3 };
    assert.deepEqual(readSettings(JSON.stringify(wrong)), DEFAULT_SETTINGS);
    for (const text of ["", "5", "null", "{"]) assert.deepEqual(readSettings(text), DEFAULT_SETTINGS, text);
  }));

Deno.test("home files: of a long evening's lines the newest 500 come back, and the file is cut back to them", () =>
  withHome((home) => {
    const files = openHomeFiles(home);
    files.saveSaid({ text: "first", story: "s" });
    const path = join(home, "face", "said.jsonl");
    const lines = Array.from(
      { length: 1100 },
      (_, at) => `${JSON.stringify({ text: `${at}`, story: "s" })}\n`,
    );
    Deno.writeTextFileSync(path, lines.join(""));
    const { said } = files.load();
    assert.deepEqual([said.length, said[0], said.at(-1)], [500, "600", "1099"]);
    assert.equal(Deno.readTextFileSync(path).split("\n").length, 501);
  }));

Deno.test("home files: a story written down is the player's alone, and one that grew takes its own place again", () =>
  withHome((home) => {
    const files = openHomeFiles(home);
    files.writeText("日本", "日本語");
    const path = join(home, "stories", "日本.txt");
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    assert.match(files.writeText("日本", "日本語").text, /日本\.txt$/);
    assert.match(files.writeText("日本", "日本語、日本").text, /日本\.txt$/);
    assert.match(files.writeText("日本", "日").text, /日本-2\.txt$/);
  }));
