/** The roles that work on the database and the home, as commands of the command line. */

import { Command, Option } from "@commander-js/extra-typings";
import { BRAIN_ROLES } from "../../shared/roles.ts";
import { EXPORT_FORMATS, type ExportFormat } from "../export/names.ts";

/** What the player asked for. Paths are as typed. */
export type Order =
  | { role: "backup"; file: string; force: boolean }
  | { role: "restore"; file: string }
  | { role: "doctor"; json: boolean }
  /** `out` null: standard output. */
  | {
    role: "export";
    story: string;
    format: ExportFormat;
    out: string | null;
    force: boolean;
    player: string;
  }
  | { role: "import"; file: string; player: string }
  | { role: "import_original"; folder: string }
  | { role: "memory"; action: "rebuild" | "check" }
  | { role: "token"; action: "add" | "revoke" | "list"; name: string };

/** The one player at this machine. */
export const LOCAL_PLAYER = "local";

/** Adds the commands to `program`; `run` is called with what was asked for. */
export function addOrders(program: Command, run: (order: Order) => Promise<void>): void {
  const command = (name: string) =>
    program.command(name).description(BRAIN_ROLES.find((role) => role.name === name)?.help ?? "")
      .copyInheritedSettings(program).exitOverride();
  const player = () =>
    new Option("--player <name>", "whose stories; for brains with several players").default(LOCAL_PLAYER);

  command("backup").argument("<file>", "where the copy goes")
    .option("--force", "replace a file that is there")
    .action((file, own) => run({ role: "backup", file, force: own.force ?? false }));
  command("restore").argument("<file>", "a backup")
    .action((file) => run({ role: "restore", file }));
  command("doctor")
    .option("--json", "findings as JSON, for programs")
    .action((own) => run({ role: "doctor", json: own.json ?? false }));
  command("export").argument("<story>", "its id or title, or how one of them begins")
    .addOption(
      new Option("--format <format>", "a book to read, or (jsonl) everything, to be imported")
        .choices(EXPORT_FORMATS).default("md" as const),
    )
    .option("--out <file>", "where it goes (default: standard output)")
    .option("--force", "replace a file that is there")
    .addOption(player())
    .action((story, { format, out, force, player }) =>
      run({ role: "export", story, format, out: out ?? null, force: force ?? false, player })
    );
  const imports = command("import").argument("<file>", "a story that was exported as jsonl")
    .addOption(player())
    .action((file, own) => run({ role: "import", file, player: own.player }));
  imports.command("flower-engine").description("take over a folder of the original Flower Engine")
    .copyInheritedSettings(program).exitOverride()
    .argument("<folder>", "where its engine.db, config.yaml and assets are")
    .action((folder) => run({ role: "import_original", folder }));

  const memory = command("memory");
  const about = { rebuild: "make anew what differs, and fill the Chroma server", check: "say what differs" };
  for (const action of ["rebuild", "check"] as const) {
    memory.command(action).description(about[action]).copyInheritedSettings(program).exitOverride()
      .action(() => run({ role: "memory", action }));
  }

  const tokens = command("token");
  const verb = (name: string, what: string) =>
    tokens.command(name).description(what).copyInheritedSettings(program).exitOverride();
  verb("add", "let somebody play from elsewhere; prints the token, once").argument(
    "<name>",
    "what to call them",
  )
    .action((name) => run({ role: "token", action: "add", name }));
  verb("revoke", "take it back; their stories stay").argument("<name>", "whose")
    .action((name) => run({ role: "token", action: "revoke", name }));
  verb("list", "who has one").action(() => run({ role: "token", action: "list", name: "" }));
}
