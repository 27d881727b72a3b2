/** What the brain answers to a command, as a player reads it. */

import type { Story } from "./story.ts";

const ANSWERS =
  /^(New session:|Active world set to|Active character set to|Hot-swapped model to|Deleted session|Rule) (\S+?)(?:[.,:;]?( .*))?$/;

/** The original's answers name ids; the page names things. */
export function inWords(story: Story, words: string): string {
  const { worlds, characters, models, rules } = story;
  const named = (list: readonly { id: string; name: string }[], id: string): string =>
    list.find((item) => item.id === id)?.name ?? id;
  if (words === "All active rules cleared") return "All rules are off.";
  const found = ANSWERS.exec(words);
  if (found === null) return words;
  const [, what, id, more = ""] = found;
  switch (what) {
    case "New session:":
      return "A new story begins.";
    case "Active world set to":
      return `The world is ${named(worlds, id)} now.${more}`;
    case "Active character set to":
      return `You are ${named(characters, id)} now.${more}`;
    case "Hot-swapped model to":
      return `${named(models, id)} narrates from here on.${more}`;
    case "Deleted session":
      return "The story is deleted.";
    default:
      return `The rule ${named(rules, id.replace(/^'|'$/g, ""))} is${more}.`;
  }
}
