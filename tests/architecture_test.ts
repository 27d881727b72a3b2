/** The architecture is a test: who imports whom, who touches the world, which packages stand where. */

import assert from "node:assert/strict";
import { dirname, join, normalize, relative } from "node:path";

const ROOT = normalize(join(import.meta.dirname ?? ".", ".."));

interface Layer {
  name: string;
  /** Paths from the root: a file, or a folder that ends in "/". The first match wins. */
  owns: string[];
  /** Other layers it may import; itself and shared always. */
  may: string[];
  /** Files that touch Deno, fetch, the clock or chance; "all" for a wiring layer. */
  world: string[] | "all";
  packages: string[];
}

/** Bottom to top. Departures from the design's table: commands use the pure prompt layer to count tokens. */
const LAYERS: Layer[] = [
  { name: "shared", owns: ["shared/"], may: [], world: [], packages: [] },
  { name: "brain/yaml", owns: ["brain/yaml.ts"], may: [], world: [], packages: ["yaml"] },
  { name: "brain/seal", owns: ["brain/seal.ts"], may: ["brain/config"], world: [], packages: [] },
  {
    name: "brain/config",
    owns: [
      "brain/config.ts",
      "brain/config_settings.ts",
      "brain/config_checks.ts",
      "brain/config_providers.ts",
      "brain/config_vectors.ts",
      "brain/config_endpoints.ts",
      "brain/config_embeddings.ts",
    ],
    may: ["brain/yaml"],
    world: [],
    packages: [],
  },
  {
    name: "brain/llm",
    owns: ["brain/llm/"],
    may: ["brain/config"],
    world: ["brain/llm/openai_chat.ts", "brain/llm/catalogue.ts"],
    packages: ["openai"],
  },
  { name: "brain/store", owns: ["brain/store/"], may: [], world: ["brain/store/database.ts"], packages: [] },
  {
    name: "brain/prompt",
    owns: ["brain/prompt/"],
    may: ["brain/llm", "brain/memory"],
    world: [],
    packages: ["gpt-tokenizer"],
  },
  {
    name: "brain/memory",
    owns: ["brain/memory/"],
    may: ["brain/llm", "brain/store"],
    world: ["brain/memory/embedder.ts", "brain/memory/recall.ts", "brain/memory/worker.ts"],
    packages: ["chromadb"],
  },
  {
    name: "brain/library",
    owns: ["brain/library/"],
    may: ["brain/store", "brain/yaml"],
    world: [
      "brain/library/assets.ts",
      "brain/library/lore_folder.ts",
      "brain/library/shelf.ts",
      "brain/library/watch.ts",
    ],
    packages: [],
  },
  { name: "brain/export", owns: ["brain/export/"], may: ["brain/store"], world: [], packages: [] },
  {
    name: "brain/deps",
    owns: ["brain/deps.ts"],
    may: ["brain/config", "brain/library", "brain/llm", "brain/memory", "brain/store"],
    world: [],
    packages: [],
  },
  {
    name: "brain/commands",
    owns: ["brain/commands/"],
    may: [
      "brain/deps",
      "brain/export",
      "brain/library",
      "brain/llm",
      "brain/memory",
      "brain/prompt",
      "brain/store",
    ],
    world: [],
    packages: [],
  },
  {
    name: "brain/turn",
    owns: [
      "brain/turn.ts",
      "brain/request.ts",
      "brain/reply.ts",
      "brain/upkeep.ts",
      "brain/open_turn.ts",
      "brain/close_turn.ts",
      "brain/events.ts",
    ],
    may: ["brain/deps", "brain/llm", "brain/memory", "brain/prompt", "brain/store"],
    world: [],
    packages: [],
  },
  {
    name: "brain/brain",
    owns: [
      "brain/brain.ts",
      "brain/limits.ts",
      "brain/metrics.ts",
      "brain/sync.ts",
      "brain/audience.ts",
      "brain/stage.ts",
      "brain/price_questions.ts",
      "brain/running_turns.ts",
      "brain/tending.ts",
      "brain/works.ts",
      "brain/gate.ts",
    ],
    may: ["brain/commands", "brain/config", "brain/deps", "brain/llm", "brain/store", "brain/turn"],
    world: [],
    packages: [],
  },
  // The compiled program is both sides in one file.
  {
    name: "binary",
    owns: ["brain/binary.ts"],
    may: ["brain/wiring", "face/wiring"],
    world: "all",
    packages: [],
  },
  {
    name: "brain/wiring",
    owns: ["brain/server.ts", "brain/serve.ts", "brain/main.ts", "brain/"],
    may: [
      "brain/brain",
      "brain/config",
      "brain/deps",
      "brain/export",
      "brain/library",
      "brain/llm",
      "brain/memory",
      "brain/prompt",
      "brain/seal",
      "brain/store",
      "brain/turn",
      "brain/yaml",
    ],
    world: "all",
    packages: ["@commander-js/extra-typings", "commander"],
  },
  {
    name: "face/term",
    owns: ["face/term/"],
    may: [],
    world: ["face/term/terminal.ts", "face/term/lifecycle.ts", "face/term/writer.ts"],
    packages: ["get-east-asian-width"],
  },
  {
    name: "face/text",
    owns: ["face/text/", "face/key_rows.ts", "face/keymap.ts", "face/theme.ts"],
    may: ["face/term"],
    world: [],
    packages: [],
  },
  { name: "face/widgets", owns: ["face/widgets/"], may: ["face/term", "face/text"], world: [], packages: [] },
  {
    name: "face/wiring",
    owns: [
      "face/runtime.ts",
      "face/brain_link.ts",
      "face/dev.ts",
      "face/launch.ts",
      "face/main.ts",
      "face/plain.ts",
      "face/play.ts",
      "face/wiring/",
    ],
    may: ["face/app", "face/term", "face/text", "face/view", "face/widgets"],
    world: "all",
    packages: ["@bomb.sh/tab", "@commander-js/extra-typings", "commander"],
  },
  {
    name: "face/view",
    owns: ["face/view.ts", "face/panels.ts", "face/view/"],
    may: ["face/app", "face/term", "face/text", "face/widgets"],
    world: [],
    packages: [],
  },
  {
    name: "face/app",
    owns: ["face/"],
    may: ["face/term", "face/text", "face/widgets"],
    world: [],
    packages: [],
  },
];

