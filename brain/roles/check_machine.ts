/** Checks of the machine and of what the player wrote: versions, home, config, assets, terminal. */

import { join } from "node:path/posix";
import manifest from "../../deno.json" with { type: "json" };
import { openLibrary } from "../library/assets.ts";
import { sqliteVersion } from "../store/inspect.ts";
import { bad, type Finding, note, ok } from "./findings.ts";
import { counted, type Place, statOrNull } from "./place.ts";

/** The Deno that this version was built and tested with: older ones lack what it relies on. */
const DENO = [2, 9] as const;

/** Versions of the engine, of Deno and of SQLite; a Deno that is too old is bad. */
export function checkVersions(): Finding[] {
  const text = `Flower Engine ${manifest.version}, Deno ${Deno.version.deno}, SQLite ${sqliteVersion()}, ` +
    `${Deno.build.os} ${Deno.build.arch}`;
  const [major, minor] = Deno.version.deno.split(".").map(Number);
  const old = major < DENO[0] || (major === DENO[0] && minor < DENO[1]);
  return [
    old
      ? bad("versions", text, `deno upgrade ${DENO.join(".")}.5: it needs Deno ${DENO.join(".")} or newer`)
      : ok("versions", text),
  ];
}

/** Whether the home can be written, by writing there. */
export async function checkHome(place: Place): Promise<Finding[]> {
  const { home } = place;
  const info = await statOrNull(home).catch(() => null);
  if (info === null) {
    let above = join(home, "..");
    while (await statOrNull(above).catch(() => null) === null && above !== "/") above = join(above, "..");
    return await isWritable(above)
      ? [note("home", `${home} is not there yet`, "it is made when you play for the first time")]
      : [
        bad("home", `${home} is not there, and ${above} cannot be written`, "name another home with --home"),
      ];
  }
  if (!info.isDirectory) return [bad("home", `${home} is no folder`, "name another home with --home")];
  if (!await isWritable(home)) {
    return [
      bad("home", `${home} cannot be written`, `chmod u+rwx ${home}, or name another home with --home`),
    ];
  }
  if (info.mode !== null && (info.mode & 0o077) !== 0) {
    return [note("home", `${home} can be written, and read by others on this machine`, `chmod 700 ${home}`)];
  }
  return [ok("home", `${home} can be written`)];
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    const probe = await Deno.makeTempFile({ dir: folder, prefix: ".doctor-" });
    await Deno.remove(probe);
    return true;
  } catch {
    return false;
  }
}

/** What the config and the environment say, with every complaint about them. */
export async function checkConfig(place: Place): Promise<Finding[]> {
  const { config, config_file, keys } = place;
  const complaints = config.complaints.map((text) =>
    note("config", text, "correct that line, or leave it out")
  );
  if (config_file === null) {
    return [
      ok("config", `no config.yaml, so everything has its default (one would be ${place.home}/config.yaml)`),
      ...complaints,
    ];
  }
  const info = await statOrNull(config_file).catch(() => null);
  const open = info?.mode !== null && info?.mode !== undefined && (info.mode & 0o077) !== 0;
  const found: Finding[] = complaints.length === 0 ? [ok("config", config_file)] : complaints;
  if (
    open && /^\s*\w*api_key\s*:/m.test(await Deno.readTextFile(config_file).catch(() => "")) &&
    Object.keys(keys).length > 0
  ) {
    found.push(
      note("config", `${config_file} holds a key and can be read by others`, `chmod 600 ${config_file}`),
    );
  }
  return found;
}

/** Worlds, characters and rules, with every file that is broken. */
export async function checkAssets(place: Place): Promise<Finding[]> {
  // Opening the library makes the player's folders: not in a home that is not there.
  const home = await statOrNull(place.home).catch(() => null) === null ? place.assets : place.home;
  const library = await openLibrary(place.assets, home);
  library.close();
  const [worlds, characters, rules] = [library.worlds(), library.characters(), library.rules()];
  const problems = home === place.home ? library.problems() : [];
  const found = problems.map(({ file, line, col, reason }) =>
    note("assets", `${file}:${line}:${col}: ${reason}`, "correct it there; a running brain reads it again")
  );
  if (worlds.length === 0 || characters.length === 0) {
    const what = worlds.length === 0 ? "world" : "character";
    found.push(
      bad("assets", `there is no ${what} in ${place.assets}`, "name the folder of assets with --assets"),
    );
  } else {
    const counts = [
      counted(worlds.length, "world"),
      counted(characters.length, "character"),
      counted(rules.length, "rule pack"),
    ];
    found.unshift(ok("assets", counts.join(", ")));
  }
  return found;
}

/** What the environment says about the terminal, and its size. */
export function checkTerminal(env: (name: string) => string | undefined): Finding[] {
  if (!Deno.stdout.isTerminal()) {
    return [
      note(
        "terminal",
        "this output goes to no terminal, so there was nothing to look at",
        "run it in the terminal you play in",
      ),
    ];
  }
  const found: Finding[] = [];
  const term = env("TERM") ?? "";
  const colour = /^(truecolor|24bit)$/i.test(env("COLORTERM") ?? "")
    ? "24-bit colour"
    : term.includes("256color")
    ? "256 colours"
    : "16 colours";
  if (term === "" || term === "dumb") {
    found.push(
      bad(
        "terminal",
        `TERM is "${term}": it cannot place the cursor`,
        "play in a terminal that can, like xterm",
      ),
    );
  }
  const locale =
    ["LC_ALL", "LC_CTYPE", "LANG"].map((name) => env(name) ?? "").find((value) => value !== "") ?? "";
  const utf8 = locale === "" || /utf-?8/i.test(locale);
  if (!utf8) {
    found.push(
      note("terminal", `the locale ${locale} is not UTF-8: frames are drawn in ASCII`, "export LANG=C.UTF-8"),
    );
  }
  let size = "";
  try {
    const { columns, rows } = Deno.consoleSize();
    size = `, ${columns}x${rows}`;
    if (columns < 60 || rows < 16) {
      found.push(note("terminal", `${columns}x${rows} is small`, "80x24 or more shows everything"));
    }
  } catch {
    // A terminal without a size: its lines above say enough.
  }
  const plain = (env("NO_COLOR") ?? "") === "" ? colour : "no colour, as NO_COLOR asks";
  found.push(ok("terminal", `${term || "unknown"}, ${plain}, ${utf8 ? "UTF-8" : "no UTF-8"}${size}`));
  return found;
}
