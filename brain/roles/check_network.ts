/** Checks of who tells the stories and who makes vectors: providers, local servers, model files, Chroma. */

import { boundedJson } from "../llm/bounded_json.ts";
import { readModels } from "../llm/model_lists.ts";
import { type Endpoint, endpointsOf } from "../llm/vendors.ts";
import { missingForEmbedder } from "../embedder_process.ts";
import { type Finding, note, ok } from "./findings.ts";
import { counted, type Place } from "./place.ts";

/** Nobody listens: that is known at once. A busy machine or a model that is being loaded may take its time. */
const ANSWER_TIMEOUT_MS = 10_000;

/** What one server said when it was asked for its models. */
type Answer = { models: number } | { fault: string; fix: string };

/** Asks every server that could tell a story for its models, all at once. */
export async function checkProviders(place: Place): Promise<Finding[]> {
  const { config, keys } = place;
  const endpoints = endpointsOf(config);
  const asked = endpoints.filter((endpoint) => endpoint.probed || !endpoint.needs_key || keys[endpoint.name]);
  const answers = new Map(
    await Promise.all(
      asked.map(async (endpoint) => [endpoint, await ask(endpoint, keys[endpoint.name] ?? "")] as const),
    ),
  );
  const found: Finding[] = [];
  const silent: string[] = [];
  let voices = 0;
  for (const [endpoint, answer] of answers) {
    const where = `${endpoint.label} (${endpoint.base_url})`;
    if ("models" in answer) {
      voices++;
      found.push(ok("providers", `${where}: ${counted(answer.models, "model")}`));
    } else if (endpoint.probed) silent.push(endpoint.label);
    else found.push(note("providers", `${where}: ${answer.fault}`, answer.fix));
  }
  const unkeyed = endpoints.filter((endpoint) => !asked.includes(endpoint)).map(({ label }) => label);
  if (unkeyed.length > 0) found.push(ok("providers", `without a key, so not asked: ${unkeyed.join(", ")}`));
  if (silent.length > 0) found.push(ok("providers", `not running on this machine: ${silent.join(", ")}`));
  if (voices === 0) {
    const main = endpoints.find(({ name }) => name === config.main_provider);
    found.push(note(
      "providers",
      "no model can be reached: the built-in narrator tells the stories, without AI",
      main?.needs_key && !keys[main.name]
        ? `${main.key_hint}, or start a local server`
        : "see the lines above, or start a local server",
    ));
  }
  return found;
}

