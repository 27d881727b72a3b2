/**
 * A sample of the evaluation (the two shortest dialogues and books of the data set) against the README's figures, for CI.
 * Needs FLOWER_EVAL_SAMPLE, a data set in ${FLOWER_EVAL_DATA}, else in ../shared/eval, for some arms the weights and for
 * one a Chroma server. What is missing stands in the name of the test that is skipped.
 */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { chromaIndex } from "../../brain/memory/chroma.ts";
import { level } from "../../brain/memory/vector_level.ts";
import { chromaProgram, startChroma } from "../support/chroma.ts";
import { ROOT } from "../support/processes.ts";
import { realModels } from "../support/weights.ts";
import { type ArmReport, evaluate } from "./memory.ts";
import { readData, shortest } from "./memory/data.ts";
import { realEmbedder, remembering } from "./memory/embedding.ts";
import { figuresOf, readMarkdown } from "./memory/tables.ts";

const TITLE = "The sample that `.ci/run` measures";
/** No figure may be lower than recorded by more points. */
const SLACK = 1;

const folder = Deno.env.get("FLOWER_EVAL_DATA") || join(ROOT, "..", "shared", "eval");
const wanted = Deno.env.get("FLOWER_EVAL_SAMPLE") ? "" : "FLOWER_EVAL_SAMPLE is not set";
const lacks = {
  data: wanted || (isFolder(folder) ? "" : `no data in ${folder}`),
  weights: realModels() === null ? "no weights" : "",
  chroma: chromaProgram() === null ? "no Chroma server" : "",
};

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** A test that is skipped for the first reason that is not empty, and says so. */
function test(name: string, reasons: string[], fn: () => Promise<void>): void {
  const reason = reasons.find((reason) => reason !== "");
  Deno.test({ name: reason ? `${name} (${reason})` : name, ignore: reason !== undefined, fn });
}

async function compare(reports: Record<string, ArmReport>): Promise<void> {
  const recorded = readMarkdown(await Deno.readTextFile(join(ROOT, "README.md")), TITLE);
  for (const [name, report] of Object.entries(reports)) {
    assert.ok(!("skipped" in report), name);
    const before = recorded.get(name);
    assert.ok(before, `the README has no figures of ${name}`);
    figuresOf(report).forEach((figure, i) => {
      if (before[i] === null) return;
      assert.ok(
        figure !== null && figure >= before[i] - SLACK,
        `${name}: ${figuresOf(report)} after ${before}`,
      );
    });
  }
}

test("a sample of the evaluation by words finds what the README says", [lacks.data], async () => {
  const options = { embedder: null, no_vectors: "", probes: false };
  await compare(
    await evaluate(shortest(await readData(folder), 2), { ...options, arms: ["fts", "structure"] }),
  );
});

test(
  "the same with real weights: vectors, facts, and the original's way",
  [lacks.data, lacks.weights],
  async () => {
    const real = realEmbedder()!;
    try {
      const data = shortest(await readData(folder), 2);
      const embedder = remembering(real.embedder);
      const arms = ["seed", "vectors", "facts"] as const;
      await compare(await evaluate(data, { arms, embedder, no_vectors: "", probes: false }));
    } finally {
      await real.end();
    }
  },
);

test("the same through a real Chroma server", [lacks.data, lacks.weights, lacks.chroma], async () => {
  const real = realEmbedder()!;
  const chroma_folder = await Deno.makeTempDir({ prefix: "flower-chroma-" });
  const server = await startChroma(chroma_folder);
  const place = {
    url: server.url,
    tenant: "default_tenant",
    database: "default_database",
    token: "",
    store: "sample",
  };
  const index = chromaIndex({ ...place, model: real.embedder.model }, { near_ms: 10_000 });
  try {
    const data = shortest(await readData(folder), 1);
    const through = await evaluate(data, {
      arms: ["vectors"],
      embedder: remembering(real.embedder),
      no_vectors: "",
      probes: false,
      async elsewhere(db, model) {
        for (const kind of ["lore", "memory"] as const) {
          await level(db, index, kind, await index.list(kind), model);
        }
        return index;
      },
    });
    const embedded = await evaluate(data, {
      arms: ["vectors"],
      embedder: real.embedder,
      no_vectors: "",
      probes: false,
    });
    const [found, exact] = [through, embedded].map(({ vectors }) => {
      assert.ok(vectors !== undefined && !("skipped" in vectors));
      return figuresOf(vectors);
    });
    // Its search is nearly exact.
    found.forEach((figure, i) =>
      assert.ok(Math.abs(figure! - exact[i]!) <= SLACK, `${found} after ${exact}`)
    );
  } finally {
    index.close();
    await server.stop();
    await real.end();
    await Deno.remove(chroma_folder, { recursive: true });
  }
});
