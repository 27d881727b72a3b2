/** Texts become vectors: the contract, its two engines (the embedder process, an endpoint), and a twin for tests. */

import { fnv1a } from "../../shared/fnv.ts";
import { deadline } from "../../shared/signals.ts";

/** Vectors of length 1, in the order of the texts; their dot product is the cosine. Throws EmbedError. */
export interface Embedder {
  /** Vectors of different models must never meet. */
  readonly model: string;
  /** Numbers of a vector; 0 as long as an endpoint has not answered. */
  readonly dimension: number;
  embed(texts: string[]): Promise<Float32Array[]>;
  /** What is under way fails with kind "closed". */
  close(): void;
}

/**
 * missing: packages or weights are not installed, which `flower models pull` mends; failed: crashed twice or cannot be
 * loaded; unreachable: no answer from an endpoint; refused: it answered something else than vectors; closed: we left.
 */
export type EmbedFault = "missing" | "failed" | "unreachable" | "refused" | "closed";

/** Why there are no vectors; `message` is a sentence for the player. */
export class EmbedError extends Error {
  constructor(readonly kind: EmbedFault, message: string) {
    super(message);
  }
}

const MINILM_DIMENSION = 384;

/** A line is answered while a story is waited for, so that no list of texts may hold the embedder for long. */
const PIECE = 8;

/**
 * An embedder over the channel to the front door: `receive` takes each line from there, and leaves alone what is not its
 * own.
 */
export interface ChannelEmbedder extends Embedder {
  receive(line: string): void;
}

interface Job {
  texts: string[];
  vectors: Float32Array[];
  resolve(vectors: Float32Array[]): void;
  reject(error: EmbedError): void;
}

/**
 * Asks with `{"embed": {id, texts}}` lines and is answered with `{"embedded": {id, vectors}}` or
 * `{"embedded": {id, error, kind}}`. At most 8 texts are under way; the shortest list goes first, so that a player's line
 * overtakes the indexing of a story. The front door answers each line in the end, whatever happens to the embedder.
 */
export function channelEmbedder(model: string, send: (line: string) => void): ChannelEmbedder {
  const jobs: Job[] = [];
  let under_way: { id: number; job: Job; count: number } | null = null;
  let asked = 0;
  let closed = false;

  function next(): void {
    if (under_way || jobs.length === 0) return;
    const left = (job: Job) => job.texts.length - job.vectors.length;
    const job = jobs.reduce((best, other) => left(other) < left(best) ? other : best);
    const texts = job.texts.slice(job.vectors.length, job.vectors.length + PIECE);
    under_way = { id: ++asked, job, count: texts.length };
    send(JSON.stringify({ embed: { id: asked, texts } }));
  }

  function end(job: Job): void {
    jobs.splice(jobs.indexOf(job), 1);
  }

  return {
    model,
    dimension: MINILM_DIMENSION,
    embed(texts) {
      if (closed) return Promise.reject(new EmbedError("closed", "The brain is leaving"));
      if (texts.length === 0) return Promise.resolve([]);
      return new Promise((resolve, reject) => {
        jobs.push({ texts: [...texts], vectors: [], resolve, reject });
        next();
      });
    },
    receive(line) {
      const answer = embedded(line);
      if (!answer || !under_way || answer.id !== under_way.id) return;
      const { job, count } = under_way;
      under_way = null;
      const read = answer.error === undefined
        ? readVectors(answer.vectors, count, MINILM_DIMENSION)
        : new EmbedError(answer.kind === "missing" ? "missing" : "failed", String(answer.error));
      if (read instanceof EmbedError) {
        end(job);
        job.reject(read);
      } else {
        job.vectors.push(...read);
        if (job.vectors.length === job.texts.length) {
          end(job);
          job.resolve(job.vectors);
        }
      }
      next();
    },
    close() {
      closed = true;
      under_way = null;
      for (const job of jobs.splice(0)) job.reject(new EmbedError("closed", "The brain is leaving"));
    },
  };
}

