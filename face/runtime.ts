/** The loop: what happens goes in, at most one frame per 16 ms comes out, and nothing when nothing changed. */

import { nextWake, update } from "./app.ts";
import type { Link, LinkEvent } from "./app/link.ts";
import type { Effect, Msg } from "./app/messages.ts";
import { init, type Model } from "./app/model.ts";
import { createKeymap } from "./keymap.ts";
import { farewellOf } from "./app/farewell.ts";
import { lastPageOf } from "./app/last_page.ts";
import { applyReply, capsQuery, firstCaps } from "./term/caps.ts";
import { clipboardBytes } from "./term/clipboard.ts";
import { createKeyParser, type TermEvent } from "./term/keys.ts";
import { BELL, createLifecycle, denoHost, type Host } from "./term/lifecycle.ts";
import type { Terminal } from "./term/terminal.ts";
import { warmSegmenter } from "./term/width.ts";
import { createWriter } from "./term/writer.ts";
import { createFrames } from "./view/frames.ts";
import { type EditedOutside, editInProgram } from "./wiring/edit_outside.ts";
import { readOwnFiles, readThemes } from "./wiring/own_files.ts";
import type { MemoryModel } from "./wiring/memory_model.ts";
import { openHomeFiles } from "./wiring/home_files.ts";

export type { Link, LinkEvent } from "./app/link.ts";

export interface FaceOptions {
  terminal: Terminal;
  /** Opens the connection; what comes of it is passed to `on`. */
  link(on: (event: LinkEvent) => void): Link;
  /** Folder for the draft, what was said, and the settings. */
  home: string;
  env: (name: string) => string | undefined;
  /** The remote brain's address, or empty. */
  whose: string;
  /** The command that goes on with the story, for the farewell. */
  continue_command: string;
  /** Has a text edited by another program, which has the terminal meanwhile; by default $VISUAL or $EDITOR. */
  editOutside?: (text: string) => Promise<EditedOutside>;
  /** The model for memory by meaning, where the brain is on this machine. */
  memory_model?: MemoryModel;
  /** The process around it; tests give their own. */
  host?: Host;
  /** Milliseconds since 1970. */
  now?: () => number;
}

const FRAME_MS = 16;
const ESC_WAIT_MS = 25;

