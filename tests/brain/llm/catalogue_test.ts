import assert from "node:assert/strict";
import type { Config, Keys } from "../../../brain/config.ts";
import { type Catalogue, type CatalogueOptions, openCatalogue } from "../../../brain/llm/catalogue.ts";
import type { Model } from "../../../shared/story.ts";
import { configWith, ENTRIES } from "../../support/llm_config.ts";
import { type SseServer, startSseServer } from "../../support/sse_server.ts";

const NARRATOR: Model = {
  id: "demo/narrator",
  name: "The built-in narrator",
  provider: "demo",
  local: true,
  context: null,
  max_output: null,
  prompt_price: 0,
  completion_price: 0,
};
const DAY_MS = 24 * 3600 * 1000;

interface Bench {
  home: string;
  /** Servers by name; stopped and removed with the bench. */
  servers: Record<string, SseServer>;
  open(config: Partial<Config>, options?: Partial<CatalogueOptions> & { keys?: Keys }): Catalogue;
  problems: string[];
}

async function withBench(names: string[], run: (bench: Bench) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  const servers = Object.fromEntries(names.map((name) => [name, startSseServer()]));
  const opened: Catalogue[] = [];
  const problems: string[] = [];
  try {
    await run({
      home,
      servers,
      problems,
      open(config, { keys = {}, ...options } = {}) {
        const catalogue = openCatalogue(configWith({ home, ...config }), keys, {
          narrator: NARRATOR,
          prices: {},
          now: () => 1000,
          local_timeout_ms: 20_000,
          problem: (text) => void problems.push(text),
          ...options,
        });
        opened.push(catalogue);
        return catalogue;
      },
    });
  } finally {
    for (const catalogue of opened) catalogue.close();
    for (const server of Object.values(servers)) await server.close();
    await Deno.remove(home, { recursive: true });
  }
}

function list(...ids: (string | Record<string, unknown>)[]): unknown {
  return { object: "list", data: ids.map((id) => typeof id === "string" ? { id } : id) };
}

function idsOf(catalogue: Catalogue): string[] {
  return catalogue.models().map(({ id }) => id);
}

/** Looks like a vendor far away: the host's name is one, the bytes go to a server here. */
function tunnel(
  servers: Record<string, SseServer>,
): { fetch: typeof fetch; asked: string[]; keys: (string | null)[] } {
  const asked: string[] = [];
  const keys: (string | null)[] = [];
  return {
    asked,
    keys,
    fetch: (input, init) => {
      const url = new URL(String(input));
      asked.push(url.href);
      keys.push(new Headers(init?.headers).get("authorization"));
      const server = servers[url.hostname];
      if (!server) return Promise.reject(new TypeError(`no route to ${url.hostname}`));
      return fetch(
        `http://127.0.0.1:${server.port}${url.pathname.replace(/^.*\/models/, "/v1/models")}${url.search}`,
        init,
      );
    },
  };
}

Deno.test("lists come from all providers, local servers are believed only in the right shape", () =>
  withBench(["main", "ollama", "lmstudio", "llamacpp"], async ({ servers, open, problems }) => {
    servers.main.route("/v1/models", list("story", { id: "text-embedding-3" }, "gpt-x"));
    servers.ollama.route("/v1/models", list("llama3.2:latest"));
    servers.lmstudio.route("/v1/models", { hello: "I am somebody's web server" });
    servers.llamacpp.route("/v1/models", "<html>hello</html>");
    const catalogue = open({
      main_provider: "main",
      providers: [{ name: "main", base_url: servers.main.base_url, quirks: {} }],
      local_servers: ["ollama", "lmstudio", "llamacpp"].map((name) => ({
        name,
        base_url: servers[name].base_url,
      })),
    });
    assert.deepEqual(idsOf(catalogue), ["demo/narrator"], "nothing is waited for");
    let changes = 0;
    catalogue.onChange(() => void changes++);
    await catalogue.ready;
    assert.deepEqual(idsOf(catalogue), ["demo/narrator", "story", "gpt-x", "ollama/llama3.2:latest"]);
    assert.ok(changes >= 1 && changes <= 2, `${changes} changes`);
    assert.deepEqual(catalogue.listed().map(({ vendor_id }) => vendor_id), [
      "story",
      "gpt-x",
      "llama3.2:latest",
    ]);
    assert.deepEqual(problems, []);
  }));