function embedded(line: string): { id?: unknown; vectors?: unknown; error?: unknown; kind?: unknown } | null {
  try {
    const value = JSON.parse(line)?.embedded;
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

const BATCH = 64;
const TIMEOUT_MS = 30_000;

export interface EndpointOptions {
  fetch?: typeof fetch;
  /** For one request of at most 64 texts. */
  timeout_ms?: number;
}

/**
 * An OpenAI-compatible server: POST `url`/embeddings. `url` is its base like http://127.0.0.1:11434/v1; `key` may be
 * empty. Vectors are brought to length 1. A server that changes its dimension is refused.
 * Source: https://platform.openai.com/docs/api-reference/embeddings/create
 */
export function endpointEmbedder(
  endpoint: { url: string; model: string; key: string },
  options: EndpointOptions = {},
): Embedder {
  const { url, model, key } = endpoint;
  const ask = options.fetch ?? fetch;
  const timeout_ms = options.timeout_ms ?? TIMEOUT_MS;
  const leaving = new AbortController();
  const host = new URL(url).host;
  let dimension = 0;

  async function batch(texts: string[]): Promise<Float32Array[]> {
    let status: number;
    let text: string;
    using limit = deadline(leaving.signal, timeout_ms);
    try {
      const response = await ask(`${url.replace(/\/+$/, "")}/embeddings`, {
        method: "POST",
        headers: { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) },
        body: JSON.stringify({ model, input: texts }),
        // The key is for this address alone.
        redirect: "manual",
        signal: limit.signal,
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      if (leaving.signal.aborted) throw new EmbedError("closed", "The brain is leaving");
      const why = limit.late ? `no answer within ${timeout_ms} ms` : reason(error);
      throw new EmbedError("unreachable", `Embeddings: ${host} cannot be reached: ${why}`);
    }
    if (status !== 200) {
      const said = serverMessage(text);
      throw new EmbedError("refused", `Embeddings: ${host} answers ${status}${said && `: ${said}`}`);
    }
    const read = readVectors(listed(text), texts.length, dimension);
    if (read instanceof EmbedError) throw new EmbedError("refused", `Embeddings: ${host}: ${read.message}`);
    dimension = read[0].length;
    return read;
  }

  return {
    model,
    get dimension() {
      return dimension;
    },
    async embed(texts) {
      const vectors: Float32Array[] = [];
      for (let at = 0; at < texts.length; at += BATCH) {
        vectors.push(...await batch(texts.slice(at, at + BATCH)));
      }
      return vectors;
    },
    close: () => leaving.abort(),
  };
}

/** The vectors of an answer in the order of their `index`; null when it is no such answer. */
function listed(text: string): unknown[] | null {
  try {
    const { data } = JSON.parse(text) as { data: { index?: number; embedding: unknown }[] };
    const ordered = data.map((row, at) => ({ at: row.index ?? at, embedding: row.embedding }));
    return ordered.toSorted((a, b) => a.at - b.at).map((row) => row.embedding);
  } catch {
    return null;
  }
}

/** What a server says about its error, in at most 200 characters. */
function serverMessage(text: string): string {
  let said: unknown = text;
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } | string };
    said = typeof error === "object" ? error.message : error;
  } catch {
    // Not JSON: its own words.
  }
  return typeof said === "string" ? said.replace(/\s+/g, " ").trim().slice(0, 200) : "";
}

/** `count` vectors of one dimension (any, when `dimension` is 0), brought to length 1. */
function readVectors(value: unknown, count: number, dimension: number): Float32Array[] | EmbedError {
  if (!Array.isArray(value) || value.length !== count) {
    return new EmbedError("failed", `the answer holds not the ${count} vectors that were asked for`);
  }
  const vectors: Float32Array[] = [];
  for (const row of value as unknown[]) {
    const wanted = dimension || (vectors[0]?.length ?? 0);
    if (!Array.isArray(row) || row.length === 0 || (wanted > 0 && row.length !== wanted)) {
      return new EmbedError("failed", `a vector is not of ${wanted || "any"} numbers`);
    }
    const vector = Float32Array.from(row as number[]);
    const length = Math.sqrt(dot(vector, vector));
    if (!Number.isFinite(length) || length === 0) {
      return new EmbedError("failed", "a vector has no direction");
    }
    vectors.push(vector.map((part) => part / length));
  }
  return vectors;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * The twin for tests: words and their beginnings hashed (FNV-1a) into `dimension` signed places. Texts that share words are
 * near each other, meaning it knows none. Same text, same vector, on any machine.
 */
export function hashingEmbedder(dimension = MINILM_DIMENSION): Embedder {
  const place = (vector: Float32Array, word: string, weight: number) => {
    const hash = fnv1a(word);
    vector[hash % dimension] += hash & 0x10000 ? weight : -weight;
  };
  return {
    model: `hashing-${dimension}`,
    dimension,
    embed(texts) {
      return Promise.resolve(texts.map((text) => {
        const vector = new Float32Array(dimension);
        for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
          place(vector, word, 1);
          if (word.length > 4) place(vector, `${word.slice(0, 4)}-`, 0.5);
        }
        const length = Math.sqrt(dot(vector, vector));
        // A text without words, or whose words cancel each other, needs a direction too.
        if (length === 0) vector[0] = 1;
        return length === 0 ? vector : vector.map((part) => part / length);
      }));
    },
    close() {},
  };
}

/** The embedder that the config asks for, null when it is off; lines of the channel go to `receive`. */
export function openEmbedder(
  embeddings: { engine: "local" | "endpoint" | "off"; url: string; model: string },
  key: string,
  send: (line: string) => void,
): { embedder: Embedder | null; receive(line: string): void } {
  switch (embeddings.engine) {
    case "off":
      return { embedder: null, receive() {} };
    case "endpoint": {
      const { url, model } = embeddings;
      return { embedder: endpointEmbedder({ url, model, key }), receive() {} };
    }
    case "local": {
      const embedder = channelEmbedder(embeddings.model, send);
      return { embedder, receive: embedder.receive };
    }
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
