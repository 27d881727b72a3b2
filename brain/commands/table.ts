/** The one list of all commands of the brain. Their names and help travel to the face from here. */

import type { CommandItem } from "../../shared/protocol.ts";
import { CHOICE_COMMANDS } from "./choice_commands.ts";
import type { Command } from "./command.ts";
import { EXPORT_COMMANDS } from "./export_commands.ts";
import { GENERAL_COMMANDS } from "./general_commands.ts";
import { MEMORY_COMMANDS } from "./memory_commands.ts";
import { SESSION_COMMANDS } from "./session_commands.ts";
import { STORY_COMMANDS } from "./story_commands.ts";
import { SUMMARY_COMMANDS } from "./summary_commands.ts";
import { WHY_COMMANDS } from "./why_commands.ts";

export const COMMANDS: readonly Command[] = [
  ...STORY_COMMANDS,
  ...SESSION_COMMANDS,
  ...CHOICE_COMMANDS,
  ...WHY_COMMANDS,
  ...MEMORY_COMMANDS,
  ...SUMMARY_COMMANDS,
  ...EXPORT_COMMANDS,
  ...GENERAL_COMMANDS,
];

/** What a face is told: no handlers. */
export function commandItems(commands: readonly Command[] = COMMANDS): CommandItem[] {
  return commands.map(({ name, usage, help, arguments: args }) => ({ name, usage, help, arguments: args }));
}