async function ask(endpoint: Endpoint, key: string): Promise<Answer> {
  try {
    const response = await fetch(`${endpoint.base_url}/models`, {
      headers: { ...endpoint.headers, ...(key === "" ? {} : { authorization: `Bearer ${key}` }) },
      // Another host was not chosen by the player.
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    if (!response.ok) {
      await response.body?.cancel();
      return refusal(response.status, endpoint);
    }
    const models = readModels(await boundedJson(response), endpoint);
    if (models !== null) return { models: models.length };
    return {
      fault: "it answers with something that is no list of models",
      fix: "check the address in config.yaml",
    };
  } catch (error) {
    return unreachable(error);
  }
}

function refusal(status: number, endpoint: Endpoint): Answer {
  if (status === 401 || status === 403) {
    return {
      fault: `it refuses the key (${status})`,
      fix: `${endpoint.key_hint}; look for blanks around it`,
    };
  }
  if (status === 429) {
    return {
      fault: "it is asked too often, or the account is empty (429)",
      fix: "wait, or look at your account there",
    };
  }
  if (status >= 500) return { fault: `it is in trouble itself (${status})`, fix: "try again later" };
  if (status >= 300 && status < 400) {
    return { fault: `it sends one elsewhere (${status})`, fix: "write its own address into config.yaml" };
  }
  return { fault: `it answers ${status}`, fix: "check the address in config.yaml; it usually ends in /v1" };
}

function unreachable(error: unknown): Answer {
  // What failed stands in the cause, and names the address; only its kind is told.
  const cause = error instanceof Error ? error.cause : undefined;
  const text = `${error instanceof Error ? error.message : error} ${
    cause instanceof Error ? cause.message : ""
  }`;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return { fault: "no answer in time", fix: "check the network, or a proxy in HTTPS_PROXY" };
  }
  if (/dns error|failed to lookup/i.test(text)) {
    return { fault: "no such host", fix: "check the address in config.yaml, and the network" };
  }
  if (/refused/i.test(text)) {
    return { fault: "nobody listens there", fix: "start that server, or check its port" };
  }
  if (/certificate|tls/i.test(text)) {
    return { fault: "its certificate is not trusted", fix: "DENO_CERT names a file of further ones" };
  }
  if (error instanceof SyntaxError) {
    return {
      fault: "it answers with something that is no list of models",
      fix: "check the address in config.yaml",
    };
  }
  return { fault: "it cannot be reached", fix: "check the network, or a proxy in HTTPS_PROXY" };
}

/** The Chroma server, if one is configured: without it memory goes on with its own index. */
export async function checkChroma({ config, keys }: Place): Promise<Finding[]> {
  const { engine, url, tenant, database } = config.vectors;
  if (engine !== "chroma") return [];
  const where = `Chroma at ${url}`;
  const without = "until it is there, meaning is looked up in the database itself";
  const token = keys.vectors ?? "";
  try {
    const response = await fetch(
      `${url.replace(/\/+$/, "")}/api/v2/tenants/${tenant}/databases/${database}`,
      {
        headers: token === "" ? {} : { "x-chroma-token": token, authorization: `Bearer ${token}` },
        redirect: "manual",
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      },
    );
    await response.body?.cancel();
    if (response.ok) return [ok("chroma", `${where}: its database ${database} answers`)];
    const [fault, fix] = response.status === 401 || response.status === 403
      ? [`it refuses the token (${response.status})`, "correct vectors.token in config.yaml"]
      : response.status === 404
      ? [
        `it has no database ${database} of tenant ${tenant}`,
        "correct vectors in config.yaml; Chroma 1.0 or newer is needed",
      ]
      : [`it answers ${response.status}`, "look at that server's own log"];
    return [note("chroma", `${where}: ${fault}; ${without}`, fix)];
  } catch (error) {
    const answer = unreachable(error);
    return "fault" in answer ? [note("chroma", `${where}: ${answer.fault}; ${without}`, answer.fix)] : [];
  }
}

const COMPILED_FIX =
  "name an embeddings endpoint in config.yaml (embeddings:), or play from the release archive";

/** Who makes vectors for memory: the local model and its files, or an endpoint. */
export async function checkEmbeddings({ config, keys, root, self }: Place): Promise<Finding[]> {
  const { embeddings } = config;
  switch (embeddings.engine) {
    case "off":
      return [ok("memory", "by words; embeddings are off")];
    case "local": {
      if (self?.compiled) {
        return [note("memory", "by words only. A compiled flower has no embedder of its own", COMPILED_FIX)];
      }
      const missing = missingForEmbedder(root, embeddings);
      if (missing === "") {
        return [ok("memory", `by words and by meaning, with ${embeddings.model} in ${embeddings.path}`)];
      }
      return [
        note(
          "memory",
          `by words only. ${missing.replace(/: flower models.*$/, "")}`,
          "flower models pull fetches what is missing",
        ),
      ];
    }
    case "endpoint": {
      const where = `${embeddings.model} at ${embeddings.url}`;
      const key = keys.embeddings ?? "";
      try {
        const response = await fetch(`${embeddings.url.replace(/\/+$/, "")}/embeddings`, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
          },
          body: JSON.stringify({ model: embeddings.model, input: ["flower"] }),
          redirect: "manual",
          signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
        });
        await response.body?.cancel();
        if (response.ok) return [ok("memory", `by words and by meaning, with ${where}`)];
        return [
          note(
            "memory",
            `by words only: ${where} answers ${response.status}`,
            "check embeddings in config.yaml; does that server have the model?",
          ),
        ];
      } catch (error) {
        const answer = unreachable(error);
        return "fault" in answer
          ? [note("memory", `by words only: ${where}: ${answer.fault}`, answer.fix)]
          : [];
      }
    }
  }
}
