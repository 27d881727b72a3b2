/** Memory by meaning through an endpoint, wired into a real brain: what is told has its vector while one plays on. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";
import { hashingEmbedder } from "../../brain/memory/embedder.ts";
import { until } from "../support/processes.ts";
import { configFor, openStage } from "./stage.ts";

Deno.test("what is told while the brain runs gets its vectors, and is not left for the next start", async () => {
  const embedder = hashingEmbedder(64);
  const endpoint = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { input } = await request.json() as { input: string[] };
    const vectors = await embedder.embed(input);
    return Response.json({ data: vectors.map((vector, index) => ({ index, embedding: [...vector] })) });
  });
  try {
    const url = `http://127.0.0.1:${endpoint.addr.port}/v1`;
    await using stage = await openStage({
      config: configFor(null, `embeddings: {engine: endpoint, url: "${url}", model: hashing}`),
    });
    const without = () => {
      const db = new DatabaseSync(join(stage.home, "engine.db"), { readOnly: true });
      const { units, bare } = db.prepare(
        `SELECT count(*) AS units, coalesce(sum(hash NOT IN (SELECT hash FROM vectors)), 0) AS bare FROM
           (SELECT hash FROM memory_units UNION ALL SELECT hash FROM lore_units)`,
      ).get() as { units: number; bare: number };
      db.close();
      return { units, bare };
    };
    await until(() => without().units > 20 && without().bare === 0, "the vectors of the lore", 30_000);
    await using face = await stage.face();
    await face.begin();
    const before = without().units;
    const { message } = await face.turn("I hide the astrolabe under the floor.");
    await until(() => without().units > before && without().bare === 0, "those of the turn", 30_000);
    assert.equal(message.status, "complete");
  } finally {
    await endpoint.shutdown();
  }
});