Deno.test("a local server that does not answer within 300 ms is none, and none waits for another", () =>
  withBench(["slow", "slower"], async ({ servers, open }) => {
    servers.slow.route("/v1/models", list("m"), { delay_ms: 60_000 });
    servers.slower.route("/v1/models", list("m"), { delay_ms: 60_000 });
    let asked = 0;
    let most = 0;
    const counting: typeof fetch = async (...given) => {
      most = Math.max(most, ++asked);
      return await fetch(...given).finally(() => asked--);
    };
    const started = performance.now();
    const catalogue = open({
      local_servers: ["slow", "slower"].map((name) => ({ name, base_url: servers[name].base_url })),
    }, { fetch: counting, local_timeout_ms: undefined });
    await catalogue.ready;
    const spent_ms = performance.now() - started;
    assert.deepEqual(idsOf(catalogue), ["demo/narrator"]);
    assert.equal(most, 2);
    // A local server that is not probed for has 10 s.
    assert.ok(spent_ms >= 290 && spent_ms < 9_500, `${spent_ms} ms`);
  }));

Deno.test("our own port is not asked", () =>
  withBench(["own"], async ({ servers, open }) => {
    const local_servers = [{ name: "llamacpp", base_url: servers.own.base_url }];
    const catalogue = open({ local_servers }, { own_port: servers.own.port });
    await catalogue.ready;
    assert.equal(servers.own.requests.length, 0);
    await open({ local_servers, port: servers.own.port }).ready;
    assert.equal(servers.own.requests.length, 0);
    await open({ local_servers }, { own_port: servers.own.port + 1 }).ready;
    assert.equal(servers.own.requests.length, 1);
    // The same port of another machine is nobody's own.
    const { fetch, asked } = tunnel({});
    const providers = [{ name: "far", base_url: "https://models.example:8000/v1", quirks: {} }];
    await open({ providers }, { fetch, own_port: 8000 }).ready;
    assert.deepEqual(asked, ["https://models.example:8000/v1/models"]);
  }));

Deno.test("a vendor is asked only with its own key, and offers nothing without one", () =>
  withBench(["groq", "openrouter"], async ({ servers, open }) => {
    servers.groq.route("/v1/models", list("llama-x"));
    const { fetch, asked, keys } = tunnel({
      "api.groq.com": servers.groq,
      "openrouter.ai": servers.openrouter,
    });
    const catalogue = open({ providers: ENTRIES }, { fetch, keys: { groq: "gsk-1" } });
    await catalogue.ready;
    assert.deepEqual(asked, ["https://api.groq.com/openai/v1/models"]);
    assert.deepEqual(keys, ["Bearer gsk-1"]);
    assert.deepEqual(idsOf(catalogue), ["demo/narrator", "groq/llama-x"]);
  }));

Deno.test("a list that fails costs only itself, and says why without a key", () =>
  withBench(["groq"], async ({ servers, open, problems }) => {
    servers.groq.route("/v1/models", { error: "no" }, { status: 500 });
    const { fetch } = tunnel({ "api.groq.com": servers.groq });
    const catalogue = open({ providers: ENTRIES }, {
      fetch,
      keys: { groq: "gsk-secret", deepseek: "sk-secret" },
    });
    await catalogue.ready;
    assert.deepEqual(idsOf(catalogue), ["demo/narrator"]);
    assert.deepEqual(problems, [
      "The model list of DeepSeek could not be fetched: no route to api.deepseek.com",
      "The model list of Groq could not be fetched: status 500",
    ]);
  }));