interface Source {
  path: string;
  text: string;
  /** Without comments and strings: what the code does, not what it says. */
  code: string;
  imports: string[];
}

function sources(): Source[] {
  const found: Source[] = [];
  const walk = (folder: string) => {
    for (const entry of Deno.readDirSync(folder)) {
      const path = join(folder, entry.name);
      // It has a deno.json, and packages, of its own.
      if (entry.isDirectory && relative(ROOT, path) === "brain/embedder") continue;
      if (entry.isDirectory) walk(path);
      else if (entry.name.endsWith(".ts")) {
        const text = Deno.readTextFileSync(path);
        const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
        const imports = [...code.matchAll(/(?<!")\b(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) =>
          match[1]
        );
        const bare = code.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
        found.push({ path: relative(ROOT, path), text, code: bare, imports });
      }
    }
  };
  for (const top of ["shared", "brain", "face"]) walk(join(ROOT, top));
  return found;
}

function layerOf(path: string): Layer {
  for (const layer of LAYERS) if (layer.owns.some((own) => own === path)) return layer;
  const folder = LAYERS.find((layer) =>
    layer.owns.some((own) => own.endsWith("/") && own.split("/").length > 2 && path.startsWith(own))
  );
  const layer = folder ??
    LAYERS.find((layer) => layer.owns.some((own) => own.endsWith("/") && path.startsWith(own)));
  assert.ok(layer, `${path} belongs to no layer`);
  return layer;
}

Deno.test("every file imports only its own layer, shared, and the layers it may", () => {
  const wrong: string[] = [];
  for (const { path, imports } of sources()) {
    const layer = layerOf(path);
    for (const name of imports.filter((name) => name.startsWith("."))) {
      const target = relative(ROOT, normalize(join(ROOT, dirname(path), name)));
      if (target === "deno.json" && layer.world === "all") continue;
      if (target.startsWith("assets/") && layer.world === "all") continue;
      const other = layerOf(target).name;
      if (other !== layer.name && other !== "shared" && !layer.may.includes(other)) {
        wrong.push(`${path} (${layer.name}) imports ${target} (${other})`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("brain and face never meet", () => {
  for (const { path, imports } of sources()) {
    if (layerOf(path).name === "binary") continue;
    const other = path.startsWith("brain/") ? "/face/" : path.startsWith("face/") ? "/brain/" : "/nowhere/";
    assert.deepEqual(imports.filter((name) => name.includes(other)), [], path);
  }
});

Deno.test("packages are imported through the import map, and only where they belong", () => {
  const wrong: string[] = [];
  for (const { path, imports } of sources()) {
    const layer = layerOf(path);
    for (const name of imports.filter((name) => !name.startsWith(".") && !name.startsWith("node:"))) {
      if (!layer.packages.some((allowed) => name === allowed || name.startsWith(`${allowed}/`))) {
        wrong.push(`${path}: ${name}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("only the files that may touch the world do", () => {
  // The clock, chance, the system and the network: everything a pure file gets as an argument.
  const touch =
    /\bDeno\.|\bfetch\(|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bcrypto\.|\bperformance\.now\(|\bnew WebSocket\(|\bnew Worker\(/;
  const wrong: string[] = [];
  for (const { path, code } of sources()) {
    const { world } = layerOf(path);
    if (world === "all" || world.includes(path)) continue;
    const match = touch.exec(code);
    if (match) wrong.push(`${path}: ${match[0]}`);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("no escape codes outside face/term", () => {
  for (const { path, text } of sources()) {
    if (path.startsWith("face/term/") || path === "face/text/sanitize.ts") continue;
    assert.ok(!/\\x1b|\\u001b|\\e\[/.test(text), path);
  }
});

Deno.test("no any, no default exports, no unfinished marks, every file says what it is for", () => {
  const wrong: string[] = [];
  for (const { path, text, code } of sources()) {
    if (/: any\b|<any>|\bas any\b/.test(code)) wrong.push(`${path}: any`);
    // In comments, which `code` has none of; what is passed over for a reason says it.
    if (/@ts-(ignore|expect-error|nocheck)|deno-lint-ignore(?!.* -- \S)/.test(text)) {
      wrong.push(`${path}: ignore`);
    }
    if (/^export default/m.test(code)) wrong.push(`${path}: default export`);
    if (/\b(TODO|FIXME|XXX|HACK)\b/.test(text)) wrong.push(`${path}: unfinished`);
    if (!/^(\/\*\*|\/\/) /.test(text) && !text.startsWith("/**\n")) {
      wrong.push(`${path}: does not open with what it is for`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("the top level is what the user fixed", () => {
  const extra = new Deno.Command("git", { args: ["ls-files"], cwd: ROOT }).outputSync();
  const tops = new Set(
    new TextDecoder().decode(extra.stdout).split("\n").filter(Boolean).map((path) => path.split("/")[0]),
  );
  const allowed = [
    "deno.json",
    "deno.lock",
    "README.md",
    "LICENSE",
    ".gitignore",
    ".ci",
    "brain",
    "face",
    "shared",
    "assets",
    "tests",
  ];
  assert.deepEqual([...tops].filter((top) => !allowed.includes(top)), []);
});
