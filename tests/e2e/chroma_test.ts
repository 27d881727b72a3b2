// A brain with a Chroma server and an endpoint for embeddings, each a real process: filled, missed, caught up, emptied.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";
import { chromaIndex } from "../../brain/memory/chroma.ts";
import { hashingEmbedder } from "../../brain/memory/embedder.ts";
import type { UnitKind } from "../../brain/memory/vectors.ts";
import { chromaProgram, startChroma } from "../support/chroma.ts";
import { until } from "../support/processes.ts";
import { configFor, openStage, type Stage } from "./stage.ts";

const MODEL = "hashing";
const SECRET = "quicksilver astrolabe";

/** A server that speaks OpenAI's embeddings. */
function embeddingsServer(): Deno.HttpServer<Deno.NetAddr> {
  const embedder = hashingEmbedder(64);
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { input } = await request.json() as { input: string[] };
    const vectors = await embedder.embed(input);
    return Response.json({ data: vectors.map((vector, index) => ({ index, embedding: [...vector] })) });
  });
}

function recorded(stage: Stage): { store: string; ids: Record<UnitKind, number[]> } {
  const db = new DatabaseSync(join(stage.home, "engine.db"), { readOnly: true });
  try {
    const ids = (table: string) =>
      db.prepare(`SELECT id FROM ${table} ORDER BY id`).all().map((row) => Number(row.id));
    const { name } = db.prepare("SELECT name FROM store_name").get() as { name: string };
    return { store: name, ids: { lore: ids("lore_units"), memory: ids("memory_units") } };
  } finally {
    db.close();
  }
}

async function filesWith(folder: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) found.push(...await filesWith(path, text));
    else if (isFile && new TextDecoder("latin1").decode(await Deno.readFile(path)).includes(text)) {
      found.push(path);
    }
  }
  return found;
}

Deno.test({
  name:
    "a brain fills its Chroma server, plays on without it, and takes a deleted story off it when it is back",
  ignore: chromaProgram() === null,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "flower-chroma-" });
    const endpoint = embeddingsServer();
    let server = await startChroma(folder);
    const { url, port } = server;
    try {
      await using stage = await openStage({
        config: configFor(
          null,
          [
            `embeddings: {engine: endpoint, url: "http://127.0.0.1:${endpoint.addr.port}/v1", model: ${MODEL}}`,
            `vectors: {engine: chroma, url: "${url}"}`,
          ].join("\n"),
        ),
      });
      const inStep = async (kind: UnitKind) => {
        const { store, ids } = recorded(stage);
        const plain = { tenant: "default_tenant", database: "default_database", token: "" };
        const index = chromaIndex({ ...plain, url, store, model: MODEL });
        try {
          const there = [...(await index.list(kind)).keys()].sort((a, b) => a - b);
          return JSON.stringify(there) === JSON.stringify(ids[kind]);
        } finally {
          index.close();
        }
      };
      await using face = await stage.face();
      const session = await face.begin();
      await face.turn(`I hide the ${SECRET} under the floor.`);
      await face.turn("I wait.");
      await until(
        async () => await inStep("memory") && await inStep("lore"),
        "the server holds everything",
      );
      const { ids } = recorded(stage);
      assert.ok(ids.memory.length >= 4 && ids.lore.length > 20, JSON.stringify(ids));
      assert.deepEqual(await filesWith(folder, "astrolabe"), []);

      const from = face.events.length;
      await server.stop();
      await face.turn("Where is the astrolabe?");
      const told = await face.next("system_update", from, ({ content }) => content.includes("Chroma"));
      assert.equal(
        told.content,
        `✗ Chroma: 127.0.0.1:${port} cannot be reached. Memory goes on with the vectors in the database.`,
      );
      await using late = await stage.face();
      await late.next("system_update", 0, ({ content }) => content === told.content);
      await face.command("/session new");
      await face.command(`/session delete ${session}`);
      await face.turn("Fog again.");
      assert.equal(face.events.filter(({ content }) => content.includes("Chroma:")).length, 1);

      const mark = face.events.length;
      server = await startChroma(folder, port);
      await face.turn("I listen.");
      await face.next(
        "system_update",
        mark,
        ({ content }) => content === "✓ Chroma answers again and is up to date.",
        "the word that it is back",
        120_000,
      );
      await until(() => inStep("memory"), "the deleted story is off the server");
      const left = recorded(stage).ids.memory;
      assert.ok(left.length > 0 && left.every((id) => !ids.memory.includes(id)));
    } finally {
      await server.stop();
      await endpoint.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