Deno.test("a list in pages is read to its end, but a page on another host is not asked", () =>
  withBench(["openrouter"], async ({ servers, open }) => {
    const { fetch, asked } = tunnel({ "openrouter.ai": servers.openrouter });
    servers.openrouter.route("/v1/models", {
      data: [{ id: "a" }],
      links: { next: "https://openrouter.ai/api/v1/models/more?offset=1" },
    });
    const through: typeof globalThis.fetch = async (input, init) => {
      if (!String(input).includes("offset")) return await fetch(input, init);
      asked.push(String(input));
      return Response.json({
        data: [{ id: "b" }, { id: "a" }],
        links: { next: "https://thief.example/models" },
      });
    };
    const catalogue = open({ providers: ENTRIES }, { fetch: through, keys: { openrouter: "k" } });
    await catalogue.ready;
    assert.deepEqual(idsOf(catalogue), ["demo/narrator", "a", "b"]);
    assert.deepEqual(asked, [
      "https://openrouter.ai/api/v1/models",
      "https://openrouter.ai/api/v1/models/more?offset=1",
    ]);
  }));

Deno.test("lists are kept for a day on disk; a refresh asks anyway; a damaged cache is none", () =>
  withBench(["groq"], async ({ home, servers, open }) => {
    servers.groq.route("/v1/models", list("old"));
    const { fetch, asked } = tunnel({ "api.groq.com": servers.groq });
    const start = async (now_ms: number) => {
      const catalogue = open({ providers: ENTRIES }, { fetch, keys: { groq: "k" }, now: () => now_ms });
      await catalogue.ready;
      return catalogue;
    };
    await start(DAY_MS);
    assert.deepEqual(Array.from(Deno.readDirSync(home), ({ name }) => name), ["models-cache.json"]);
    servers.groq.route("/v1/models", list("new"));
    const later = await start(2 * DAY_MS - 1);
    assert.deepEqual(idsOf(later), ["demo/narrator", "groq/old"]);
    assert.equal(asked.length, 1);
    await later.refresh();
    assert.deepEqual(idsOf(later), ["demo/narrator", "groq/new"]);
    assert.equal(asked.length, 2);
    await start(3 * DAY_MS - 1);
    assert.equal(asked.length, 3, "a whole day old");
    await start(DAY_MS);
    assert.equal(asked.length, 4, "from a clock that was set back");
    await Deno.writeTextFile(`${home}/models-cache.json`, '{"version":1,"lists":[{');
    assert.deepEqual(idsOf(await start(DAY_MS)), ["demo/narrator", "groq/new"]);
    assert.equal(asked.length, 5);
  }));

Deno.test("two faces that refresh at once keep one whole list, and nothing goes wrong", () =>
  withBench(["groq"], async ({ home, servers, open, problems }) => {
    servers.groq.route("/v1/models", list("one"));
    const { fetch } = tunnel({ "api.groq.com": servers.groq });
    const catalogue = open({ providers: ENTRIES }, { fetch, keys: { groq: "k" } });
    await catalogue.ready;
    await Promise.all(Array.from({ length: 8 }, () => catalogue.refresh()));
    assert.deepEqual(problems, []);
    assert.match(await Deno.readTextFile(`${home}/models-cache.json`), /"one"/);
  }));