/** Takes the terminal, runs until the player leaves, gives the terminal back. `farewell` is for the normal screen. */
export async function runFace(options: FaceOptions): Promise<{ code: number; farewell: string[] }> {
  const { terminal, env } = options;
  const now = options.now ?? Date.now;
  const files = openHomeFiles(options.home);
  const saved = files.load();
  const own = readOwnFiles(options.home);
  const finished = Promise.withResolvers<void>();
  let code = 0;
  let over = false;

  const caps = firstCaps(env);
  const still = env("FLOWER_MOTION") === "off";
  const motion = !still && saved.settings.motion;
  let model: Model = init({
    size: terminal.size(),
    caps,
    settings: { ...saved.settings, motion },
    whose: options.whose,
    home: options.home,
    draft: saved.draft,
    said: saved.said,
    page: options.whose === "" ? files.loadPage() : null,
    keys: createKeymap(own.changes),
    themes: own.themes,
  });

  const parser = createKeyParser();
  const writer = createWriter(terminal, () => end(1));
  const lifecycle = createLifecycle(terminal, writer, options.host ?? denoHost(), {
    mouse: saved.settings.mouse === "wheel",
    onResume: () => {
      frames.forget();
      resize();
      draw();
    },
    onInterrupt: () => dispatch({ kind: "interrupt" }),
    beforeExit: keep,
    now,
  });

  const frames = createFrames();
  let drawn_ms = -Infinity;
  let drawn_model: Model | null = null;
  let frame_timer: ReturnType<typeof setTimeout> | undefined;
  let wake_timer: ReturnType<typeof setTimeout> | undefined;
  let esc_timer: ReturnType<typeof setTimeout> | undefined;
  let link: Link | null = null;
  const lending: { now: { back: Promise<void>; quiet: () => void } | null } = { now: null };

  function dispatch(msg: Msg): void {
    if (over) return;
    const [after, effects] = update(model, msg, now());
    model = after;
    for (const effect of effects) run(effect);
    if (over) return;
    wake();
    // A key is answered at once; what streams in waits for its frame.
    if (msg.kind === "term" || msg.kind === "click" || msg.kind === "resize") draw();
    else later();
  }

  function wake(): void {
    clearTimeout(wake_timer);
    const at = nextWake(model, now());
    wake_timer = at === null ? undefined : setTimeout(() => {
      // The screen may say something else now though the model is the same: a spinner, a second.
      drawn_model = null;
      dispatch({ kind: "tick" });
    }, Math.max(1, at - now()));
  }

  function later(): void {
    if (frame_timer !== undefined) return;
    // No longer than a frame: the clock may have gone back.
    const wait = Math.min(FRAME_MS, Math.max(0, drawn_ms + FRAME_MS - now()));
    if (wait === 0) return draw();
    frame_timer = setTimeout(draw, wait);
  }

  function draw(): void {
    // Not even to be cleared: the first touch of a timer loads 3 ms of code, and the first frame waits for nothing.
    if (frame_timer !== undefined) clearTimeout(frame_timer);
    frame_timer = undefined;
    if (over || (model === drawn_model && !frames.blank)) return;
    writer.frame(frame);
  }

  function frame(): Uint8Array {
    drawn_ms = now();
    drawn_model = model;
    return frames.next(model, drawn_ms);
  }

  function run(effect: Effect): void {
    switch (effect.kind) {
      case "say":
        if (link?.say({ prompt: effect.prompt, ref: effect.ref }) !== true) {
          dispatch({ kind: "unsent", prompt: effect.prompt, ref: effect.ref });
        }
        return;
      case "quit":
        return end(0);
      case "copy": {
        const bytes = clipboardBytes(effect.text);
        if (bytes !== null) {
          writer.send(bytes);
          return dispatch({ kind: "done", text: `${effect.what} is in the clipboard.`, error: false });
        }
        return dispatch({ kind: "done", ...files.writeText("copied", effect.text) });
      }
      case "write_story":
        return dispatch({ kind: "done", ...files.writeText(effect.name, effect.text) });
      case "save_draft":
        return files.saveDraft(effect.text);
      case "save_said":
        return files.saveSaid({ text: effect.line, story: effect.story });
      case "save_settings":
        // What the environment switched off is not the player's choice.
        return files.saveSettings(
          still ? { ...effect.settings, motion: saved.settings.motion } : effect.settings,
        );
      case "mouse":
        return lifecycle.mouse(effect.on);
      case "call":
        if (effect.bell) writer.send(BELL);
        lifecycle.title(effect.title);
        return;
      case "read_themes": {
        const read = readThemes(options.home);
        dispatch({ kind: "themes", themes: read.themes, wanted: effect.wanted });
        for (const text of read.problems) dispatch({ kind: "done", text, error: true });
        return;
      }
      case "look_for_model":
        options.memory_model?.missing().then((bytes) => dispatch({ kind: "model_missing", bytes }));
        return;
      case "fetch_model": {
        const none = "There is no model to fetch from here; the brain is elsewhere.";
        if (options.memory_model === undefined) return dispatch({ kind: "model_fetched", problem: none });
        options.memory_model.fetch((step) => dispatch({ kind: "model_step", ...step }))
          .then((problem) => dispatch({ kind: "model_fetched", problem }));
        return;
      }
      case "suspend":
        lifecycle.suspend();
        return;
      case "edit_outside":
        editOutside(effect.text);
        return;
      case "redraw":
        frames.forget();
        drawn_model = null;
        return;
      default:
        effect satisfies never;
    }
  }

  async function editOutside(text: string): Promise<void> {
    if (lending.now !== null) return;
    const back = Promise.withResolvers<void>();
    const quiet = Promise.withResolvers<void>();
    lending.now = { back: back.promise, quiet: quiet.resolve };
    files.flush();
    const edit = options.editOutside ?? ((line: string) => editInProgram(line, options.home, env));
    let edited: EditedOutside = {
      text: null,
      problem: "The editor could not be started. Your line is as it was.",
    };
    try {
      edited = await lifecycle.lend(quiet.promise, () => edit(text));
    } finally {
      lending.now = null;
      back.resolve();
      dispatch({ kind: "edited", ...edited });
    }
  }

  /** What must be there at the next start. */
  function keep(): void {
    files.flush();
    if (options.whose === "") files.savePage(lastPageOf(model));
  }

  function resize(): void {
    const { width, height } = terminal.size();
    if (width !== model.size.width || height !== model.size.height) {
      dispatch({ kind: "resize", width, height });
    }
  }

  function hear(events: TermEvent[]): void {
    for (const event of events) {
      if (event.kind === "mouse" && event.action === "press") {
        // A click means what was on the screen when it was made.
        const on = frames.clickAt(event.x, event.y);
        if (on !== null) dispatch({ kind: "click", on });
      } else if (event.kind !== "reply") dispatch({ kind: "term", event });
      else setCaps(applyReply(model.caps, event));
    }
    clearTimeout(esc_timer);
    if (parser.pending()) esc_timer = setTimeout(() => hear(parser.timeout()), ESC_WAIT_MS);
  }

  function setCaps(next: typeof caps): void {
    if (next !== model.caps) dispatch({ kind: "caps", caps: next });
  }

  function end(with_code: number): void {
    if (over) return;
    over = true;
    code = with_code;
    finished.resolve();
  }

  await lifecycle.enter();
  draw();
  const query = capsQuery(env);
  if (query !== "") writer.send(new TextEncoder().encode(query));
  const stop_resize = terminal.onResize(resize);
  const reading = (async () => {
    for await (const bytes of terminal.read()) {
      if (over) return;
      try {
        hear(parser.push(bytes));
      } catch (error) {
        // A defect of ours ends with its name; only a terminal that cannot be read ends without a word.
        reportError(error);
      }
      // Another program reads now: what is typed is its own.
      lending.now?.quiet();
      await lending.now?.back;
    }
    end(0);
  })();
  reading.catch(() => end(1));
  for (const text of own.problems) dispatch({ kind: "done", text, error: true });
  link = options.link((event) => dispatch({ kind: "link", event }));
  const warm_timer = setTimeout(warmSegmenter, 50);

  await finished.promise;
  for (const timer of [frame_timer, wake_timer, esc_timer, warm_timer]) clearTimeout(timer);
  stop_resize();
  link.close();
  options.memory_model?.close();
  keep();
  await lifecycle.leave();
  lifecycle.close();
  return { code, farewell: farewellOf(model, options.continue_command) };
}
