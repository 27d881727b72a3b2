/** An index of vectors on a Chroma server, through its client. What goes there: vectors, ids and hashes, never a text. */

import type { ChromaClient, Collection, Where } from "chromadb";
import { createHash } from "node:crypto";
import { deadline, eitherSignal } from "../../shared/signals.ts";
import type { Near, PlacedVector, UnitKind, VectorIndex, VectorScope } from "./vectors.ts";

export interface ChromaPlace {
  /** Scheme, host and port. */
  url: string;
  tenant: string;
  database: string;
  /** Empty: the server wants none. */
  token: string;
  /** Names our database of stories: others may keep theirs on the same server. */
  store: string;
  /** Vectors of different models never meet: each has its own collections. */
  model: string;
}

export interface ChromaOptions {
  /** A search that takes longer is of no use: the turn does not wait for it. */
  near_ms?: number;
  /** For anything else. */
  timeout_ms?: number;
}

/** Why a Chroma server did not do what was asked; `message` is for the player and ends without a full stop. */
export class ChromaFault extends Error {
  override name = "ChromaFault";

  constructor(readonly kind: "unreachable" | "late" | "refused", message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

const NEAR_MS = 80;
const TIMEOUT_MS = 15_000;
/** Units of one request. */
const PAGE = 1000;
const BATCH = 250;

/**
 * The collections are found or made by the first `list` or `put` of their kind; those of other models go then. The
 * client is loaded by the first call: it costs 25 ms. Everything rejects with ChromaFault.
 */
export function chromaIndex(place: ChromaPlace, options: ChromaOptions = {}): VectorIndex {
  const { near_ms = NEAR_MS, timeout_ms = TIMEOUT_MS } = options;
  const { hostname, port, protocol, host } = new URL(place.url);
  const ssl = protocol === "https:";
  const leaving = new AbortController();
  /** Ids that the server gave to the collections. */
  const known = new Map<UnitKind, string>();
  const own = `-${place.store}-`;
  const model = createHash("sha256").update(place.model).digest("hex").slice(0, 8);

  async function ask<T>(ms: number, work: (client: ChromaClient) => Promise<T>): Promise<T> {
    using limit = deadline(leaving.signal, ms);
    const done = new AbortController();
    try {
      const { ChromaClient } = await import("chromadb");
      const client = new ChromaClient({
        host: hostname,
        port: Number(port) || (ssl ? 443 : 80),
        ssl,
        tenant: place.tenant,
        database: place.database,
        // The first is what Chroma's own cloud reads, the second what a proxy in front of a server does.
        headers: place.token === ""
          ? {}
          : { "x-chroma-token": place.token, authorization: `Bearer ${place.token}` },
        // The token is for this address alone.
        fetchOptions: { redirect: "manual", signal: eitherSignal(limit.signal, done.signal) },
      });
      return await work(client);
    } catch (error) {
      if (limit.late) throw new ChromaFault("late", `${host} gives no answer within ${ms} ms`);
      const fault = faultOf(error, place, host);
      // A collection that is not there any more may be made anew.
      if (fault.kind === "refused") known.clear();
      throw fault;
    } finally {
      // The client leaves the body of an error unread, which would hold the connection.
      done.abort();
    }
  }

  async function collection(client: ChromaClient, kind: UnitKind): Promise<Collection> {
    let id = known.get(kind);
    if (id === undefined) {
      const name = `flower-${kind}${own}${model}`;
      const made = await client.getOrCreateCollection({
        name,
        embeddingFunction: null,
        configuration: { hnsw: { space: "cosine" } },
        metadata: { model: place.model },
      });
      if (typeof made.id !== "string") throw new SyntaxError("no collection");
      await dropOthers(client, kind, name);
      known.set(kind, made.id);
      id = made.id;
    }
    return client.collection(id);
  }

  async function dropOthers(client: ChromaClient, kind: UnitKind, keep: string): Promise<void> {
    const all = await client.listCollections({ limit: PAGE });
    for (const { name } of all) {
      if (name.startsWith(`flower-${kind}${own}`) && name !== keep) await client.deleteCollection({ name });
    }
  }

  return {
    async near(scope, vector, limit) {
      const where = whereOf(scope);
      const id = known.get(scope.kind);
      if (id === undefined) throw new ChromaFault("unreachable", `${host} has not answered yet`);
      return await ask(near_ms, async (client) => {
        const { ids, distances } = await client.collection(id).query({
          queryEmbeddings: [Array.from(vector)],
          nResults: limit,
          where,
          include: ["distances"],
        });
        return ids[0].map((unit_id, at): Near => ({
          unit_id: Number(unit_id),
          similarity: 1 - (distances[0][at] ?? 2),
        }));
      });
    },
    async list(kind) {
      const found = new Map<number, string>();
      for (let offset = 0;; offset += PAGE) {
        const { ids, metadatas } = await ask(timeout_ms, async (client) => {
          const there = await collection(client, kind);
          return await there.get({ include: ["metadatas"], limit: PAGE, offset });
        });
        ids.forEach((id, at) => found.set(Number(id), String(metadatas[at]?.hash ?? "")));
        if (ids.length < PAGE) return found;
      }
    },
    async put(kind, units) {
      for (let at = 0; at < units.length; at += BATCH) {
        const batch = units.slice(at, at + BATCH);
        await ask(timeout_ms, async (client) => {
          const there = await collection(client, kind);
          await there.upsert({
            ids: batch.map(({ unit_id }) => String(unit_id)),
            embeddings: batch.map(({ vector }) => Array.from(vector)),
            metadatas: batch.map(metadataOf),
          });
        });
      }
    },
    async remove(kind, unit_ids) {
      for (let at = 0; at < unit_ids.length; at += PAGE) {
        const ids = unit_ids.slice(at, at + PAGE).map(String);
        await ask(timeout_ms, async (client) => {
          const there = await collection(client, kind);
          await there.delete({ ids });
        });
      }
    },
    close: () => leaving.abort(),
  };
}

/** What a unit may be found by: whose it is. */
function metadataOf(unit: PlacedVector): Record<string, string> {
  const { player_id, world_id, session_id, hash } = unit;
  return { player: player_id, world: world_id, session: session_id, hash };
}

/** The filter of a search; there is none without a player, and none beyond one world or one session. */
export function whereOf(scope: VectorScope): Where {
  const { player_id } = scope;
  const place = scope.kind === "lore" ? scope.world_id : scope.session_id;
  if (player_id === "" || place === "") {
    throw new TypeError("A search by likeness needs a player and a place");
  }
  return scope.kind === "lore"
    ? { $and: [{ world: { $eq: place } }, { player: { $in: ["", player_id] } }] }
    : { $and: [{ player: { $eq: player_id } }, { session: { $eq: place } }] };
}

function faultOf(error: unknown, place: ChromaPlace, host: string): ChromaFault {
  if (error instanceof ChromaFault) return error;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const refused = (why: string) => new ChromaFault("refused", `${host} ${why}`, { cause: error });
  switch (name) {
    case "ChromaConnectionError":
      return new ChromaFault("unreachable", `${host} cannot be reached`, { cause: error });
    case "ChromaAuthError":
    case "ChromaForbiddenError":
      return refused("refuses us: check vectors.token");
    case "ChromaNotFoundError":
      return refused(
        `has no collection of ours, or no tenant ${place.tenant} with a database ${place.database}`,
      );
    case "SyntaxError":
    case "TypeError":
      return refused("answers with something that is no Chroma");
    default:
      return refused(`answers: ${message.replace(/\s+/g, " ").slice(0, 200)}`);
  }
}
