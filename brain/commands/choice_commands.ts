/** `/world`, `/character`, `/rules`, `/nsfw`, `/model`: what the player plays with. */

import { attachedBytes, attachLore } from "../store/lore.ts";
import { chunkLore } from "../memory/units.ts";
import { updateSession } from "../store/sessions.ts";
import { choose, type Command, type Context, type Outcome, quote, single } from "./command.ts";

/** How long `/model` waits for a first list of models. */
const CATALOGUE_WAIT_MS = 3000;

/** Another world or character leaves the session; nothing is deleted and `/session continue` brings all three back. */
function chosen(
  context: Context,
  change: { world_id?: string; character_id?: string },
  answer: string,
): Outcome {
  const left = context.state.session_id !== "";
  return {
    answer,
    changed: change,
    state: { ...change, session_id: "" },
    history: left ? "after_sync" : undefined,
  };
}

const list = (items: { id: string; name: string }[], current: string | string[], none: string): string =>
  items.length === 0 ? none : items.map(({ id, name }) => {
    const marked = Array.isArray(current) ? current.includes(id) : current === id;
    return `${marked ? "✓" : "·"} ${id}: ${name}`;
  }).join("\n");

export const CHOICE_COMMANDS: Command[] = [
  {
    name: "/model",
    usage: "/model [ID | refresh]",
    help: "Choose who narrates, list the models, or fetch the lists again",
    arguments: [{ name: "ID", kind: "model", required: false }],
    while_telling: true,
    async run(context, args) {
      const id = single(args);
      const { catalogue } = context.deps;
      if (id === "refresh") {
        await catalogue.refresh();
        const count = catalogue.models().length;
        return { answer: `✓ ${count} ${count === 1 ? "model" : "models"} on offer.`, sync: true };
      }
      if (id === "") {
        const names = catalogue.models().map((model) => model.id);
        const shown = names.slice(0, 40).join(", ");
        return {
          answer: `The narrator is ${context.session?.model ?? context.model}. On offer: ${shown}` +
            (names.length > 40 ? ` and ${names.length - 40} more.` : "."),
        };
      }
      if (/\s/.test(id)) {
        return { answer: `Error: ${quote(id)} is not recognized. A model id has no spaces.` };
      }
      if (!listed(context, id)) await atMost(catalogue.ready, CATALOGUE_WAIT_MS);
      const target = context.deps.registry.resolve(id);
      if (target === undefined) {
        return { answer: `Error: ${id} is not recognized. /model lists what is on offer.` };
      }
      const { session, deps, player_id } = context;
      // A server may have more context by now than it was seen to read.
      const learned = deps.learned.get(id);
      if (learned !== undefined) deps.learned.set(id, { ...learned, cut: null });
      if (session !== undefined) updateSession(deps.db, player_id, session.id, { model: id });
      return {
        answer: `Hot-swapped model to ${id}` +
          (listed(context, id) ? "" : `. It is in no list I have, I will try it at ${target.entry.label}.`),
        changed: { model: id },
        state: { model: id },
      };
    },
  },
  {
    name: "/world select",
    usage: "/world select ID",
    help: "Choose the world of the next story",
    arguments: [{ name: "ID", kind: "world", required: true }],
    while_telling: false,
    run(context, args) {
      const world = choose(single(args), context.deps.library.worlds(), "world");
      if (typeof world === "string") return { answer: world };
      return chosen(context, { world_id: world.id }, `Active world set to ${world.id}`);
    },
  },
  {
    name: "/world list",
    usage: "/world list",
    help: "List the worlds",
    arguments: [],
    while_telling: true,
    run: (context) => ({
      answer: list(context.deps.library.worlds(), context.state.world_id, "There is no world yet."),
    }),
  },
  {
    name: "/world attach_lore",
    usage: "/world attach_lore TEXT",
    help: "Add a piece of lore to this world, for you alone",
    arguments: [{ name: "TEXT", kind: "text", required: true }],
    while_telling: true,
    run(context, args) {
      const { deps, player_id, state } = context;
      const text = args.trim();
      if (state.world_id === "") return { answer: "✗ Select a world first: /world select ID." };
      if (text === "") return { answer: "✗ What lore? /world attach_lore TEXT" };
      if (/^(?:[~.]{0,2}\/\S+|\S+\.(?:md|txt))$/i.test(text)) {
        return { answer: `✗ ${text} is a path, no lore. /world sync_folder reads the files of a folder.` };
      }
      const bytes = new TextEncoder().encode(text).length + attachedBytes(deps.db, player_id, state.world_id);
      if (context.lore_bytes > 0 && bytes > context.lore_bytes) {
        const [all, most] = [bytes, context.lore_bytes].map((count) => count.toLocaleString("en"));
        return {
          answer: `✗ With this your lore of this world would have ${all} bytes, and ${most} are kept. ` +
            "/lore list shows it, /lore detach takes a piece out. Nothing was attached.",
        };
      }
      const pieces = attachLore(deps.db, player_id, state.world_id, chunkLore(text), "attached");
      return { answer: `Lore attached successfully.${pieces > 1 ? ` It makes ${pieces} pieces.` : ""}` };
    },
  },
  {
    name: "/world sync_folder",
    usage: "/world sync_folder PATH",
    help: "Read a folder of .md and .txt files as lore of this world",
    arguments: [{ name: "PATH", kind: "text", required: true }],
    while_telling: true,
    owner_only: "/world attach_lore takes a text.",
    async run(context, args) {
      const { deps, player_id, state } = context;
      const path = single(args);
      if (state.world_id === "") return { answer: "✗ Select a world first: /world select ID." };
      if (path === "") return { answer: "✗ Which folder? /world sync_folder PATH" };
      try {
        const { files, left_out } = await deps.readLoreFolder(path);
        const units = files.flatMap((file) => chunkLore(file.text));
        const pieces = attachLore(deps.db, player_id, state.world_id, units, path);
        return {
          answer: `✓ ${files.length} ${files.length === 1 ? "file" : "files"}, ${pieces} ${
            pieces === 1 ? "piece" : "pieces"
          } of lore from ${path}. Say it again after a change.${leftOut(left_out)}`,
        };
      } catch (error) {
        return { answer: `✗ ${error instanceof Error ? error.message : String(error)}` };
      }
    },
  },
  {
    name: "/character select",
    usage: "/character select ID",
    help: "Choose whom you play",
    arguments: [{ name: "ID", kind: "character", required: true }],
    while_telling: false,
    run(context, args) {
      const character = choose(single(args), context.deps.library.characters(), "character");
      if (typeof character === "string") return { answer: character };
      return chosen(context, { character_id: character.id }, `Active character set to ${character.id}`);
    },
  },
  {
    name: "/character list",
    usage: "/character list",
    help: "List the characters",
    arguments: [],
    while_telling: true,
    run: (context) => ({
      answer: list(
        context.deps.library.characters(),
        context.state.character_id,
        "There is no character yet.",
      ),
    }),
  },
  {
    name: "/rules add",
    usage: "/rules add ID",
    help: "Switch a rule pack on",
    arguments: [{ name: "ID", kind: "rule", required: true }],
    while_telling: true,
    run(context, args) {
      const rule = choose(single(args), context.deps.library.rules(), "rule pack");
      if (typeof rule === "string") return { answer: rule };
      const rules = context.state.rules.includes(rule.id)
        ? context.state.rules
        : [...context.state.rules, rule.id];
      return withRules(rules, `✓ Rule '${rule.id}' activated`);
    },
  },
  {
    name: "/rules remove",
    usage: "/rules remove ID",
    help: "Switch a rule pack off",
    arguments: [{ name: "ID", kind: "active_rule", required: true }],
    while_telling: true,
    run(context, args) {
      const active = context.state.rules.map((id) => ({
        id,
        name: context.deps.library.rules().find((rule) => rule.id === id)?.name ?? id,
      }));
      const rule = choose(single(args), active, "active rule pack");
      if (typeof rule === "string") return { answer: rule };
      const rest = context.state.rules.filter((id) => id !== rule.id);
      return withRules(rest, `✓ Rule '${rule.id}' removed`);
    },
  },
  {
    name: "/rules clear",
    usage: "/rules clear",
    help: "Switch all rule packs off",
    arguments: [],
    while_telling: true,
    run: () => withRules([], "✓ All active rules cleared"),
  },
  {
    name: "/rules list",
    usage: "/rules list",
    help: "List the rule packs",
    arguments: [],
    while_telling: true,
    run: (context) => ({
      answer: list(context.deps.library.rules(), context.state.rules, "There is no rule pack yet."),
    }),
  },
  {
    name: "/nsfw",
    usage: "/nsfw",
    help: "Switch your own rule pack nsfw on or off",
    arguments: [],
    while_telling: true,
    run(context) {
      const { state, deps } = context;
      if (state.rules.includes("nsfw")) {
        const rest = state.rules.filter((id) => id !== "nsfw");
        return withRules(rest, "✓ NSFW mode DISABLED - Back to standard content");
      }
      if (!deps.library.rules().some((rule) => rule.id === "nsfw")) {
        return {
          answer:
            `✗ NSFW rule file not found. Write one: ${deps.config.home}/rules/nsfw.yaml with the keys id: nsfw, name, prompt.`,
        };
      }
      return withRules([...state.rules, "nsfw"], "✓ NSFW mode ENABLED - Unrestricted adult content");
    },
  },
];

function leftOut(files: readonly string[]): string {
  const more = files.length > 5 ? `, and ${files.length - 5} more` : "";
  return files.length === 0 ? "" : ` Left out: ${files.slice(0, 5).join(", ")}${more}.`;
}

function withRules(rules: string[], answer: string): Outcome {
  return { answer, changed: { active_rules: rules }, state: { rules } };
}

function listed(context: Context, id: string): boolean {
  return context.deps.catalogue.models().some((model) => model.id === id);
}

/** Waits for `promise`, at most `ms` milliseconds. */
async function atMost(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, ms));
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
