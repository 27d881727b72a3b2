/** What a sealed process really used, from Deno's own record of permission checks, as short lines that can be compared. */

import { join } from "node:path/posix";
import { ROOT } from "./processes.ts";

/** One line of DENO_AUDIT_PERMISSIONS. */
interface Check {
  permission: string;
  value: string;
}

/**
 * The different checks in the audit file at `path`, sorted, with the places of this machine replaced: `names` by path,
 * longest first. Files of code and assets count by their folder; ports and days by name.
 */
export function auditOf(path: string, names: Record<string, string>): string[] {
  const lines = Deno.readTextFileSync(path).trim().split("\n").filter((line) => line !== "");
  const found = lines.map((line) => {
    const { permission, value } = JSON.parse(line) as Check;
    return `${permission} ${placeOf(String(value), names)}`;
  });
  return [...new Set(found)].sort();
}

function placeOf(value: string, names: Record<string, string>): string {
  let text = value;
  for (const path of Object.keys(names).sort((a, b) => b.length - a.length)) {
    text = text.replaceAll(path, names[path]);
  }
  return text
    .replace(join(ROOT, "assets"), "ASSETS")
    .replace(/^ASSETS\/(\w+)\/[^/]+\.yaml$/, "ASSETS/$1/*.yaml")
    .replace(new RegExp(`^${ROOT}/(brain|shared|node_modules)/.*$`), "ROOT/$1/**")
    .replace(ROOT, "ROOT")
    .replace(/\d{4}-\d\d-\d\d/, "DAY")
    .replace(/^(HOME\/exports)\/.*$/, "$1/*");
}
