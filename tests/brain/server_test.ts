/** Who is let in when the database that knows the tokens does not answer, and while the brain ends. */

import assert from "node:assert/strict";
import { Metrics } from "../../brain/metrics.ts";
import { listen } from "../../brain/server.ts";
import { StoreError } from "../../brain/store/store_error.ts";
import { fakeBrain } from "../support/brain_fakes.ts";
import { ask, UPGRADE } from "../support/raw_http.ts";

const OWN = "the-owner-token-0123456789";

Deno.test("a database that does not answer lets nobody in but the owner, and a brain that ends nobody at all", async () => {
  const fake = fakeBrain({ config: { host: "127.0.0.1", port: 0, token: OWN } });
  const server = listen(fake.brain, { metrics: new Metrics(() => 0), tls: null });
  try {
    const Host = new URL(server.url).host;
    const status = async (path: string, token: string, more: Record<string, string> = {}) =>
      (await ask(server.url, path, { Host, Authorization: `Bearer ${token}`, ...more })).status;
    fake.deps.db.get = () => {
      throw new StoreError("damaged", "planted in the store");
    };
    const elsewhere = { "X-Forwarded-For": "203.0.113.9" };
    assert.equal(await status("/ws/rpc", "token-of-nobody-0123456789", UPGRADE), 401);
    assert.equal(await status("/metrics", "token-of-nobody-0123456789", elsewhere), 401);
    assert.equal(await status("/readyz", OWN, elsewhere), 503);
    assert.match(
      fake.logs.join("\n"),
      /warn a token that cannot be looked up \(planted in the store\) from 127/,
    );
    assert.ok(!fake.logs.join("\n").includes("token-of-nobody"));
    server.drain();
    assert.equal(await status("/ws/rpc", OWN, UPGRADE), 503);
  } finally {
    await server.close(1001, "The end.");
    await fake.close();
  }
});
