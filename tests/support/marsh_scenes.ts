/** Screens of the evening of face-look.md: what a player sees, by name. */

import { createPlayer, events, message, type Player, type PlayerOptions } from "./player.ts";
import { COMMANDS, connectFresh, openStory, PROSE, WHY } from "./salt_marsh.ts";

/** A face in some situation, on a screen of some size. */
export type Scene = (options: PlayerOptions) => Player;

function opening(options: PlayerOptions): Player {
  const player = createPlayer(options);
  connectFresh(player);
  return player;
}

function streaming(options: PlayerOptions): Player {
  const player = openStory({ ...options, answered: false });
  player.hear(events.progress("reply:5", "llama3.2 is reading 3,100 tokens"));
  const text = PROSE.key.slice(0, PROSE.key.indexOf(" knowing"));
  player.hear(events.chunk(text.slice(0, 90), { message_id: 5, parent_id: 4, offset: 0 }));
  player.wait(2500);
  player.hear(events.chunk(text.slice(90), { message_id: 5, parent_id: 4, offset: 90 }));
  player.type("I weigh the duck in my hand and ask what she was paid");
  player.wait(400);
  return player;
}

function answered(options: PlayerOptions): Player {
  const player = openStory({ ...options, answered: false });
  player.hear(events.chunk(PROSE.key, { message_id: 5, parent_id: 4, offset: 0 }));
  const usage = {
    prompt_tokens: 2900,
    cached_tokens: 0,
    completion_tokens: 204,
    cost: 0.0121,
    first_token_ms: 800,
    tokens_per_second: 24,
  };
  const reply = message(5, "assistant", PROSE.key, { usage, alternative: 2, alternatives: 3 });
  player.hear(events.end(reply, { recalled: { lore: 1, memories: 1 } }));
  for (const effect of player.effects()) {
    if (effect.kind === "say") player.hear(events.system("in words", { why: WHY }, effect.ref));
  }
  return player;
}

