/** What the front door makes of a home before the brain starts: rights of its files, the grace, what the log hides. */

import assert from "node:assert/strict";
import { removeBeacon, writeBeacon } from "../../brain/beacon.ts";
import { prepare, type PrepareOptions } from "../../brain/preparation.ts";
import { parseBrainFile } from "../../shared/home.ts";
import { CONFIG } from "../support/brain_fakes.ts";

async function withHome(run: (home: string, options: PrepareOptions) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flower-prepare-" });
  await Deno.mkdir(`${folder}/assets`);
  await Deno.writeTextFile(`${folder}/config.yaml`, "");
  try {
    await run(`${folder}/home`, {
      home: `${folder}/home`,
      config_path: `${folder}/config.yaml`,
      assets: `${folder}/assets`,
      host: "127.0.0.1",
      port: 0,
      with_parent: true,
      token_file: null,
      tls_cert: null,
      tls_key: null,
      trust_proxy: false,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;

Deno.test("a home that is made, its log and its address are for their owner alone", () =>
  withHome(async (home, options) => {
    const { log, config } = await prepare(options);
    log.close();
    assert.equal(modeOf(home), 0o700);
    assert.equal(modeOf(`${home}/logs`), 0o700);
    assert.equal(modeOf(`${home}/logs/brain.log`), 0o600);
    const token = "t".repeat(64);
    writeBeacon({ ...CONFIG, home: config.home, token }, "ws://127.0.0.1:1/ws/rpc", "0.1.0");
    assert.equal(modeOf(`${home}/brain.json`), 0o600);
    // Made beside its place and moved there: a face never reads half of it.
    assert.throws(() => Deno.statSync(`${home}/brain.json.new`), Deno.errors.NotFound);
    const beacon = parseBrainFile(Deno.readTextFileSync(`${home}/brain.json`));
    assert.deepEqual([beacon?.url, beacon?.pid, beacon?.token], ["ws://127.0.0.1:1/ws/rpc", Deno.pid, token]);
    removeBeacon({ ...CONFIG, home: config.home });
    assert.throws(() => Deno.statSync(`${home}/brain.json`), Deno.errors.NotFound);
  }));

Deno.test("a brain that runs by itself gives replies ten seconds to end; one that a face started ends with it", () =>
  withHome(async (_home, options) => {
    for (const [with_parent, grace_ms] of [[false, 10_000], [true, 0]] as const) {
      const { log, config } = await prepare({ ...options, with_parent });
      log.close();
      assert.equal(config.grace_ms, grace_ms);
    }
  }));

Deno.test("the log hides every key of the config and the brain's own token", () =>
  withHome(async (home, options) => {
    await Deno.writeTextFile(
      options.config_path!,
      "providers: [{name: mine, base_url: 'https://mine.example/v1', api_key: key-of-mine-1234}]\n",
    );
    const { log, config, keys } = await prepare(options);
    log.write(`sent ${keys.mine} and ${config.token}.`);
    log.close();
    assert.equal(config.token.length, 64);
    assert.equal(Deno.readTextFileSync(`${home}/logs/brain.log`), "sent [key] and [key].\n");
  }));

Deno.test("a log file is full at a mebibyte, and four older ones are kept", () =>
  withHome(async (home, options) => {
    const { log } = await prepare(options);
    const line = "x".repeat(64 * 1024 - 1);
    for (let i = 0; i < 16 * 6; i++) log.write(line);
    log.close();
    const sizes = [...Deno.readDirSync(`${home}/logs`)].map((
      { name },
    ) => [name, Deno.statSync(`${home}/logs/${name}`).size]);
    assert.deepEqual(
      sizes.sort(),
      ["brain.log", "brain.log.1", "brain.log.2", "brain.log.3", "brain.log.4"].map((
        name,
      ) => [name, 1024 * 1024]),
    );
  }));
