/**
 * What the brain counts of itself, as Prometheus reads it. No text of a story, no name of a player or a model.
 * The text format: https://prometheus.io/docs/instrumenting/exposition_formats/
 */

import type { Usage } from "../shared/story.ts";
import { ProviderError } from "./llm/provider.ts";
import type { Provider } from "./llm/provider.ts";
import type { Registry } from "./llm/registry.ts";
import { StoreError } from "./store/store_error.ts";

/** Figures of the moment, asked when somebody looks. */
export interface Gauges {
  sockets: number;
  running_turns: number;
  queued_requests: number;
  resident_bytes: number;
  heap_bytes: number;
  uptime_s: number;
  version: string;
}

/** Upper bounds in seconds. */
const FIRST_TOKEN_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const CHUNK_S = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1];

class Histogram {
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(readonly bounds: readonly number[]) {
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count += 1;
    for (let i = this.bounds.length - 1; i >= 0 && value <= this.bounds[i]; i--) this.#counts[i] += 1;
  }

  rows(name: string): string[] {
    return [
      ...this.bounds.map((bound, i) => `${name}_bucket{le="${bound}"} ${this.#counts[i]}`),
      `${name}_bucket{le="+Inf"} ${this.#count}`,
      `${name}_sum ${this.#sum}`,
      `${name}_count ${this.#count}`,
    ];
  }
}

/** Counts from the start of the brain. `clock` gives milliseconds that never go back. */
export class Metrics {
  readonly #turns = new Map<string, number>([["complete", 0], ["stopped", 0], ["failed", 0]]);
  readonly #tokens = new Map<string, number>([["prompt", 0], ["cached", 0], ["completion", 0]]);
  readonly #errors = new Map<string, number>();
  readonly #refused = new Map<string, number>();
  readonly #first_token = new Histogram(FIRST_TOKEN_S);
  readonly #chunk = new Histogram(CHUNK_S);
  /** When the piece came that is being told now, by session. */
  readonly #arrived = new Map<string, number>();

  constructor(readonly clock: () => number) {}

  /** A turn has ended as `status`. */
  turnEnded(session_id: string, status: string, usage: Usage | null): void {
    this.#arrived.delete(session_id);
    add(this.#turns, status, 1);
    add(this.#tokens, "prompt", usage?.prompt_tokens ?? 0);
    add(this.#tokens, "cached", usage?.cached_tokens ?? 0);
    add(this.#tokens, "completion", usage?.completion_tokens ?? 0);
  }

  /** The provider gave a piece of this session's reply; `asked_ms` is when it was asked, for the first piece. */
  chunkCame(session_id: string, asked_ms: number | null): void {
    const now = this.clock();
    this.#arrived.set(session_id, now);
    if (asked_ms !== null) this.#first_token.observe((now - asked_ms) / 1000);
  }

  /** A piece was handed to every socket. */
  chunkTold(session_id: string): void {
    const came = this.#arrived.get(session_id);
    if (came !== undefined) this.#chunk.observe((this.clock() - came) / 1000);
  }

  /** Something failed; its kind is counted, not its words. */
  failed(error: unknown): void {
    const kind = error instanceof ProviderError
      ? `provider_${error.kind}`
      : error instanceof StoreError
      ? `store_${error.kind}`
      : "other";
    add(this.#errors, kind, 1);
  }

  /** A connection or a request was turned away. */
  refused(why: "host" | "origin" | "token" | "faces" | "pace" | "limit" | "slow" | "size"): void {
    add(this.#refused, why, 1);
  }

  /** The whole page. */
  text(gauges: Gauges): string {
    const rows: string[] = [];
    const put = (name: string, type: string, help: string, values: string[]) =>
      rows.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values);
    const labelled = (name: string, label: string, counts: Map<string, number>) =>
      [...counts].map(([value, count]) => `${name}{${label}="${value}"} ${count}`);
    const gauge = (name: string, help: string, value: number) =>
      put(name, "gauge", help, [`${name} ${value}`]);
    put("flower_turns_total", "counter", "Turns that ended, by how.", [
      ...labelled("flower_turns_total", "status", this.#turns),
    ]);
    put("flower_tokens_total", "counter", "Tokens of all turns; cached ones count as prompt too.", [
      ...labelled("flower_tokens_total", "kind", this.#tokens),
    ]);
    put("flower_errors_total", "counter", "Failures by kind.", [
      ...labelled("flower_errors_total", "kind", this.#errors),
    ]);
    put("flower_refused_total", "counter", "Connections and requests turned away, by reason.", [
      ...labelled("flower_refused_total", "reason", this.#refused),
    ]);
    put("flower_first_token_seconds", "histogram", "From the request to the provider to its first piece.", [
      ...this.#first_token.rows("flower_first_token_seconds"),
    ]);
    put("flower_chunk_seconds", "histogram", "A piece on its way from the provider to the sockets.", [
      ...this.#chunk.rows("flower_chunk_seconds"),
    ]);
    gauge("flower_sockets", "Faces that are connected.", gauges.sockets);
    gauge("flower_running_turns", "Replies being told.", gauges.running_turns);
    gauge("flower_queued_requests", "Faces whose request is not answered yet.", gauges.queued_requests);
    gauge("flower_resident_bytes", "Memory of the process.", gauges.resident_bytes);
    gauge("flower_heap_bytes", "Heap in use.", gauges.heap_bytes);
    gauge("flower_uptime_seconds", "Since the start.", gauges.uptime_s);
    put("flower_info", "gauge", "The version.", [`flower_info{version="${gauges.version}"} 1`]);
    return `${rows.join("\n")}\n`;
  }
}

function add(counts: Map<string, number>, key: string, more: number): void {
  counts.set(key, (counts.get(key) ?? 0) + more);
}

/** The same registry; what its providers stream is timed and its failures are counted. */
export function metered(registry: Registry, metrics: Metrics): Registry {
  return {
    resolve(id) {
      const target = registry.resolve(id);
      return target && { ...target, provider: meteredProvider(target.provider, metrics) };
    },
    close: () => registry.close(),
  };
}

function meteredProvider(provider: Provider, metrics: Metrics): Provider {
  return {
    name: provider.name,
    async *stream(request, signal) {
      const asked_ms = metrics.clock();
      let first = true;
      try {
        for await (const chunk of provider.stream(request, signal)) {
          // What is asked beside the story has no seed, and nobody waits for it.
          if (chunk.kind === "text" && request.story.seed !== "") {
            metrics.chunkCame(request.story.seed, first ? asked_ms : null);
            first = false;
          }
          yield chunk;
        }
      } catch (error) {
        metrics.failed(error);
        throw error;
      }
    },
  };
}
