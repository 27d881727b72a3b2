// What recall finds by itself is what stands in the request that goes out over the wire: no second copy of the ranking.

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { emptyKnown } from "../../brain/memory/corpus.ts";
import { search } from "../../brain/memory/search.ts";
import { choosePieces } from "../../brain/prompt/pieces.ts";
import { loreSection, memorySection } from "../../brain/prompt/sections.ts";
import { openDatabase } from "../../brain/store/database.ts";
import { getSession } from "../../brain/store/sessions.ts";
import { getState } from "../../brain/store/players.ts";
import { LIVE } from "../eval/memory/run.ts";
import { readProbes } from "../eval/memory/probes.ts";
import { storyFrames } from "../support/sse_replies.ts";
import { configFor, openStage, startProvider } from "./stage.ts";

const TURNS = 36;

Deno.test("the evaluation lists exactly the units that the recorded request of a real conversation holds", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({
    // A window so small that the history is cut, and the planted lines are to be recalled.
    config: configFor(provider, "embeddings: { engine: off }\nmax_context_tokens: 2600\nsummaries: off"),
  });
  await using face = await stage.face();
  await face.begin();
  const [story] = await readProbes();
  for (let turn = 0; turn < TURNS; turn++) {
    const here = story.planted[turn];
    const pick = (list: string[], step: number) => list[(turn * step) % list.length];
    const reply = here?.reply ?? [...Array(3).keys()].map((i) => pick(story.openers, i + 2)).join(" ");
    const from = face.events.length;
    await provider.script({ steps: storyFrames(reply).map((send) => ({ send })) });
    face.say(here?.line ?? pick(story.lines, 3));
    await face.told(from);
  }
  const asked = [
    "I try the brass key Odile gave me in the door upstairs.",
    "I look for wolfsbane along the chapel wall.",
  ];
  for (const line of asked) {
    const from = face.events.length;
    await provider.script({ steps: storyFrames("Nothing moves.").map((send) => ({ send })) });
    face.say(line);
    await face.told(from);
    const lastSent = async () => (await provider.chats()).at(-1)!.body.messages;
    let sent = await lastSent();
    // A turn waits 150 ms for recall: on a machine that pauses just then it goes out without pieces, and is told again.
    for (let again = 0; again < 5 && !/^- /m.test(sent.at(-1)!.content); again++) {
      await provider.script({ steps: storyFrames("Nothing moves.").map((send) => ({ send })) });
      const retried = face.events.length;
      face.say("/retry");
      await face.told(retried);
      sent = await lastSent();
    }
    const block = sent.at(-1)!.content;

    const db = openDatabase(join(stage.home, "engine.db"), { readonly: true });
    try {
      const state = getState(db, "local");
      const session = getSession(db, "local", state.session_id)!;
      const path = db.all<{ id: number; parent_id: number; content: string }>(
        "SELECT id, parent_id, content FROM messages WHERE session_id = ? ORDER BY id",
        session.id,
      );
      // The last reply is the answer to the question; what the request shows of the story is no memory.
      const leaf_id = path.at(-1)!.parent_id;
      const shown = sent.slice(1, -1).map(({ content }) => content).join("\n");
      const before = path.filter(({ id }) => id < leaf_id).slice(-2).reverse().map(({ content }) => content);
      const found = search(db, {
        player_id: "local",
        session_id: session.id,
        world_id: session.world_id,
        leaf_id,
        line,
        before,
        visible_ids: path.filter(({ id, content }) =>
          id === leaf_id || shown.includes(content) && id > leaf_id - 30
        )
          .map(({ id }) => id),
        max_lore: LIVE.max_lore,
        max_memories: LIVE.max_memories,
      }, emptyKnown());
      assert.ok(found.memories.length > 0, "something is recalled");
      const name = /player's character: (.*)\./.exec(sent[0].content)![1];
      const character = { id: "", name, persona: "", secret: "" };
      const pieces = choosePieces({ ...found, took_ms: 0 }, [], new Set(), character, LIVE);
      const memories = memorySection(pieces.memory_lines);
      const lore = loreSection(pieces.lore_lines);
      const lines = (text: string) => text.split("\n").filter((each) => each.startsWith("- "));
      assert.deepEqual(lines(block), [...lines(lore), ...lines(memories)]);
      assert.ok(block.includes(memories) && block.includes(lore));
    } finally {
      db.close();
    }
  }
});