Deno.test("an old list serves where the network does not, a list without its key or of another address does not", () =>
  withBench(["groq"], async ({ servers, open }) => {
    servers.groq.route("/v1/models", list("old"));
    const { fetch } = tunnel({ "api.groq.com": servers.groq });
    await open({ providers: ENTRIES }, { fetch, keys: { groq: "k" } }).ready;
    const nowhere = tunnel({}).fetch;
    const offline = open({ providers: ENTRIES }, {
      fetch: nowhere,
      keys: { groq: "k" },
      now: () => 9 * DAY_MS,
    });
    await offline.ready;
    assert.deepEqual(idsOf(offline), ["demo/narrator", "groq/old"]);
    const keyless = open({ providers: ENTRIES }, { fetch: nowhere });
    await keyless.ready;
    assert.deepEqual(idsOf(keyless), ["demo/narrator"], "the list of a key that is there no more");
    const moved = ENTRIES.map((entry) => ({ ...entry, base_url: `${entry.base_url}/moved` }));
    const elsewhere = open({ providers: moved }, { fetch: nowhere, keys: { groq: "k" } });
    await elsewhere.ready;
    assert.deepEqual(idsOf(elsewhere), ["demo/narrator"], "the list of another address");
  }));

Deno.test("local servers are asked at every start and leave the list when they are gone", () =>
  withBench(["ollama"], async ({ home, servers, open }) => {
    servers.ollama.route("/v1/models", list("m"));
    const local_servers = [{ name: "ollama", base_url: servers.ollama.base_url }];
    const catalogue = open({ local_servers });
    await catalogue.ready;
    assert.deepEqual(idsOf(catalogue), ["demo/narrator", "ollama/m"]);
    await assert.rejects(Deno.stat(`${home}/models-cache.json`), "local lists are not kept");
    await servers.ollama.close();
    await catalogue.refresh();
    assert.deepEqual(idsOf(catalogue), ["demo/narrator"]);
  }));

Deno.test("local servers are shown while the vendors' lists are still on their way, and are not kept beside them", () =>
  withBench([], async ({ home, open }) => {
    const gate = Promise.withResolvers<void>();
    // No network, so that no pause of the machine counts against the 300 ms of a local server.
    const far = async (url: string) => {
      await gate.promise;
      return Response.json(list(url.includes("groq") ? "g" : "other"));
    };
    const catalogue = open({
      providers: ENTRIES,
      local_servers: [{ name: "ollama", base_url: "http://127.0.0.1:11434/v1" }],
    }, {
      keys: { groq: "k" },
      fetch: (input) =>
        String(input).startsWith("https") ? far(String(input)) : Promise.resolve(Response.json(list("m"))),
    });
    await new Promise<void>((shown) => catalogue.onChange(shown));
    assert.deepEqual(idsOf(catalogue), ["demo/narrator", "ollama/m"]);
    gate.resolve();
    await catalogue.ready;
    assert.deepEqual(idsOf(catalogue), ["demo/narrator", "groq/g", "ollama/m"]);
    const { lists } = JSON.parse(await Deno.readTextFile(`${home}/models-cache.json`));
    assert.deepEqual(lists.map(({ name }: { name: string }) => name), ["groq"]);
  }));

Deno.test("a home that cannot be written costs a sentence in the log", () =>
  withBench(["groq"], async ({ home, servers, open, problems }) => {
    await Deno.writeTextFile(`${home}/file`, "");
    const { fetch } = tunnel({ "api.groq.com": servers.groq });
    servers.groq.route("/v1/models", list("m"));
    const catalogue = open({ home: `${home}/file`, providers: ENTRIES }, { fetch, keys: { groq: "k" } });
    await catalogue.ready;
    assert.deepEqual(idsOf(catalogue), ["demo/narrator", "groq/m"]);
    assert.equal(problems.length, 1);
    assert.match(problems[0], /could not be kept in .*models-cache\.json/);
  }));

Deno.test("supported_models and the default are all there is, in any form of their ids, listed or not", () =>
  withBench(["groq"], async ({ servers, open }) => {
    const { fetch } = tunnel({ "api.groq.com": servers.groq });
    servers.groq.route("/v1/models", list({ id: "llama-x", context_window: 9000 }, "other"));
    const catalogue = open({
      providers: ENTRIES,
      default_model: "in/no-list",
      supported_models: ["llama-x", "deepseek-chat", "in/no-list"],
    }, { fetch, keys: { groq: "k" } });
    assert.deepEqual(idsOf(catalogue), ["in/no-list", "llama-x", "deepseek-chat"]);
    await catalogue.ready;
    assert.deepEqual(catalogue.models().map(({ id, provider, context }) => [id, provider, context]), [
      ["in/no-list", "openrouter", null],
      ["groq/llama-x", "groq", 9000],
      ["deepseek-chat", "openrouter", null],
    ]);
    assert.deepEqual(catalogue.listed().map(({ id }) => id), ["groq/llama-x", "groq/other"]);
  }));

