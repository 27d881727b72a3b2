/** Our face plays against an original server: no ids, no history on connect, deaf after each reply. */

import assert from "node:assert/strict";
import { openLink } from "../../face/brain_link.ts";
import { startOriginalServer } from "../support/original_server.ts";
import { withFace } from "../support/running_face.ts";

Deno.test("an evening against an original server: opening, two turns at typing speed, a command, nothing destroyed", async () => {
  const server = startOriginalServer();
  let closed: Promise<void> = Promise.resolve();
  try {
    await withFace(async (face) => {
      await face.shows(/› 1 {2}The Salt Marsh/);
      face.type("\r");
      await face.shows(/Who are you there/);
      face.type("\r");
      await face.shows(/Fog comes in over the reeds\./);
      face.type("I wait.\r");
      await face.shows(/› I wait\.\n\n {6}The reeds bend, and something answers\.[\s\S]*Tab reread/);
      face.type("I answer.\r");
      await face.shows(/› I answer\.\n\n {6}The reeds bend, and something answers\.[\s\S]*Tab reread/);
      face.type("/rules add gritty\r");
      await face.shows(/The rule Gritty Realism is activated/);
      face.type("/wo");
      await face.shows(/\/world select ID/);
    }, {
      link(on) {
        const link = openLink({ locate: () => Promise.resolve({ url: server.url, token: "" }) }, on);
        closed = link.closed;
        return link;
      },
    });
    assert.deepEqual(server.destroyed, []);
    assert.deepEqual(server.received, [
      "/world select saltmarsh",
      "/character select ferrier",
      "/session new",
      "I wait.",
      "I answer.",
      "/rules add gritty",
    ]);
  } finally {
    await closed;
    await server.close();
  }
});
