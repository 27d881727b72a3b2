// The release archive, unpacked and played where nothing else is: no home, no caches, no deno on the path, no network.
// FLOWER_RELEASE=1 turns it on.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path/posix";
import { parseBrainFile } from "../../shared/home.ts";
import { gone, isRunning, startScreen } from "../support/processes.ts";
import { buildRelease } from "../support/release.ts";

interface Ran {
  code: number;
  out: string;
  err: string;
}

async function run(program: string, args: string[], env: Record<string, string>, input = ""): Promise<Ran> {
  const child = new Deno.Command(program, {
    args,
    cwd: "/",
    clearEnv: true,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // A program that ends before it has read is judged by its code.
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

/** A registry and a proxy that count who asks them. */
function startWitness(): AsyncDisposable & { env: Record<string, string>; asked: string[] } {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    asked.push(request.url);
    return new Response("", { status: 502 });
  });
  const here = `http://127.0.0.1:${server.addr.port}`;
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NPM_CONFIG_REGISTRY", "JSR_URL"];
  const env = Object.fromEntries(names.flatMap((name) => [[name, here], [name.toLowerCase(), here]]));
  return {
    env: { ...env, NO_PROXY: "127.0.0.1,localhost", no_proxy: "127.0.0.1,localhost" },
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test({
  name: "the release archive plays from an empty folder with an empty home, and asks no registry",
  ignore: Deno.env.get("FLOWER_RELEASE") !== "1" || Deno.build.os === "windows",
  async fn(t) {
    const place = await Deno.makeTempDir({ prefix: "flower-release-test-" });
    await using witness = startWitness();
    try {
      const release = await buildRelease(join(place, "built"));
      const name = release.path.slice(join(place, "built").length + 1).replace(/\.tar\.gz$/, "");
      // A blank, and a link on the path: as on a player's machine.
      const unpacked = join(place, "my programs");
      const home = join(place, "home");
      for (const folder of [unpacked, home]) Deno.mkdirSync(folder);
      const env = { PATH: "/usr/bin:/bin", HOME: home, NO_COLOR: "1", ...witness.env };
      const root = join(unpacked, name);
      const flower = join(place, "flower");

      await t.step("one folder, with the sum that was printed and without what only tests use", async () => {
        const bytes = Deno.readFileSync(release.path);
        assert.equal(release.bytes, bytes.length);
        assert.equal(release.sha256, createHash("sha256").update(bytes).digest("hex"));
        const listed = await run("tar", ["-tzf", release.path], { PATH: env.PATH });
        const paths = listed.out.trim().split("\n");
        assert.deepEqual([...new Set(paths.map((path) => path.split("/")[0]))], [name]);
        const kept = [
          "flower",
          "deno",
          "face/main.ts",
          "brain/serve.ts",
          "assets/worlds/1_salt_marsh.yaml",
          "LICENSE",
        ];
        for (const path of kept) assert.ok(paths.includes(`${name}/${path}`), path);
        for (const unwanted of [/\/node-pty/, /\/@xterm/, /\/tests\//, /\.d\.ts$/, /\.map$/, /\/\.git/]) {
          assert.deepEqual(paths.filter((path) => unwanted.test(path)), []);
        }
        assert.equal((await run("tar", ["-xzf", release.path, "-C", unpacked], { PATH: env.PATH })).code, 0);
        Deno.symlinkSync(join(root, "flower"), flower);
      });

      await t.step("it is of the version that it is named after", async () => {
        const { code, out } = await run(flower, ["--version"], env);
        assert.deepEqual({ code, out }, { code: 0, out: `${/-(\d+\.\d+\.\d+)-/.exec(name)?.[1]}\n` });
      });

      await t.step("a line through a pipe gets its reply, from a sealed brain", async () => {
        const { code, out, err } = await run(
          flower,
          ["play", "--plain", "--world", "salt_marsh", "--character", "farrier"],
          env,
          "I open the door\n",
        );
        assert.deepEqual({ code, err }, { code: 0, err: "" });
        assert.ok(out.trim().length > 100, out);
        const log = Deno.readTextFileSync(join(home, ".local/share/flower-engine/logs/brain.log"));
        assert.match(log, /ready at ws:/);
        assert.doesNotMatch(log, / (warn|error) /);
      });

      await t.step("the screen is drawn, takes up that story and ends with its brain", async () => {
        await using face = startScreen(flower, ["play"], {
          executable: true,
          cwd: "/",
          env: { ...env, DENO_DIR: join(place, "nowhere") },
        });
        const beacon = join(home, ".local/share/flower-engine/brain.json");
        await face.shows(/Tab reread/);
        const pid = parseBrainFile(Deno.readTextFileSync(beacon))?.pid ?? 0;
        assert.ok(isRunning(pid));
        face.type("I wait for the tide.\r");
        await face.shows("› I wait for the tide.");
        await face.shows("Tab reread");
        face.type("/quit\r");
        assert.deepEqual(await face.ended, { code: 0, signal: 0 });
        await gone(pid);
        assert.match(face.emulator.text(), /flower play/);
      });

      await t.step("everything it wrote is in its folder and in the home", () => {
        assert.deepEqual([...Deno.readDirSync(place)].map((entry) => entry.name).sort(), [
          "built",
          "flower",
          "home",
          "my programs",
        ]);
        assert.deepEqual([...Deno.readDirSync(home)].map((entry) => entry.name), [".local"]);
        assert.deepEqual(witness.asked, []);
      });
    } finally {
      await Deno.remove(place, { recursive: true });
    }
  },
});
