/**
 * Only story reaches the story: takes a model's thoughts and its template's marks out of a stream, and ends the
 * reply where the model begins to speak for the player. Everything else passes unchanged.
 */

import { MARK_START, markAt } from "./markers.ts";

export interface Filtered {
  /** Story to show now. */
  text: string;
  /** The reply ends here; nothing more will come. */
  ended: boolean;
  /** What was given out before was no story (thoughts whose opening tag never came): drop it, `text` is the beginning. */
  restart: boolean;
}

export interface StoryFilter {
  /** The next piece of the stream, cut anywhere. */
  push(text: string): Filtered;
  /** The stream is over: what was held back. */
  flush(): string;
}

/** Speakers that are the player, whatever the player's name is. */
const PLAYER_LABELS = ["User", "Player", "{{user}}"];
const NARRATOR_LABELS = ["", "*", "**", "***", "_", "__"].flatMap((mark) => [
  `${mark}narrator:${mark}`,
  `${mark}narrator${mark}:`,
]);
const DECORATION = /^[*_#>]{0,6} ?[*_]{0,3}/;

/**
 * A filter for one reply. `player_names`: names that the player's lines could be headed with. `before`: what
 * stands in the message already when the reply is continued; white space at the beginning then counts, and where both
 * sides lack it a space stands between them (`seam`): that joins two answers and rewrites neither.
 *
 * All that may still turn out to be a mark is held back, so that the result is the same however the stream is cut.
 */
export function createStoryFilter(player_names: string[], before = ""): StoryFilter {
  const speakers = [...player_names, ...PLAYER_LABELS]
    .map((name) => name.trim().toLowerCase()).filter((name) => name !== "");
  let mode: "story" | "thought" | "channel" | "header" = "story";
  let pending = "";
  /** The name in a header, as far as it has come. */
  let header = "";
  /** White space that is given out with the next word, so that none is left when a mark ends the reply. */
  let gap = "";
  let line_start = true;
  /** Nothing has been told yet. */
  let fresh = true;
  let trim = before === "";
  let thought_seen = false;
  let ended = false;
  let out = "";
  let restart = false;

  function tell(text: string): void {
    if (fresh && gap === "") gap = seam(before, text);
    out += gap + text;
    gap = "";
    fresh = false;
    trim = false;
    line_start = false;
  }

  function beginStory(): void {
    mode = "story";
    line_start = true;
    if (fresh) {
      gap = "";
      trim = true;
    }
  }

  /** Each step takes something from `pending`; false: it must wait for more. */
  function step(last: boolean): boolean {
    switch (mode) {
      case "story":
        return storyStep(last);
      case "thought":
        return thoughtStep(last);
      case "channel":
      case "header":
        return headerStep(last);
    }
  }

  function storyStep(last: boolean): boolean {
    const space = /^\s+/.exec(pending);
    if (space) {
      if (!trim) gap += space[0];
      line_start ||= space[0].includes("\n");
      pending = pending.slice(space[0].length);
      return true;
    }
    if (line_start) {
      const speaker = speakerAt(pending, speakers);
      if (speaker === "maybe" && !last) return false;
      if (speaker === "yes") return end();
      const narrator = fresh ? prefixAt(pending, NARRATOR_LABELS) : 0;
      if (narrator === "maybe" && !last) return false;
      if (typeof narrator === "number" && narrator > 0) {
        pending = pending.slice(narrator);
        gap = "";
        trim = true;
        return true;
      }
    }
    const plain = pending.search(/[\s<[◁]/);
    if (plain !== 0) {
      let length = plain < 0 ? pending.length : plain;
      // Half of a character at the end: the other half comes with the next piece.
      if (!last && plain < 0 && /[\uD800-\uDBFF]$/.test(pending)) length -= 1;
      if (length === 0) return false;
      tell(pending.slice(0, length));
      pending = pending.slice(length);
      return true;
    }
    return markStep(last);
  }

  function markStep(last: boolean): boolean {
    const found = markAt(pending);
    if (found === "maybe" && !last) return false;
    if (found === "maybe" || found === null) {
      tell(pending[0]);
      pending = pending.slice(1);
      return true;
    }
    pending = pending.slice(found.length);
    switch (found.mark) {
      case "open":
        thought_seen = true;
        mode = "thought";
        return true;
      case "close":
        // A second closing tag is litter; the first without an opening one turns all before it into thoughts.
        if (!thought_seen) {
          restart = true;
          out = "";
          fresh = true;
        }
        thought_seen = true;
        beginStory();
        return true;
      case "channel":
        thought_seen = true;
        mode = "channel";
        header = "";
        return true;
      case "header":
        if (!fresh) return end();
        mode = "header";
        header = "";
        return true;
      case "body":
        return true;
      case "token":
        return end();
    }
  }

  function thoughtStep(last: boolean): boolean {
    const at = pending.search(MARK_START);
    if (at !== 0) {
      pending = at < 0 ? "" : pending.slice(at);
      return true;
    }
    const found = markAt(pending);
    if (found === "maybe" && !last) return false;
    if (found === "maybe" || found === null) {
      pending = pending.slice(1);
      return true;
    }
    pending = pending.slice(found.length);
    if (found.mark === "close") beginStory();
    if (found.mark === "channel") {
      mode = "channel";
      header = "";
    }
    return true;
  }

  /** The name of a channel or of a role. `final` is the channel of the reply itself. */
  function headerStep(last: boolean): boolean {
    const found = MARK_START.test(pending[0]) ? markAt(pending) : null;
    if (found === "maybe" && !last) return false;
    if (found !== "maybe" && found !== null) {
      pending = pending.slice(found.length);
      if (found.mark === "body") return closeHeader();
      if (found.mark === "channel") {
        mode = "channel";
        header = "";
      }
      return true;
    }
    const char = pending[0];
    pending = pending.slice(1);
    if (mode === "header" && char === "\n") return closeHeader();
    header = (header + char).slice(0, 40);
    return true;
  }

  function closeHeader(): boolean {
    const name = header.trim().toLowerCase();
    if (mode === "header" && /^(user|human|player)\b/.test(name)) return end();
    if (mode === "channel" && !name.startsWith("final")) mode = "thought";
    else beginStory();
    return true;
  }

  function end(): boolean {
    ended = true;
    pending = "";
    gap = "";
    return false;
  }

  function run(last: boolean): Filtered {
    out = "";
    restart = false;
    while (pending !== "" && step(last));
    return { text: out, ended, restart };
  }

  return {
    push(text) {
      if (ended) return { text: "", ended, restart: false };
      pending += text;
      return run(false);
    },
    flush() {
      const { text } = run(true);
      const rest = ended || fresh ? text : text + gap;
      gap = "";
      ended = true;
      return rest;
    },
  };
}

/** Marks that open and close alike, told apart by how many stand before them in the paragraph. */
const PAIRED = ['"', "*", "_"];

/**
 * What stands between a reply and its continuation where the model left it out: asked to go on, many begin a new
 * sentence without a blank. A space, only between the end of a word or sentence and a capital or an opening quotation
 * mark; a small letter may be the rest of a word that was cut in two, as may a capital after a capital, and scripts
 * without capitals have no blanks there.
 */
function seam(before: string, next: string): string {
  const paragraph = before.slice(before.lastIndexOf("\n") + 1);
  const [last, first] = [paragraph.at(-1) ?? "", next[0]];
  const open = (mark: string) => (paragraph.split(mark).length - 1) % 2 === 1;
  const ends = PAIRED.includes(last)
    ? !open(last)
    : /(?:[\p{Ll}\p{N}.,;:!?…)\]”’»]|(?<!\p{L})[IA])$/u.test(paragraph);
  // German closes with the mark that English opens with.
  const closes = first === "“" && paragraph.lastIndexOf("„") > paragraph.lastIndexOf("“");
  const begins = PAIRED.includes(first) ? !open(first) : /[\p{Lu}“„«]/u.test(first) && !closes;
  return ends && begins ? " " : "";
}

