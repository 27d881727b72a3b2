/** A face without a terminal or a brain: things happen to the model at times we choose, and the screen is read as text. */

import type { Event, EventOf, RecalledOf, SyncState } from "../../shared/protocol.ts";
import { NO_USAGE } from "../../shared/protocol.ts";
import type { Message } from "../../shared/story.ts";
import { nextWake, update } from "../../face/app.ts";
import { DEFAULT_KEYS, type Keymap } from "../../face/keymap.ts";
import type { OwnTheme } from "../../face/theme.ts";
import type { LastPage } from "../../face/app/last_page.ts";
import type { LinkEvent } from "../../face/app/link.ts";
import type { Effect, Msg } from "../../face/app/messages.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../face/app/settings.ts";
import { init, type Model } from "../../face/app/model.ts";
import { createGrid, type Grid, gridText, rowText } from "../../face/term/grid.ts";
import type { TermEvent } from "../../face/term/keys.ts";
import { textWidth } from "../../face/term/width.ts";
import { clickAt } from "../../face/view/clicks.ts";
import { type Screen, view } from "../../face/view.ts";

const CAPS = {
  depth: "truecolor",
  utf8: true,
  sync: true,
  kitty: true,
  background: null,
  dark: true,
} as const;

/** Half past eight on a Thursday evening, local time: no test depends on the zone it runs in. */
export const EVENING_MS = new Date(2026, 2, 5, 20, 30).getTime();

export interface Player {
  model(): Model;
  now(): number;
  /** Everything that was wanted since the last call. */
  effects(): Effect[];
  /** Prompts said since the last call of this; other effects stay. */
  said(): string[];
  send(msg: Msg): void;
  link(event: LinkEvent): void;
  hear(event: Event): void;
  /** Presses keys by their chord: `enter`, `ctrl+c`, `alt+left`, `x`. */
  press(...chords: string[]): void;
  type(text: string): void;
  /** Clicks the first place on the screen where the words stand. */
  click(words: string): void;
  /** Lets time pass, with every tick that falls due. */
  wait(ms: number): void;
  screen(): string;
  grid(): Grid;
  drawn(): Screen;
}

const NAMED = /^(enter|esc|tab|space|backspace|delete|up|down|left|right|home|end|pgup|pgdn|f\d+)$/;

/** The event of a chord as the key parser makes it. */
export function keyEvent(chord: string): TermEvent {
  const parts = chord.length > 1 ? chord.split("+") : [chord];
  const key = parts.at(-1) || "+";
  const has = (modifier: string): boolean => parts.slice(0, -1).includes(modifier);
  if (parts.length === 1 && key === "space") return { kind: "text", text: " " };
  if (parts.length === 1 && !NAMED.test(key)) return { kind: "text", text: key };
  return { kind: "key", key, ctrl: has("ctrl"), alt: has("alt"), shift: has("shift") };
}

export interface PlayerOptions {
  width?: number;
  height?: number;
  settings?: Partial<Settings>;
  draft?: string;
  said?: string[];
  utf8?: boolean;
  depth?: Model["caps"]["depth"];
  whose?: string;
  page?: LastPage;
  keys?: Keymap;
  themes?: OwnTheme[];
}

