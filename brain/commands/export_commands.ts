/** `/export`: the story that is shown, as a book or as a file that can be imported. */

import { type BookStory, writeBook } from "../export/book.ts";
import { EXPORT_FORMATS, type ExportFormat, exportName } from "../export/names.ts";
import { writeStoryFile } from "../export/story_file.ts";
import { readArchive } from "../store/archive.ts";
import { pathTo } from "../store/messages.ts";
import { type Command, quote, single } from "./command.ts";

export const EXPORT_COMMANDS: Command[] = [
  {
    name: "/export",
    usage: "/export [md|txt|jsonl]",
    help: "Write this story to a file: a book to read, or (jsonl) all of it, to be imported",
    arguments: [{ name: "FORMAT", kind: "text", required: false }],
    while_telling: true,
    owner_only: "/open of the face writes your story on your own.",
    async run({ deps, player_id, session }, args) {
      const typed = single(args).toLowerCase() || "md";
      const format = EXPORT_FORMATS.find((known) => known === typed);
      if (format === undefined) {
        return { answer: `✗ There is no format ${quote(typed)}: ${EXPORT_FORMATS.join(", ")}.` };
      }
      if (session === undefined) {
        return { answer: "✗ There is no story to export. /session new begins one." };
      }
      const names = {
        world: deps.library.worlds().find(({ id }) => id === session.world_id)?.name,
        character: deps.library.characters().find(({ id }) => id === session.character_id)?.name,
      };
      const text = (format: ExportFormat) => {
        // Read in this moment: a reply that is being written is there as far as it is told.
        if (format === "jsonl") return writeStoryFile(readArchive(deps.db, player_id, session.id)!);
        const story: BookStory = {
          title: session.title,
          world: names.world ?? session.world_id,
          character: names.character ?? session.character_id,
          path: pathTo(deps.db, player_id, session.leaf_id),
        };
        return writeBook(story, format);
      };
      const name = exportName(session.title || (names.world ?? ""), session.id, format);
      try {
        return { answer: `✓ Exported to ${await deps.writeExport(name, text(format))}` };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { answer: `✗ The story could not be written: ${why}` };
      }
    },
  },
];