Deno.test("a price is the vendor's, else the config's, else the shipped one, else nothing on this machine", () =>
  withBench(["groq", "openrouter", "lan"], async ({ servers, open }) => {
    const { fetch } = tunnel({
      "api.groq.com": servers.groq,
      "openrouter.ai": servers.openrouter,
      "127.0.0.1": servers.lan,
    });
    servers.groq.route("/v1/models", list("shipped", "configured", "short", "unknown"));
    servers.openrouter.route(
      "/v1/models",
      list(
        {
          id: "told",
          pricing: { prompt: "0.000001", completion: "0.000002", input_cache_read: "0.0000005" },
        },
        { id: "minus", pricing: { prompt: "-1", completion: "-1" } },
      ),
    );
    servers.lan.route("/v1/models", list("free", "metered"));
    const priced = (prompt: number) => ({ prompt, completion: prompt, cached: null });
    const catalogue = open({
      providers: [...ENTRIES, { name: "lan", base_url: "http://127.0.0.1:1/v1", quirks: {} }],
      prices: { told: priced(7), "groq/configured": priced(8), short: priced(9), "lan/metered": priced(10) },
    }, {
      fetch,
      keys: { groq: "k", openrouter: "k" },
      prices: { "groq/shipped": priced(1), "groq/configured": priced(2), "groq/unlisted": priced(3) },
    });
    await catalogue.ready;
    const rows: [string, number | null][] = [
      ["told", 1],
      ["openrouter/told", 1],
      ["minus", null],
      ["groq/shipped", 1],
      ["shipped", 1],
      ["groq/configured", 8],
      ["groq/short", 9],
      ["groq/unlisted", 3],
      ["groq/unknown", null],
      ["groq/constructor", null],
      ["in/no-list", null],
      ["lan/free", 0],
      ["lan/metered", 10],
      ["demo/narrator", 0],
    ];
    for (const [id, prompt] of rows) assert.equal(catalogue.price(id)?.prompt ?? null, prompt, id);
    assert.deepEqual(catalogue.price("told"), { prompt: 1, completion: 2, cached: 0.5 });
    const shown = Object.fromEntries(catalogue.models().map((model) => [model.id, model.prompt_price]));
    assert.equal(shown["groq/configured"], 8);
    assert.equal(shown["minus"], null);
    assert.equal(shown["lan/free"], 0);
  }));