export const MARSH_SCENES: [string, Scene][] = [
  ["opening_starting", (options) => createPlayer(options)],
  ["opening", opening],
  ["opening_character", (options) => {
    const player = opening(options);
    player.press("enter", "down");
    return player;
  }],
  ["page", answered],
  ["streaming", streaming],
  ["waiting", (options) => {
    const player = openStory(options);
    player.type("I ask what she was paid.");
    player.press("enter");
    player.hear(events.message(message(6, "user", "I ask what she was paid."), "1"));
    player.hear(events.progress("reply:7", "llama3.2 is reading 3,100 tokens"));
    player.wait(6100);
    return player;
  }],
  ["error", (options) => {
    const player = openStory({ ...options, answered: false });
    player.hear(events.error("Groq has not answered for 60 s. Your line is kept."));
    player.hear(events.end(message(5, "assistant", "", { status: "failed" })));
    return player;
  }],
  ["popup_commands", (options) => {
    const player = answered(options);
    player.type("/co");
    return player;
  }],
  ["popup_models", (options) => {
    const player = answered(options);
    player.press("ctrl+o", "down", "down");
    return player;
  }],
  ["popup_stories", (options) => {
    const player = answered(options);
    player.press("ctrl+t");
    return player;
  }],
  ["desk", (options) => {
    const player = answered(options);
    player.press("tab");
    return player;
  }],
  ["keys", (options) => {
    const player = answered(options);
    player.press("f1");
    return player;
  }],
  ["why", (options) => {
    const player = answered(options);
    player.press("tab", "w");
    const asked = player.effects().findLast((effect) => effect.kind === "say");
    player.hear(events.system("Why", { why: WHY }, asked?.kind === "say" ? asked.ref : null));
    player.press("down");
    return player;
  }],
  ["search", (options) => {
    const player = answered(options);
    player.press("ctrl+f");
    player.type("lamp");
    return player;
  }],
  ["price", (options) => {
    const player = openStory(options);
    const line = "I ask what she was paid.";
    player.type(line);
    player.press("enter");
    const ask = { cost: 0.34, limit: 0.05, model: "Claude Sonnet 4.5" };
    player.hear(events.system("✗ This reply may cost about $0.34", { line, ask }, "1"));
    player.hear(events.end(null, {}, "1"));
    return player;
  }],
  ["offer", (options) => {
    const player = answered(options);
    player.send({ kind: "model_missing", bytes: 142_300_000 });
    return player;
  }],
  ["progress", (options) => {
    const player = answered(options);
    player.send({ kind: "model_step", done: 0, total: 142_300_000 });
    player.wait(13_000);
    player.send({ kind: "model_step", done: 41_000_000, total: 142_300_000 });
    return player;
  }],
  ["popup_rules", (options) => {
    const player = answered(options);
    const list = { name: "/rules list", usage: "/rules list", help: "List the rule packs", arguments: [] };
    player.hear({ event: "commands", content: "", ref: null, metadata: { commands: [...COMMANDS, list] } });
    player.type("/rules list");
    player.press("enter", "down");
    return player;
  }],
  ["popup_alone", (options) => {
    const player = answered(options);
    const [narrator] = player.model().story.models;
    const { world_id, character_id, session_id } = player.model().story;
    player.hear(events.sync({
      world_id,
      character_id,
      session_id,
      active_rules: ["slow_burn", "gritty"],
      available_models: [narrator],
    }));
    player.press("ctrl+o");
    return player;
  }],
  ["why_numbers", (options) => {
    const player = answered(options);
    player.press("f4");
    const asked = player.effects().findLast((effect) => effect.kind === "say");
    player.hear(events.system("Why", { why: WHY }, asked?.kind === "say" ? asked.ref : null));
    player.press("n");
    return player;
  }],
  ["question", (options) => {
    const player = streaming(options);
    player.press("ctrl+c");
    return player;
  }],
  ["lost", (options) => {
    const player = answered(options);
    player.link({ kind: "lost", retry_in_ms: 5000, reason: "the brain ended" });
    player.type("A line that nobody hears yet.\nWith a second row.");
    player.press("enter");
    return player;
  }],
  ["help", (options) => {
    const player = answered(options);
    player.type("/help");
    player.press("enter");
    return player;
  }],
  ["search_kept", (options) => {
    const player = answered(options);
    player.type("A draft that waits.");
    player.press("ctrl+f");
    player.type("duck");
    player.press("enter", "n");
    return player;
  }],
  ["editing", (options) => {
    const player = answered(options);
    player.press("tab", "up", "e");
    return player;
  }],
  ["desk_line", (options) => {
    const player = answered(options);
    player.press("tab", "up", "up", "up");
    return player;
  }],
  ["leave", (options) => {
    const player = answered(options);
    player.press("ctrl+c");
    return player;
  }],
  ["silent", (options) => {
    const player = streaming(options);
    player.wait(9000);
    return player;
  }],
  ["held", (options) => {
    const player = openStory({ ...options, answered: false });
    const text = Array.from({ length: 9 }, () => `${PROSE.key}\n\n${PROSE.nobody}`).join("\n\n");
    player.type("I listen.");
    player.press("enter");
    player.hear(events.chunk(text, { message_id: 5, parent_id: 4, offset: 0 }));
    player.wait(500);
    return player;
  }],
  ["broke_off", (options) => {
    const player = openStory({ ...options, answered: false });
    const text = PROSE.key.slice(0, PROSE.key.indexOf(" knowing"));
    player.hear(events.chunk(text, { message_id: 5, parent_id: 4, offset: 0 }));
    player.hear(events.error("The connection to Groq broke off. Your words are kept."));
    player.hear(events.end(message(5, "assistant", text, { status: "failed" })));
    return player;
  }],
  ["stopped", (options) => {
    const player = openStory({ ...options, answered: false });
    const text = PROSE.key.slice(0, PROSE.key.indexOf(" knowing"));
    player.hear(events.chunk(text, { message_id: 5, parent_id: 4, offset: 0 }));
    player.press("esc");
    player.hear(events.end(message(5, "assistant", text, { status: "stopped" })));
    return player;
  }],
  ["gone", (options) => {
    const player = openStory(options);
    const reason = "engine.db was written by a newer Flower Engine. Nothing was changed.";
    player.link({ kind: "gone", reason });
    return player;
  }],
  ["hint", (options) => {
    const player = openStory({ ...options, settings: { hint_seen: false } });
    return player;
  }],
  ["why_whole", (options) => {
    const player = answered(options);
    player.press("f4");
    const prompt = [
      { role: "system" as const, content: "Tell only the story.\n\nNever speak for the player." },
      { role: "user" as const, content: PROSE.apple },
      { role: "assistant" as const, content: PROSE.nobody },
    ];
    const asked = player.effects().findLast((effect) => effect.kind === "say");
    const ref = asked?.kind === "say" ? asked.ref : null;
    player.hear(events.system("Why", { why: { ...WHY, prompt } }, ref));
    return player;
  }],
  ["why_nothing", (options) => {
    const player = answered(options);
    player.press("f4");
    const asked = player.effects().findLast((effect) => effect.kind === "say");
    const why = { ...WHY, recalled: [], left_out: [] };
    player.hear(events.system("Why", { why }, asked?.kind === "say" ? asked.ref : null));
    return player;
  }],
  ["popup_worlds", (options) => {
    const player = answered(options);
    player.type("/world select ");
    player.press("down");
    return player;
  }],
  ["popup_themes", (options) => {
    const player = answered(options);
    player.type("/theme ");
    return player;
  }],
  ["popup_none", (options) => {
    const player = answered(options);
    player.press("ctrl+t");
    player.type("nowhere");
    return player;
  }],
  ["unknown", (options) => {
    const player = answered(options);
    player.type("/quti");
    player.press("enter");
    return player;
  }],
  ["text_page", (options) => {
    const player = answered(options);
    const pages = [
      'm12  you, 3 turns ago: "I take the duck down and shake it, listening."',
      `m13  the narrator, 3 turns ago: "${PROSE.key.slice(0, 78)}"`,
      'm9  you, 4 turns ago: "I give the boy a second apple." (pinned)',
      "Older ones: /memory list m9",
    ];
    player.hear(events.system(pages.join("\n"), {}, "1"));
    return player;
  }],
  ["markdown", (options) => {
    const player = openStory(options);
    player.hear(events.history([message(1, "assistant", MARKDOWN)]));
    player.press("home");
    return player;
  }],
  ["earlier", (options) => {
    const player = openStory(options);
    player.hear(events.history([message(8, "user", PROSE.duck), message(9, "assistant", PROSE.key)], true));
    player.press("home");
    return player;
  }],
  ["panel_off", (options) => {
    const player = answered(options);
    player.press("f2");
    return player;
  }],
  ["opening_words", (options) => {
    const player = opening(options);
    player.type("/world");
    return player;
  }],
  ["opening_trouble", (options) => {
    const player = opening(options);
    player.press("enter", "enter");
    player.hear(
      events.system(
        "✗ The Salt Marsh cannot be read: lore in row 12 is longer than 400 characters.",
        {},
        "3",
      ),
    );
    return player;
  }],
  ["opening_gone", (options) => {
    const player = createPlayer(options);
    const reason = "engine.db was written by a newer Flower Engine. Nothing was changed.";
    player.link({ kind: "gone", reason });
    return player;
  }],
];

/** Every form that a narrator writes in. */
const MARKDOWN = `# The ninth landing

*She nods,* and **nobody** speaks. "It got lit, *is* all," he says; ~~no~~ \`key 9\`.

- a rope, wet to the knot, that nobody will own to having tied
- the clay duck
  - and what is in it

1. Look up.
2. Do not look down.

> Come before the tide. I shall not wait, and I shall not write again to anybody on this side.

\`\`\`
EEL 6
OIL 11
\`\`\`

---

The [sign](https://example.com/sign) says *nothing*.`;
