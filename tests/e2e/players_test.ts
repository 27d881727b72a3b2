/** Two players with tokens on one brain, over real sockets: whatever one asks, nothing of the other's comes or changes. */

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { DatabaseSync } from "node:sqlite";
import { COMMANDS } from "../../brain/commands/table.ts";
import { openDatabase } from "../../brain/store/database.ts";
import { addToken, hashToken } from "../../brain/store/tokens.ts";
import { FaceClient } from "../support/face_client.ts";
import { until } from "../support/processes.ts";
import { chunk, frame } from "../support/sse_replies.ts";
import { configFor, openStage, type Stage, startProvider } from "./stage.ts";

const TOKENS = { ann: "token-of-ann-0123456789abcdef", ben: "token-of-ben-0123456789abcdef" };
/** Words that stand in Ann's stories, lore, titles and rules alone. */
const HERS = ["zanzibar", "quetzal", "obelisk", "marzipan", "thaumaturge"];

const reply = (text: string) => ({
  steps: [{ send: chunk({ content: text }) + chunk({}, "stop") + frame("[DONE]").replaceAll('"', "") }],
});

/** Everything in the database that is of one player, as text. */
function belongings(stage: Stage, player_id: string): string {
  const db = new DatabaseSync(join(stage.home, "engine.db"), { readOnly: true });
  try {
    const tables = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all() as {
      name: string;
      sql: string;
    }[];
    const sessions = `(SELECT id FROM sessions WHERE player_id = '${player_id}')`;
    const found = tables.flatMap(({ name, sql }) => {
      const where = /\bplayer_id\b/.test(sql)
        ? `player_id = '${player_id}'`
        : /\bsession_id\b/.test(sql)
        ? `session_id IN ${sessions}`
        : /\bmessage_id\b/.test(sql)
        ? `message_id IN (SELECT id FROM messages WHERE session_id IN ${sessions})`
        : null;
      if (where === null || /VIRTUAL TABLE|_fts/.test(`${sql}${name}`)) return [];
      return [`${name} ${JSON.stringify(db.prepare(`SELECT * FROM ${name} WHERE ${where}`).all())}`];
    });
    assert.ok(found.length > 5, "the tables of a player");
    return found.join("\n");
  } finally {
    db.close();
  }
}