export function createPlayer(options: PlayerOptions = {}): Player {
  const { width = 80, height = 24 } = options;
  let now = EVENING_MS;
  let model = init({
    size: { width, height },
    caps: { ...CAPS, utf8: options.utf8 ?? true, depth: options.depth ?? "truecolor" },
    settings: { ...DEFAULT_SETTINGS, ...options.settings },
    whose: options.whose ?? "",
    home: "/home/ann/.flower",
    draft: options.draft ?? "",
    said: options.said ?? [],
    page: options.page ?? null,
    keys: options.keys ?? DEFAULT_KEYS,
    themes: options.themes ?? [],
  });
  let effects: Effect[] = [];
  const send = (msg: Msg): void => {
    const [after, more] = update(model, msg, now);
    model = after;
    effects.push(...more);
  };
  const player: Player = {
    model: () => model,
    now: () => now,
    effects() {
      const all = effects;
      effects = [];
      return all;
    },
    said() {
      const said = effects.flatMap((effect) => effect.kind === "say" ? [effect.prompt] : []);
      effects = effects.filter((effect) => effect.kind !== "say");
      return said;
    },
    send,
    link: (event) => send({ kind: "link", event }),
    hear: (event) => send({ kind: "link", event: { kind: "event", event } }),
    press(...chords) {
      for (const chord of chords) send({ kind: "term", event: keyEvent(chord) });
    },
    type(text) {
      for (const char of text) send({ kind: "term", event: { kind: "text", text: char } });
    },
    click(words) {
      const grid = createGrid(model.size.width, model.size.height);
      const { clicks } = view(grid, model, now);
      for (let y = 0; y < grid.height; y++) {
        const at = rowText(grid, y).indexOf(words);
        if (at < 0) continue;
        const on = clickAt(clicks, textWidth(rowText(grid, y).slice(0, at)), y);
        if (on !== null) send({ kind: "click", on });
        return;
      }
      throw new Error(`"${words}" is not on the screen:\n${gridText(grid)}`);
    },
    wait(ms) {
      const until = now + ms;
      while (true) {
        const due = nextWake(model, now);
        if (due === null || due > until) break;
        now = Math.max(now + 1, due);
        if (now > until) break;
        send({ kind: "tick" });
      }
      now = until;
    },
    screen: () => gridText(player.grid()),
    grid() {
      const grid = createGrid(model.size.width, model.size.height);
      view(grid, model, now);
      return grid;
    },
    drawn: () => view(createGrid(model.size.width, model.size.height), model, now),
  };
  return player;
}

type Metadata<Name extends Event["event"]> = EventOf<Name>["metadata"];

export const events = {
  greeting: (protocol: number | null = 1): Event =>
    system("✓ Engine ready.", { greeting: { protocol, version: "0.1.0", player: "local" } }),
  system,
  sync: (state: Partial<SyncState>): Event => ({
    event: "sync_state",
    content: "State synchronized",
    ref: null,
    metadata: {
      model: "demo/narrator",
      model_confirmed: true,
      world_id: "",
      character_id: "",
      session_id: "",
      active_rules: [],
      available_worlds: null,
      available_characters: null,
      available_models: null,
      available_rules: null,
      available_sessions: null,
      ...state,
    },
  }),
  history: (history: Message[], more = false, recalled: RecalledOf[] = []): Event => (
    { event: "chat_history", content: "", ref: null, metadata: { history, more, recalled } }
  ),
  message: (message: Message, ref: string | null = null): Event => (
    { event: "message", content: "", ref, metadata: { message } }
  ),
  chunk: (content: string, metadata: Partial<Metadata<"chat_chunk">> = {}): Event => ({
    event: "chat_chunk",
    content,
    ref: null,
    metadata: {
      model: "llama3.2",
      tokens_per_second: 24,
      world_id: "salt_marsh",
      message_id: null,
      parent_id: null,
      offset: null,
      ...metadata,
    },
  }),
  end: (
    message: Message | null,
    metadata: Partial<Metadata<"chat_end">> = {},
    ref: string | null = null,
  ): Event => (
    {
      event: "chat_end",
      content: "",
      ref,
      metadata: { total_tokens: 0, message, recalled: null, ...metadata },
    }
  ),
  error: (content: string): Event => ({ event: "error", content, ref: null, metadata: {} }),
  progress: (id: string, label: string, state: "running" | "done" = "running"): Event => (
    {
      event: "progress",
      content: "",
      ref: null,
      metadata: { id, label, done: 0, total: null, unit: "items", state },
    }
  ),
};

function system(
  content: string,
  metadata: Partial<Metadata<"system_update">> = {},
  ref: string | null = null,
): Event {
  const nothing = { greeting: null, model: null, world_id: null, character_id: null, session_id: null };
  return {
    event: "system_update",
    content,
    ref,
    metadata: { ...nothing, active_rules: null, line: null, why: null, ask: null, found: null, ...metadata },
  };
}

/** A settled message. */
export function message(
  id: number,
  role: Message["role"],
  content: string,
  part: Partial<Message> = {},
): Message {
  return {
    id,
    parent_id: id > 1 ? id - 1 : null,
    role,
    content,
    status: "complete",
    model: role === "assistant" ? "llama3.2" : "",
    usage: role === "assistant" ? NO_USAGE : null,
    created_ms: EVENING_MS + id * 60_000,
    alternative: 1,
    alternatives: 1,
    ...part,
  };
}

/** A number between 0 and 1 that only the seed decides (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
