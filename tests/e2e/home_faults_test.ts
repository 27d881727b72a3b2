// Faults of the home: config, assets, port, folder. A sentence that helps, and it plays on.

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import type { FaceClient } from "../support/face_client.ts";
import { FRONT_DOOR, ROOT, startPiped, tempHome, until } from "../support/processes.ts";
import { openStage } from "./stage.ts";

const FAST = "narrator_word_ms: 0\nlocal_servers: off\n";

async function plays(face: FaceClient): Promise<void> {
  const { message, errors } = await face.turn("I look around.");
  assert.deepEqual([message.status, errors], ["complete", []]);
  assert.ok(message.content.length > 20);
}

/** What a new face was told to be wrong. */
async function complaints(face: FaceClient): Promise<string[]> {
  // They come after the history; the answer to this comes after them.
  await face.command("/cancel");
  return face.events.flatMap(({ event, content }) =>
    event === "system_update" && content.startsWith("✗") ? [content] : []
  );
}

Deno.test("without a config, a key, a server or a network the built-in narrator plays", async () => {
  await using stage = await openStage({ config: null });
  await using face = await stage.face();
  assert.deepEqual(await complaints(face), []);
  assert.equal(face.state?.model, "demo/narrator");
  await face.begin();
  await face.command("/model vendor/some-model");
  const { errors } = await face.turn("I ask.");
  assert.match(
    errors[0],
    /^No key for OpenRouter, where \S+ is: set OPENROUTER_API_KEY or openai_api_key in config\.yaml, or pick/,
  );
  await face.command("/model demo/narrator");
  // At reading speed: a few words are enough.
  const from = face.events.length;
  face.say("I look around.");
  await face.next("chat_chunk", from);
  face.say("/cancel");
  assert.equal((await face.told(from)).message.status, "stopped");
});

Deno.test("a broken config is told with its line to the face, on stderr and in the log, and defaults play", async (t) => {
  for (
    const [name, config, line, told] of [
      [
        "no YAML",
        `${FAST}openai_base_url: [http://x\nnonsense`,
        0,
        /config\.yaml:\d+:\d+: .*; defaults are used$/,
      ],
      ["a list", "- a\n- b\n", 1, /config\.yaml:1:1: the file must be/],
      [
        "an unknown key",
        `${FAST}opneai_base_url: http://127.0.0.1:1/v1\n`,
        3,
        /config\.yaml:3:1: opneai_base_url is no key that I know; did you mean openai_base_url\?$/,
      ],
      ["a wrong value", `${FAST}max_reply_bytes: many\n`, 3, /config\.yaml:3:\d+: max_reply_bytes must be a/],
      ["a wrong address", `${FAST}openai_base_url: not a url\n`, 3, /config\.yaml:3:\d+: openai_base_url /],
    ] as const
  ) {
    await t.step(name, async () => {
      await using stage = await openStage({ config });
      await using face = await stage.face();
      const [complaint, ...more] = await complaints(face);
      assert.deepEqual(more, []);
      assert.match(complaint, told);
      if (line > 0) assert.ok(complaint.includes(`config.yaml:${line}:`), complaint);
      for (const text of [stage.door.stderr(), stage.log()]) {
        assert.ok(text.includes(complaint.slice(2)), text);
      }
      assert.equal(stage.door.stdout().trim().split("\n").length, 1, "the ready line alone");
      await face.begin();
      // Defaults play at reading speed: the first word is proof enough.
      const from = face.events.length;
      face.say("I look around.");
      await face.next("chat_chunk", from);
      face.say("/cancel");
      await face.told(from);
    });
  }
});

const WORLD = `id: attic
name: The Attic
start_message: Dust.
`;

