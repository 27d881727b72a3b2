/** `/help`, `/usage`, `/cancel`. */

import { nearest } from "../../shared/slips.ts";
import { sideTotals, type UsageTotals, usageTotals } from "../store/usage.ts";
import { type Command, quote, single } from "./command.ts";

export const GENERAL_COMMANDS: Command[] = [
  {
    name: "/help",
    usage: "/help [COMMAND]",
    help: "List the commands, or explain one",
    arguments: [{ name: "COMMAND", kind: "text", required: false }],
    while_telling: true,
    run(context, args) {
      const typed = single(args).replace(/\s+/g, " ");
      const line = (command: Command) => `${command.usage}  ${command.help}`;
      if (typed === "") return { answer: context.commands.map(line).join("\n") };
      const wanted = typed.startsWith("/") ? typed : `/${typed}`;
      const found = context.commands.filter(({ name }) => name === wanted || name.startsWith(`${wanted} `));
      if (found.length > 0) return { answer: found.map(line).join("\n") };
      const near = nearest(wanted, context.commands.map(({ name }) => name));
      return {
        answer: `✗ There is no command ${quote(wanted)}.${near === "" ? "" : ` Did you mean ${near}?`}`,
      };
    },
  },
  {
    name: "/usage",
    usage: "/usage",
    help: "Tokens and cost of this story, and of all",
    arguments: [],
    while_telling: true,
    run({ deps, player_id, session }) {
      const lines = (session_id?: string) => [
        told(usageTotals(deps.db, player_id, session_id), ["reply", "replies"]),
        ...BESIDE.flatMap(({ kind, nouns }) => {
          const totals = sideTotals(deps.db, player_id, kind, session_id);
          return totals.turns === 0 ? [] : [`  Beside them ${told(totals, nouns)}`];
        }),
      ];
      const [all, ...beside] = lines();
      const everything = [`All stories: ${all}`, ...beside];
      if (session === undefined) return { answer: everything.join("\n") };
      const [own, ...own_beside] = lines(session.id);
      return { answer: [`This story: ${own}`, ...own_beside, ...everything].join("\n") };
    },
  },
  {
    name: "/cancel",
    usage: "/cancel",
    help: "Stop the narrator; what was told stays",
    arguments: [],
    while_telling: true,
    at_once: true,
    run: () => ({ answer: null, cancel: true }),
  },
];

/** What models are asked for beside replies. */
const BESIDE = [
  { kind: "summary", nouns: ["summary of the story so far", "summaries of the story so far"] },
  { kind: "facts", nouns: ["reading for facts", "readings for facts"] },
] as const;

function told(totals: UsageTotals, [one, many]: readonly [string, string]): string {
  const number = (value: number) => value.toLocaleString("en");
  const replies = `${number(totals.turns)} ${totals.turns === 1 ? one : many}`;
  const unknown = totals.unknown_cost_turns === 0
    ? ""
    : `, and ${totals.unknown_cost_turns} at an unknown price`;
  const cost = totals.cost === 0 ? (unknown === "" ? "it cost nothing" : "$0") : `$${totals.cost.toFixed(4)}`;
  if (totals.turns === 0) return `${replies}.`;
  return `${replies}, ${number(totals.prompt_tokens)} tokens read (${
    number(totals.cached_tokens)
  } cached), ` +
    `${number(totals.completion_tokens)} written, ${cost}${unknown}.`;
}
