import assert from "node:assert/strict";
import { originalStories } from "../../../brain/export/original_stories.ts";
import type { OriginalMessage, OriginalRows, OriginalSession } from "../../../brain/store/original.ts";

const SESSION: OriginalSession = {
  id: "s1",
  character_id: "ida",
  world_id: "marsh",
  model: "gemini/flash",
  title: "Eels",
  created_at: "2025-03-01 10:00",
  last_used_at: "2025-03-02 11:30",
};
const OPTIONS = {
  player_id: "local",
  world_id: "fallback",
  otherwise_ms: 77,
  tokens: (text: string) => text.length,
};

const says = (role: string, content: string, session_id = "s1", character_id = "ida"): OriginalMessage => ({
  role,
  content,
  session_id,
  character_id,
});

function take(
  messages: OriginalMessage[],
  sessions: OriginalSession[] = [SESSION],
): ReturnType<typeof originalStories> {
  const rows: OriginalRows = { sessions, messages, worlds: [], characters: [] };
  return originalStories(rows, OPTIONS);
}

Deno.test("a session becomes a story with the times, the model and the title it had", () => {
  const { stories: [story], empty } = take([says("user", "I look."), says("assistant", "Fog.")]);
  assert.equal(empty, 0);
  const created_ms = Date.UTC(2025, 2, 1, 10);
  const { messages, ...about } = story.archive;
  assert.deepEqual(about, {
    title: "Eels",
    world_id: "marsh",
    character_id: "ida",
    model: "gemini/flash",
    leaf: 2,
    created_ms,
    last_used_ms: Date.UTC(2025, 2, 2, 11, 30),
    memory: [],
    rows: [],
  });
  const common = { status: "complete", usage: null };
  assert.deepEqual(messages, [
    {
      ...common,
      n: 1,
      parent: null,
      role: "user",
      content: "I look.",
      model: "",
      tokens: 7,
      created_ms: created_ms + 1000,
    },
    {
      ...common,
      n: 2,
      parent: 1,
      role: "assistant",
      content: "Fog.",
      model: "gemini/flash",
      tokens: 4,
      created_ms: created_ms + 2000,
    },
  ]);
});

Deno.test("player lines without a reply are other tellings of the line that came after them", () => {
  const rows: [string, (number | null)[], number, number][] = [
    // Roles, parents, leaf, unanswered: u player, a narrator.
    ["uaua", [null, 1, 2, 3], 4, 0],
    ["uua", [null, null, 2], 3, 1],
    ["uuua", [null, null, null, 3], 4, 2],
    ["auuau", [null, 1, 1, 3, 4], 5, 1],
    ["uau", [null, 1, 2], 3, 0],
    ["auu", [null, 1, 1], 3, 1],
    ["aa", [null, 1], 2, 0],
  ];
  for (const [roles, parents, leaf, unanswered] of rows) {
    const { stories: [story] } = take(
      [...roles].map((role, i) => says(role === "u" ? "user" : "assistant", `${i}`)),
    );
    assert.deepEqual(story.archive.messages.map(({ parent }) => parent), parents, roles);
    assert.equal(story.archive.leaf, leaf, roles);
    assert.equal(story.unanswered, unanswered, roles);
  }
});

Deno.test("empty replies and roles that have no place are skipped and counted; a session of nothing else is empty", () => {
  const { stories, empty } = take(
    [
      says("user", "I wait."),
      says("assistant", " \n"),
      says("system", "Be kind."),
      says("user", "On."),
      says("assistant", "", "s2"),
    ],
    [SESSION, { ...SESSION, id: "s2" }, { ...SESSION, id: "s3" }],
  );
  assert.equal(empty, 2);
  assert.equal(stories.length, 1);
  assert.equal(stories[0].skipped, 2);
  // The reply was empty: the line before it is unanswered.
  assert.equal(stories[0].unanswered, 1);
});

Deno.test("messages without a session, or of one that is gone, are stories by character and by session", () => {
  const { stories } = take([
    says("user", "Old line", "", "ida"),
    says("assistant", "Old fog", "", "ida"),
    says("user", "Bo's line", "", "bo"),
    says("user", "Lost line", "gone", "ida"),
    says("user", "New line"),
  ]);
  const told = stories.map(({ session_id, archive }) => [
    session_id,
    archive.character_id,
    archive.world_id,
    archive.title,
    archive.messages.length,
    archive.created_ms,
  ]);
  // The last used last; a world is taken from where that character was played.
  assert.deepEqual(told, [
    ["", "bo", "fallback", "Bo's line", 1, 77],
    ["gone", "ida", "marsh", "Lost line", 1, 77],
    ["", "ida", "marsh", "Old line", 2, 77],
    ["s1", "ida", "marsh", "Eels", 1, Date.UTC(2025, 2, 1, 10)],
  ]);
});

Deno.test("what has no time of its own was told before the sessions that have one", () => {
  const rows = {
    sessions: [SESSION],
    messages: [says("user", "Old", ""), says("user", "New")],
    worlds: [],
    characters: [],
  };
  const { stories } = originalStories(rows, { ...OPTIONS, otherwise_ms: Date.UTC(2026, 0, 1) });
  assert.deepEqual(stories.map(({ archive }) => [archive.title, archive.created_ms]), [
    ["Old", Date.UTC(2025, 2, 1, 10)],
    ["Eels", Date.UTC(2025, 2, 1, 10)],
  ]);
});

Deno.test("a story has the same id whenever it is taken over, also after it grew, and each its own", () => {
  const ids = (messages: OriginalMessage[], sessions?: OriginalSession[]) =>
    take(messages, sessions).stories.map(({ id }) => id);
  const [id] = ids([says("user", "I look.")]);
  assert.match(id, /^[0-9a-f]{12}$/);
  assert.deepEqual(ids([says("user", "I look."), says("assistant", "Fog.")]), [id]);
  const others = [
    ...ids([says("user", "I sit.")]),
    ...ids([says("user", "I look.", "s2")], [{ ...SESSION, id: "s2" }]),
    ...ids([says("user", "I look.", "")], []),
    ...ids([says("user", "I look.", "", "bo")], []),
  ];
  assert.equal(new Set([id, ...others]).size, 5);
});

Deno.test("times that cannot be read, and titles that are none", () => {
  const one = (patch: Partial<OriginalSession>, line = "I look.") =>
    take([says("user", line)], [{ ...SESSION, ...patch }]).stories[0].archive;
  assert.equal(one({ created_at: "" }).created_ms, Date.UTC(2025, 2, 2, 11, 30));
  assert.equal(one({ created_at: "soon", last_used_at: "later" }).created_ms, 77);
  assert.equal(one({ created_at: "soon", last_used_at: "later" }).last_used_ms, 1077);
  assert.equal(one({ created_at: "2025-03-01T10:00:30.5" }).created_ms, Date.UTC(2025, 2, 1, 10, 0, 30));
  assert.equal(one({ created_at: "2025-13-41 99:00", last_used_at: "" }).created_ms, 77);
  assert.equal(one({ title: " a\n\x1bb " }).title, "a b");
  assert.equal(one({ title: "" }, "x".repeat(60)).title, "x".repeat(60));
  assert.equal(one({ title: "" }, "x".repeat(61)).title, `${"x".repeat(60)}…`);
});