Deno.test("a broken file is told with line and column, the others load, and a saved file appears within a second", async (t) => {
  await using stage = await openStage({
    config: FAST,
    files: {
      "worlds/broken.yaml": "id: broken\nname: [unclosed\nlore: x\n",
      "worlds/nulls.yaml": "id: nulls\nname: Nulls\nlore: ~\n",
      "worlds/attic.yaml": WORLD,
      "characters/number.yaml": "id: 7\nname: Seven\n",
      "rules/nsfw.yaml": "id: nsfw\nname: Late hours\nprompt: Nothing is shut.\n",
    },
  });
  await using face = await stage.face();
  const ids = () => face.state?.available_worlds?.map(({ id }) => id) ?? [];
  const path = (name: string) => join(Deno.realPathSync(stage.home), name);

  await t.step("at the start", async () => {
    const told = (await complaints(face)).sort();
    assert.equal(told.length, 3, told.join("\n"));
    assert.ok(
      told[0].startsWith(`✗ ${path("characters/number.yaml")}:1:1: "id" must be a text, not`),
      told[0],
    );
    assert.match(told[1], /^✗ .*\/worlds\/broken\.yaml:\d+:\d+: ./);
    assert.ok(told[2].startsWith(`✗ ${path("worlds/nulls.yaml")}:3:1: "lore" is empty`), told[2]);
    const shipped = [...Deno.readDirSync(join(ROOT, "assets", "worlds"))].length;
    assert.equal(ids().length, shipped + 1);
    assert.deepEqual(ids().filter((id) => ["salt_marsh", "attic", "broken", "nulls"].includes(id)), [
      "salt_marsh",
      "attic",
    ]);
  });

  await t.step("the rule pack of the home is what /nsfw switches", async () => {
    const { content, metadata } = await face.command("/nsfw");
    assert.equal(content, "✓ NSFW mode ENABLED - Unrestricted adult content");
    assert.deepEqual(metadata.active_rules, ["nsfw"]);
    await face.command("/nsfw");
  });

  await t.step("a new world appears within a second", async () => {
    // One of ten: a busy machine makes some wait, a slow watch all of them.
    const took_ms: number[] = [];
    while (took_ms.length < 10 && !took_ms.some((ms) => ms < 1000)) {
      const id = `cellar${"s".repeat(took_ms.length)}`;
      await Deno.writeTextFile(path(`worlds/${id}.yaml`), WORLD.replaceAll("attic", id));
      const started = performance.now();
      await face.until(() => ids().includes(id), "the new world");
      took_ms.push(performance.now() - started);
    }
    assert.ok(Math.min(...took_ms) < 1000, `${took_ms.map(Math.round)} ms`);
  });

  await t.step("a file mended shows, one that breaks is told and goes, the rest stay", async () => {
    await Deno.writeTextFile(path("worlds/nulls.yaml"), "id: nulls\nname: Nulls\nlore: ''\n");
    await face.until(() => ids().includes("nulls"), "the mended world");
    const from = face.events.length;
    await Deno.writeTextFile(path("worlds/cellar.yaml"), "id: cellar\nname: ~\n");
    await face.until(
      () =>
        face.events.slice(from).some(({ content }) =>
          content.startsWith(`✗ ${path("worlds/cellar.yaml")}:2:1: "name" is empty`)
        ),
      "the complaint",
    );
    assert.ok(!ids().includes("cellar") && ids().includes("attic"));
    const told = face.events.slice(from).filter(({ content }) => content.startsWith("✗"));
    assert.equal(told.length, 1, "what was told before is not told again");
  });

  await t.step("a removed file goes, and the story of a world that is gone says so", async () => {
    await face.begin("attic");
    assert.deepEqual(face.history.map(({ content }) => content), ["Dust."]);
    await Deno.remove(path("worlds/attic.yaml"));
    await face.until(() => !ids().includes("attic"), "the world has gone");
    const from = face.events.length;
    face.say("I sneeze.");
    const end = await face.next("chat_end", from);
    const said = face.events.slice(from, face.events.indexOf(end));
    assert.match(
      said[0].content,
      /^✗ The world attic of this story is not there any more\. Is its file broken\?$/,
    );
    assert.ok(said[0].event === "system_update" && said[0].metadata.line === "I sneeze.");
    await face.begin();
    await plays(face);
  });
});

/** Runs the front door until it ends; for starts that fail. Throws when it starts after all. */
async function failedStart(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  await using door = startPiped(FRONT_DOOR, ["serve", ...args]);
  let ended = false;
  door.ended.then(() => ended = true);
  await until(() => ended || door.stdout() !== "", "an end or a ready line");
  if (!ended) throw new Error(`it started: ${door.stdout()}`);
  const code = await door.ended;
  return { code, stdout: door.stdout(), stderr: door.stderr() };
}

/** A file with a token for who plays at the machine. */
async function secretIn(folder: string): Promise<string> {
  const path = join(folder, "token");
  await Deno.writeTextFile(path, "the-owner-token-0123456789\n", { mode: 0o600 });
  return path;
}

Deno.test("a start that cannot be says why in one sentence, with its exit code", async (t) => {
  await using home = await tempHome();
  await Deno.writeTextFile(join(home.path, "config.yaml"), FAST);
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });

  await t.step("a port in use", async () => {
    const { port } = taken.addr;
    const { code, stdout, stderr } = await failedStart(["--port", String(port), "--home", home.path]);
    assert.equal(code, 3);
    assert.equal(stdout, "");
    const sentence = `Port ${port} on 127.0.0.1 is taken. Choose another with --port, or 0 for any.`;
    assert.ok(stderr.trim().split("\n").includes(sentence), stderr);
  });
  taken.close();

  await t.step("an address that is none of this machine's", async () => {
    const { code, stdout, stderr } = await failedStart([
      ...["--host", "203.0.113.7", "--port", "0", "--home", home.path],
      ...["--token-file", await secretIn(home.path)],
    ]);
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, /^Cannot listen on 203\.0\.113\.7:0: [^\n]+\.$/m);
  });

  await t.step("a home below a regular file", async () => {
    const { code, stdout, stderr } = await failedStart([
      "--port",
      "0",
      "--home",
      join(home.path, "config.yaml", "x"),
    ]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^The home .*config\.yaml\/x cannot be used: [^\n]*--home[^\n]*\n$/);
  });

  await t.step("a home that another brain has", async () => {
    await using stage = await openStage({ config: FAST });
    const { code, stdout, stderr } = await failedStart(["--port", "0", "--home", stage.home]);
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, /Another brain runs on this home\. Attach with `deno task play`/);
    await using face = await stage.face();
    await face.begin();
    await plays(face);
  });

  await t.step("a database that is none", async () => {
    await using broken = await tempHome();
    await Deno.writeTextFile(join(broken.path, "engine.db"), "This is no database at all. ".repeat(100));
    // Of a brain that was killed: whoever holds the lock now is not the one it speaks of.
    await Deno.writeTextFile(join(broken.path, "brain.json"), "{}");
    const { code, stdout, stderr } = await failedStart(["--port", "0", "--home", broken.path]);
    assert.deepEqual([code, stdout], [1, ""]);
    const why = /engine\.db is damaged or no database\. Put a copy back, or move it away/;
    assert.match(stderr, why);
    assert.match(Deno.readTextFileSync(join(broken.path, "logs", "brain.log")), why);
    assert.throws(() => Deno.statSync(join(broken.path, "brain.json")), Deno.errors.NotFound);
  });

  await t.step("and then it starts", async () => {
    await using door = startPiped(FRONT_DOOR, ["serve", "--port", "0", "--home", home.path]);
    assert.equal((await door.ready()).ready, true);
  });
});