Deno.test("the context is what a local server has loaded, else 4096; what a vendor says, else 32768", () =>
  withBench(["groq", "ollama"], async ({ servers, open }) => {
    servers.groq.route(
      "/v1/models",
      list({ id: "wide", context_window: 131_072, max_completion_tokens: 8192 }, "unsaid"),
    );
    servers.ollama.route("/v1/models", list("m", "quiet"));
    servers.ollama.route("/api/ps", { models: [{ name: "m", context_length: 8192 }] });
    const far = tunnel({ "api.groq.com": servers.groq }).fetch;
    let now_ms = 1000;
    const catalogue = open({
      providers: ENTRIES,
      local_servers: [{ name: "ollama", base_url: servers.ollama.base_url }],
    }, {
      keys: { groq: "k" },
      now: () => now_ms,
      fetch: (input, init) => String(input).startsWith("https") ? far(input, init) : fetch(input, init),
    });
    await catalogue.ready;
    const rows: [string, number][] = [
      ["groq/wide", 131_072],
      ["groq/unsaid", 32_768],
      ["in/no-list", 32_768],
      ["demo/narrator", 32_768],
      ["ollama/m", 8192],
      ["ollama/quiet", 4096],
      ["ollama/unlisted", 4096],
    ];
    for (const [id, tokens] of rows) assert.equal(await catalogue.contextOf(id), tokens, id);
    const shown = catalogue.models().find(({ id }) => id === "ollama/m");
    assert.equal(shown?.context, 8192, "the picker learns it");

    const asked = servers.ollama.requests.length;
    now_ms += 14_999;
    assert.equal(await catalogue.contextOf("ollama/m"), 8192);
    assert.equal(servers.ollama.requests.length, asked, "not asked twice in a row");
    servers.ollama.route("/api/ps", { models: [{ name: "m", context_length: 4000 }] });
    now_ms += 1;
    assert.equal(await catalogue.contextOf("ollama/m"), 4000, "a server may load it anew");
    servers.ollama.route("/api/ps", { models: [{ name: "m", context_length: 5000 }] });
    now_ms -= 10_000;
    assert.equal(
      await catalogue.contextOf("ollama/m"),
      5000,
      "a clock that was set back keeps nothing for ever",
    );
  }));

Deno.test("closing ends a fetch that hangs, and nothing is told any more", () =>
  withBench(["groq"], async ({ home, servers, open, problems }) => {
    servers.groq.route("/v1/models", list("m"), { delay_ms: 60_000 });
    const { fetch } = tunnel({ "api.groq.com": servers.groq });
    const catalogue = open({ providers: ENTRIES }, { fetch, keys: { groq: "k" } });
    catalogue.onChange(() => assert.fail("told after the end"));
    const started = performance.now();
    setTimeout(() => catalogue.close(), 50);
    await catalogue.ready;
    // A vendor has 10 s.
    assert.ok(performance.now() - started < 9_500);
    assert.deepEqual(problems, []);
    await assert.rejects(Deno.stat(`${home}/models-cache.json`));
  }));

Deno.test("how many vendors' lists are there is told, also of one that fails; nothing when none is fetched", () =>
  withBench(["near", "far", "broken"], async ({ servers, open }) => {
    for (const name of ["near", "far"]) servers[name].route("/v1/models", list("story"));
    servers.broken.route("/v1/models", null);
    const providers = ["near", "far", "broken"].map((name) => ({
      name,
      base_url: servers[name].base_url,
      quirks: {},
    }));
    const told: [number, number][] = [];
    const fetched = (done: number, total: number) => void told.push([done, total]);
    const catalogue = open({ providers }, { fetched });
    await catalogue.ready;
    assert.deepEqual(told.splice(0), [[0, 3], [1, 3], [2, 3], [3, 3]]);
    await catalogue.refresh();
    assert.deepEqual(told.splice(0), [[0, 3], [1, 3], [2, 3], [3, 3]]);
    const alone = open({ providers: [] }, { fetched });
    await alone.ready;
    assert.deepEqual(told, []);
  }));

Deno.test("a model in no list is a stranger: its window is unknown, its price too, and it is nobody's local model", () =>
  withBench(["main"], async ({ servers, open }) => {
    servers.main.route("/v1/models", list("story"));
    const providers = [{ name: "main", base_url: servers.main.base_url, quirks: {} }];
    const catalogue = open({ main_provider: "", providers, supported_models: ["stranger", "demo/narrator"] });
    await catalogue.ready;
    assert.equal(await catalogue.contextOf("stranger"), 32_768);
    assert.equal(await catalogue.contextOf("demo/narrator"), 32_768);
    assert.equal(catalogue.price("stranger"), null);
    assert.deepEqual(
      catalogue.models().map(({ id, provider, local, prompt_price }) => [id, provider, local, prompt_price]),
      [["stranger", "", false, null], ["demo/narrator", "demo", true, 0]],
    );
  }));
