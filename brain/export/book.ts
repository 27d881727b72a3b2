/** The shown path of a story as a book to read: Markdown or plain text. Pure. */

import type { Message } from "../../shared/story.ts";

export interface BookStory {
  title: string;
  /** Names, or ids where nothing of that id is known any more. */
  world: string;
  character: string;
  /** The shown path, the oldest first. */
  path: Pick<Message, "role" | "content" | "created_ms">[];
}

/** After a longer pause a new chapter begins. */
export const CHAPTER_PAUSE_MS = 6 * 3600 * 1000;

/** The whole book, ending with a line break. Control characters of the story are left out: a book may be shown by `cat`. */
export function writeBook(story: BookStory, format: "md" | "txt"): string {
  const title = oneLine(story.title) || oneLine(story.world) || "A story";
  const about = [["World", story.world], ["Character", story.character]]
    .filter(([, name]) => name !== "").map(([label, name]) => `${label}: ${oneLine(name)}`).join(" · ");
  const chapters = chaptersOf(story.path);
  const blocks = format === "md" ? [`# ${title}`] : [underlined(title, "=")];
  if (about !== "") blocks.push(format === "md" ? `*${about}*` : about);
  chapters.forEach((chapter, index) => {
    // A single chapter needs no number.
    if (chapters.length > 1) {
      const heading = `Chapter ${index + 1}, ${
        new Date(chapter[0].created_ms).toISOString().slice(0, 10)
      } (UTC)`;
      blocks.push(format === "md" ? `## ${heading}` : underlined(heading, "-"));
    }
    for (const { role, content } of chapter) {
      const text = clean(content);
      if (text === "") continue;
      // The player's lines stand apart; a heading of the narrator's own would look like a chapter.
      if (role === "user") blocks.push(text.split("\n").map((line) => `> ${line}`.trimEnd()).join("\n"));
      else blocks.push(format === "md" ? withoutHeadings(text) : text);
    }
  });
  return `${blocks.join("\n\n")}\n`;
}

/** The path cut where more than CHAPTER_PAUSE_MS lie between two messages; a clock set back makes no chapter. */
export function chaptersOf<Item extends { created_ms: number }>(path: readonly Item[]): Item[][] {
  const chapters: Item[][] = [];
  path.forEach((message, index) => {
    const pause = index === 0 ? Infinity : message.created_ms - path[index - 1].created_ms;
    if (pause > CHAPTER_PAUSE_MS) chapters.push([]);
    chapters[chapters.length - 1].push(message);
  });
  return chapters;
}

function withoutHeadings(text: string): string {
  return text.replace(/^( {0,3})(#{1,6}(?:\s|$))/gm, "$1\\$2").replace(
    /(?<=\S\n {0,3})(?==+\s*$|-+\s*$)/gm,
    "\\",
  );
}

function underlined(text: string, mark: string): string {
  return `${text}\n${mark.repeat(Math.min(72, [...text].length))}`;
}

function oneLine(text: string): string {
  return clean(text).replace(/\s+/g, " ");
}

function clean(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(/(?![\t\n])\p{Cc}/gu, "").trim();
}