Deno.test("through no command, id, search or memory does one player reach another's", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider, "limits: {frames_per_second: 0}") });
  const db = openDatabase(join(stage.home, "engine.db"));
  for (const [name, token] of Object.entries(TOKENS)) {
    addToken(db, { id: `${name}1`, name, token_hash: hashToken(token) });
  }
  db.close();

  // Ann has everything a player can have.
  await using ann = await FaceClient.connect(stage.url, TOKENS.ann);
  const session = await ann.begin();
  await provider.script(
    reply("The quetzal of Zanzibar owes you two eels."),
    reply("Another obelisk, she says."),
  );
  await ann.turn("I ask about the zanzibar quetzal.");
  await ann.turn("/retry");
  await ann.command("/session rename The marzipan book");
  await ann.command("/world attach_lore ## The thaumaturge\nThe thaumaturge of zanzibar eats marzipan.");
  const message_ids = ann.history.map(({ id }) => id);
  assert.ok(message_ids.length >= 3);
  // What is made of her last turn beside the story may still be on its way.
  let before = "";
  let same = 0;
  await until(async () => {
    await ann.command("/usage");
    const now = belongings(stage, "ann1");
    same = now === before ? same + 1 : 0;
    before = now;
    return same === 10;
  }, "everything of Ann's is saved");
  for (const word of HERS) assert.ok(before.toLowerCase().includes(word), word);
  const heard = ann.events.length;

  // Ben plays in the same world and asks for all of it.
  await using ben = await FaceClient.connect(stage.url, TOKENS.ben);
  await ben.begin();
  await provider.script(reply("Nothing is known of that."));
  const first_of_ben = (await provider.chats()).length;
  await ben.turn(`I ask about ${HERS.join(" ")} and the eels.`);
  const own_ids = new Set(ben.history.map(({ id }) => id));
  for (const id of message_ids) assert.ok(!own_ids.has(id));
  const targets = [
    "",
    session.slice(0, 4),
    `${session.slice(0, -1)}x`,
    "The marzipan book",
    "marzipan",
    "zanzibar",
    ...message_ids.flatMap((id) => [String(id), `${id} mine now`]),
    ...["m", "l", "f", "s"].flatMap((kind) => [1, 2, 3].map((id) => `${kind}${id}`)),
    "m1 mine now",
    "ann",
    "ann1",
  ];
  let asked = 0;
  const asks = async (line: string) => {
    const from = ben.events.length;
    const ref = ben.say(line);
    asked += 1;
    const answers = () => ben.events.slice(from);
    await ben.until(() => answers().some((event) => event.ref === ref), `an answer to ${line}`);
    // Turns that a command began are waited for, so that the next command is not refused.
    const began = () => answers().some(({ event }) => event === "progress");
    const ended = () => answers().some(({ event }) => event === "chat_end");
    await ben.until(() => !began() || ended(), `the end of ${line}`);
    return JSON.stringify(answers());
  };
  const names = COMMANDS.map(({ name }) => name).filter((name) => name !== "/cancel");
  for (const name of names) {
    for (const target of targets) {
      const answer = await asks(`${name} ${target}`.trim());
      assert.ok(!answer.includes(session), `${name} ${target} tells her id: ${answer}`);
    }
    if (ben.state?.session_id === "") await ben.begin();
  }
  // With the whole id, which answers and titles may then repeat.
  for (const name of names) await asks(`${name} ${session}`);
  assert.ok(asked > 500, String(asked));

  // Words that only Ann's replies and lore have; the others Ben typed himself.
  const theirs = ["two eels", "Another obelisk, she says", "eats marzipan", "The thaumaturge of"];
  for (const event of ben.events) {
    const text = JSON.stringify(event);
    for (const words of theirs) {
      assert.ok(!text.includes(words), `${words} in ${text.slice(0, 300)}`);
    }
    if (event.event === "sync_state") {
      assert.ok(!(event.metadata.available_sessions ?? []).some(({ id }) => id === session));
    }
    if (event.event === "chat_history") {
      for (const { id } of event.metadata.history) assert.ok(!message_ids.includes(id), String(id));
    }
  }
  for (const { body } of (await provider.chats()).slice(first_of_ben)) {
    const prompt = JSON.stringify(body.messages);
    for (const words of theirs) {
      assert.ok(!prompt.includes(words), `${words} in a prompt of Ben's`);
    }
  }
  // Nothing of Ann's has changed, and she heard nothing of it all.
  assert.equal(belongings(stage, "ann1"), before);
  assert.deepEqual(ann.events.slice(heard), []);

  // What Ann asks is still answered with her own.
  const why = await ann.command("/session list");
  assert.match(why.content, /The marzipan book/);
  await provider.script(reply("Yes."));
  await ann.turn("I remember the quetzal and the thaumaturge.");
  const last = JSON.stringify((await provider.chats()).at(-1)?.body.messages);
  assert.ok(last.includes("eats marzipan"), "her own lore is found for her");
});

Deno.test("two faces of one player see the same story; another player's face sees none of it", async () => {
  await using stage = await openStage({ config: configFor(null) });
  const db = openDatabase(join(stage.home, "engine.db"));
  for (const [name, token] of Object.entries(TOKENS)) {
    addToken(db, { id: `${name}1`, name, token_hash: hashToken(token) });
  }
  db.close();
  await using one = await FaceClient.connect(stage.url, TOKENS.ann);
  await using two = await FaceClient.connect(stage.url, TOKENS.ann);
  await using ben = await FaceClient.connect(stage.url, TOKENS.ben);
  // At the machine itself, without a token.
  await using local = await stage.face();
  const quiet = [ben, local].map((face) => face.events.length);
  await one.begin();
  const told = await one.turn("I look around.");
  await two.until(() => two.history.at(-1)?.id === told.message.id, "the reply at the other face");
  assert.deepEqual(two.history, one.history);
  assert.equal(two.state?.session_id, one.state?.session_id);
  for (const [i, face] of [ben, local].entries()) {
    assert.deepEqual(face.events.slice(quiet[i]), []);
    assert.deepEqual(face.history, []);
    assert.equal(
      (await face.command("/session list")).content,
      "There is no story yet. /session new begins one.",
    );
    assert.match((await face.command("/usage")).content, /^All stories: 0 replies\.$/);
  }
});
