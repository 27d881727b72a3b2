/** The tables of the README that code decides: keys, commands, exit codes. `deno task readme` writes them anew. */

import { join } from "node:path";
import { COMMANDS } from "../../brain/commands/table.ts";
import { FACE_COMMANDS } from "../../face/face_commands.ts";
import { keyHelp } from "../../face/keymap.ts";
import { EXIT } from "../../shared/roles.ts";

export const README = join(import.meta.dirname ?? ".", "..", "..", "README.md");

const cell = (text: string) => text.replaceAll("|", "\\|");

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

const EXIT_WORDS: Record<keyof typeof EXIT, string> = {
  done: "done",
  failed: "failed: the reason stands on stderr",
  usage: "wrong usage, with a hint",
  no_brain: "no brain: its port is taken, its home is locked, or it has another version",
  turn_failed: "the turn failed (plain mode)",
  interrupted: "interrupted",
};

/** Pictures of the screen that the README shows, as the tests hold them. */
const SCREENS = ["streaming_120x36", "opening_80x24", "why_80x24"];
const GOLDEN = join(import.meta.dirname ?? ".", "..", "golden");

function picture(name: string): string {
  return `\`\`\`text\n${Deno.readTextFileSync(join(GOLDEN, `${name}.txt`)).trimEnd()}\n\`\`\``;
}

/** Markdown by the name of its place in the README. */
export function readmeTables(): Record<string, string> {
  return {
    ...Object.fromEntries(SCREENS.map((name) => [`screen ${name}`, picture(name)])),
    keys: keyHelp().map(({ heading, place, rows }) => {
      const lines = rows.map(({ label, help, action }) => [cell(label), cell(help), `\`${action}\``]);
      return `**${heading}** (\`${place}\`)\n\n${table(["key", "does", "action"], lines)}`;
    }).join("\n\n"),
    commands: table(
      ["command", "does"],
      [...COMMANDS, ...FACE_COMMANDS].map(({ usage, help }) => [`\`${cell(usage)}\``, cell(help)]),
    ),
    exits: table(
      ["code", "means"],
      Object.entries(EXIT).map(([name, code]) => [String(code), EXIT_WORDS[name as keyof typeof EXIT]]),
    ),
  };
}

/** The README with its tables replaced. Throws when a place is missing. */
export function withTables(readme: string): string {
  let text = readme;
  for (const [name, markdown] of Object.entries(readmeTables())) {
    const [begin, end] = [`<!-- ${name}: written by deno task readme -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`README.md has no place for ${name}: ${begin}`);
    text = `${text.slice(0, from + begin.length)}\n\n${markdown}\n\n${text.slice(to)}`;
  }
  return text;
}

if (import.meta.main) await Deno.writeTextFile(README, withTables(await Deno.readTextFile(README)));
