/** Runs one order; the only place where the failures of these roles are told. */

import { EXIT } from "../../shared/roles.ts";
import { StoryFileError } from "../export/story_file.ts";
import { StoreError } from "../store/store_error.ts";
import { unreachable } from "../../shared/protocol.ts";
import type { Order } from "./orders.ts";
import { openPlace, type Place, RoleError, type RoleOptions, type Talk } from "./place.ts";

/** Resolves to the exit code. Never throws: what went wrong stands on stderr. */
export async function runOrder(
  order: Order,
  options: RoleOptions,
  talk: Talk = { say: console.log, complain: console.error },
): Promise<number> {
  const place = openPlace(options, talk);
  try {
    return await run(order, place);
  } catch (error) {
    const known = error instanceof RoleError || error instanceof StoreError ||
      error instanceof StoryFileError;
    const message = error instanceof Error ? error.message : String(error);
    place.complain(
      `✗ ${
        known ? "" : `flower ${order.role === "import_original" ? "import" : order.role} failed: `
      }${message}`,
    );
    return error instanceof RoleError ? error.code : EXIT.failed;
  }
}

// Each role loads only what it needs.
async function run(order: Order, place: Place): Promise<number> {
  switch (order.role) {
    case "backup":
      return await (await import("./backup.ts")).backup(place, order);
    case "restore":
      return await (await import("./restore.ts")).restore(place, order);
    case "doctor":
      return await (await import("./doctor.ts")).doctor(place, order);
    case "export":
      return await (await import("./export.ts")).exportStory(place, order);
    case "import":
      return await (await import("./import.ts")).importStory(place, order);
    case "import_original":
      return await (await import("./import_original.ts")).importOriginal(place, order);
    case "memory":
      return await (await import("./memory.ts")).memory(place, order);
    case "token":
      return (await import("./token.ts")).token(place, order);
    default:
      return unreachable(order);
  }
}
