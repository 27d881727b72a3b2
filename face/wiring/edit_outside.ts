/** The player's own editor: a text goes into a file that only they can read, and comes back when the program ends. */

/** `text` null: the line is as it was. `problem` says why, or is empty. */
export interface EditedOutside {
  text: string | null;
  problem: string;
}

/** Runs $VISUAL or $EDITOR on the text. Never throws; what was written is lost on no way out. */
export async function editInProgram(
  text: string,
  home: string,
  env: (name: string) => string | undefined,
): Promise<EditedOutside> {
  const program = env("VISUAL") || env("EDITOR") || "";
  if (program === "") {
    return {
      text: null,
      problem: "No editor is named: set EDITOR, as in EDITOR=nano, and start Flower again.",
    };
  }
  const before = text === "" ? "" : `${text}\n`;
  let path = "";
  try {
    const folder = `${home}/face`;
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    path = Deno.makeTempFileSync({ dir: folder, prefix: "line-", suffix: ".md" });
    Deno.writeTextFileSync(path, before, { mode: 0o600 });
    // The shell splits what EDITOR holds, as every program does: "code --wait".
    const { code } = await new Deno.Command("/bin/sh", {
      args: ["-c", `${program} "$1"`, "sh", path],
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn().status;
    const after = Deno.readTextFileSync(path);
    if (code !== 0) {
      const name = program.split(" ")[0];
      if (after === before) {
        Deno.removeSync(path);
        return { text: null, problem: `${name} ended with code ${code}. Your line is as it was.` };
      }
      return { text: null, problem: `${name} ended with code ${code}. What was written is in ${path}` };
    }
    Deno.removeSync(path);
    return { text: after.replaceAll("\r\n", "\n"), problem: "" };
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/ \(os error \d+\).*$/s, "") : String(error);
    return { text: null, problem: `${program} could not be used: ${why}. Your line is as it was.` };
  }
}