/** Length of the first of `labels` (lower case) that `text` begins with, 0 for none. */
function prefixAt(text: string, labels: string[]): number | "maybe" {
  const lower = text.slice(0, 32).toLowerCase();
  const found = labels.filter((label) => lower.startsWith(label)).sort((a, b) => b.length - a.length)[0];
  // `**narrator**:` is told from `**narrator:**` only by what follows, so a longer label may still come.
  if (labels.some((label) => label.length > lower.length && label.startsWith(lower))) return "maybe";
  return found?.length ?? 0;
}

/** Whether a line is headed with a speaker's name and a colon, in plain letters or in Markdown. */
function speakerAt(line: string, speakers: string[]): "yes" | "maybe" | "no" {
  const decoration = DECORATION.exec(line)?.[0] ?? "";
  const rest = line.slice(decoration.length);
  if (rest === "") return "maybe";
  let maybe = false;
  for (const name of speakers) {
    const head = rest.slice(0, name.length).toLowerCase();
    if (head === name) {
      const after = rest.slice(name.length).replace(/^[*_]{0,3} ?/, "");
      if (/^[:：]/.test(after)) return "yes";
      maybe ||= after === "";
    } else if (rest.length < name.length && name.startsWith(head)) maybe = true;
  }
  return maybe ? "maybe" : "no";
}
