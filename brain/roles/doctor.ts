/** `flower doctor`: looks at everything that playing needs and says what to do; also beside a running brain. */

import manifest from "../../deno.json" with { type: "json" };
import { EXIT } from "../../shared/roles.ts";
import { checkAssets, checkConfig, checkHome, checkTerminal, checkVersions } from "./check_machine.ts";
import { checkChroma, checkEmbeddings, checkProviders } from "./check_network.ts";
import { checkBackups, checkBrain, checkDatabase, checkDisk } from "./check_store.ts";
import { type Finding, findingLines } from "./findings.ts";
import type { Order } from "./orders.ts";
import type { Place } from "./place.ts";

/** Prints what it finds; resolves to EXIT.done when the engine can be played, else to EXIT.failed. Never throws. */
export async function doctor(place: Place, order: Extract<Order, { role: "doctor" }>): Promise<number> {
  const findings = (await Promise.all([
    checkVersions(),
    checkHome(place),
    checkDisk(place),
    checkConfig(place),
    checkAssets(place),
    checkDatabase(place),
    checkBackups(place),
    checkBrain(place),
    checkProviders(place),
    checkEmbeddings(place),
    checkChroma(place),
    checkTerminal(place.env),
  ])).flat().map((finding) => withoutKeys(finding, place));
  const usable = findings.every(({ level }) => level !== "bad");
  if (order.json) place.say(JSON.stringify({ version: manifest.version, usable, findings }, null, 2));
  else {
    for (const finding of findings) for (const line of findingLines(finding)) place.say(line);
    const notes = findings.filter(({ level }) => level === "note").length;
    place.say("");
    if (!usable) place.say("✗ Something has to be put right before it can be played.");
    else place.say(notes === 0 ? "✓ All is well." : "✓ It can be played; what is marked ! could be better.");
  }
  return usable ? EXIT.done : EXIT.failed;
}

/** No check names a key; a server's own words might. */
function withoutKeys(finding: Finding, { keys, config }: Place): Finding {
  const secrets = [...Object.values(keys), config.token].filter((secret) => secret !== "");
  const clean = (text: string) => secrets.reduce((left, secret) => left.replaceAll(secret, "[key]"), text);
  return { ...finding, text: clean(finding.text), fix: clean(finding.fix) };
}
