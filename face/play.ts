/** The roles that draw: a face together with the brain it starts or finds. */

import { EXIT } from "../shared/roles.ts";
import { fromSources, type Self } from "../shared/self.ts";
import { type BrainLink, NoBrain, openLink } from "./brain_link.ts";
import { checked, createLauncher, isLocked, type Launcher, readBrainFile } from "./launch.ts";
import type { watchCode } from "./dev.ts";
import type { Common, Plain } from "./main.ts";
import { type LinkEvent, runFace } from "./runtime.ts";
import { denoTerminal } from "./term/terminal.ts";
import { createMemoryModel } from "./wiring/memory_model.ts";
import { readToken } from "./wiring/token.ts";

/** What `deno task` makes of one Ctrl+C comes within this time. */
const INTERRUPT_REPEAT_MS = 300;

export interface PlayOptions {
  /** Folder that holds brain/ and face/; real. */
  root: string;
  version: string;
  env: (name: string) => string | undefined;
  /** How it starts a brain; from the sources in `root` unless it is given. */
  self?: Self;
  /** What a player types to play again. */
  command?: string;
}

/** The roles; each resolves to the exit code. */
export function createPlay(options: PlayOptions): {
  play(common: Common, plain: Plain): Promise<number>;
  dev(common: Common): Promise<number>;
  face(common: Common, url: string | null, token_file: string | null): Promise<number>;
} {
  const { root, version, env, self = fromSources(root), command = "deno task play" } = options;
  return {
    async play(common, plain) {
      const screen = !plain.plain && Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
      if (!screen) return await tellPlainly(common, plain);
      if (plain.world !== null || plain.character !== null) {
        return refuseWith({
          message: "--world and --character go with --plain; the screen asks for them.",
          code: EXIT.usage,
        });
      }
      return await onScreen(common, false);
    },
    dev: (common) => onScreen(common, true),
    async face(common, url, token_file) {
      const refused = refuse(common, version) ?? noTerminal() ?? noToken(url, token_file);
      if (refused) return refuseWith(refused);
      if (url !== null) {
        return await draw(common, { url, token_file }, () => ({
          launcher: null,
          // Read at each attempt: a new token may have been put there.
          locate: () => Promise.resolve({ url, token: readToken(token_file) }),
          watch: null,
          when_refused: token_file === null
            ? "Begin again with --token-file FILE, which has one."
            : `Put another one into ${token_file}: it is tried by itself.`,
        }));
      }
      if (!isLocked(common.home)) {
        return refuseWith(
          new NoBrain(`No brain runs on ${common.home}. "${command}" starts one.`, EXIT.no_brain),
        );
      }
      return await draw(common, null, () => {
        const launcher = createLauncher({ home: common.home, version, front_door: null });
        return { launcher, locate: launcher.locate, watch: null };
      });
    },
  };

  function frontDoor(common: Common): string[] {
    const door = ["brain", "--with-parent", "--home", common.home];
    if (common.config !== null) door.push("--config", common.config);
    if (common.assets !== null) door.push("--assets", common.assets);
    return self.role(door);
  }

  /** `flower models ACTION --json` on this home. */
  function modelsRole(common: Common): (action: string) => string[] {
    const own = ["--home", common.home];
    if (common.config !== null) own.push("--config", common.config);
    if (common.assets !== null) own.push("--assets", common.assets);
    return (action) => self.role(["models", action, "--json", ...own]);
  }

  async function onScreen(common: Common, dev: boolean): Promise<number> {
    const refused = refuse(common, version) ?? noTerminal();
    if (refused) return refuseWith(refused);
    const watch = dev ? (await import("./dev.ts")).watchCode : null;
    return await draw(common, null, (tell) => {
      const launcher = createLauncher({
        home: common.home,
        version,
        front_door: frontDoor(common),
        on_restart: (retry_in_ms, reason) => tell({ kind: "lost", retry_in_ms, reason }),
      });
      return { launcher, locate: launcher.locate, watch };
    });
  }

  /** Line by line on stdin and stdout. */
  async function tellPlainly(common: Common, { world, character }: Plain): Promise<number> {
    const refused = refuse(common, version);
    if (refused) return refuseWith(refused);
    const { linesOf, runPlain } = await import("./plain.ts");
    const launcher = createLauncher({ home: common.home, version, front_door: frontDoor(common) });
    const interrupted = new AbortController();
    let interrupted_ms = Infinity;
    const interrupt = () => {
      // A second one is of somebody who waits no longer; `deno task` forwards the first twice.
      if (performance.now() - interrupted_ms > INTERRUPT_REPEAT_MS) Deno.exit(EXIT.interrupted);
      if (!interrupted.signal.aborted) interrupted_ms = performance.now();
      interrupted.abort();
    };
    Deno.addSignalListener("SIGINT", interrupt);
    let opened: BrainLink | null = null;
    const encoder = new TextEncoder();
    const write = (file: { writeSync(bytes: Uint8Array): number }) => (text: string) => {
      for (let rest = encoder.encode(text); rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
    };
    const code = await runPlain({
      link(on) {
        opened = openLink({ locate: launcher.locate }, on);
        return opened;
      },
      lines: linesOf(Deno.stdin.readable).values(),
      out: write(Deno.stdout),
      err: write(Deno.stderr),
      world,
      character,
      interactive: Deno.stdin.isTerminal(),
      signal: interrupted.signal,
    });
    const failure = (opened as BrainLink | null)?.failure() ?? null;
    Deno.removeSignalListener("SIGINT", interrupt);
    await launcher.close();
    return failure?.code ?? code;
  }

  /** The command that goes on with the story of this face. */
  function comesBack(common: Common, elsewhere: Elsewhere | null): string {
    const words = [command];
    if (elsewhere !== null) {
      words[0] = command.replace(/play$/, "face");
      words.push("--url", quoted(elsewhere.url));
      if (elsewhere.token_file !== null) words.push("--token-file", quoted(elsewhere.token_file));
    }
    if (common.home_named) words.push("--home", quoted(common.home));
    return words.join(" ");
  }

  /** Draws at once; the brain is looked for meanwhile. */
  async function draw(
    common: Common,
    elsewhere: Elsewhere | null,
    open: (tell: (event: LinkEvent) => void) => Source,
  ): Promise<number> {
    let launcher: Launcher | null = null;
    let link: BrainLink | null = null;
    let watch: { close(): Promise<void> } | null = null;
    let failure: NoBrain | null = null;
    const { code, farewell } = await runFace({
      terminal: denoTerminal(),
      link(tell) {
        const source = open(tell);
        launcher = source.launcher;
        const opened = openLink({ locate: source.locate, when_refused: source.when_refused }, (event) => {
          if (event.kind === "gone") failure = opened.failure();
          else if (event.kind === "connected") failure = null;
          tell(event);
        });
        link = opened;
        if (source.watch !== null) {
          watch = source.watch({
            root,
            problem: (text) => tell({ kind: "problem", text }),
            restart: async () => {
              await source.launcher?.restart();
              opened.retry();
            },
          });
        }
        return opened;
      },
      home: common.home,
      // A brain elsewhere has its own.
      memory_model: elsewhere === null && !self.compiled ? createMemoryModel(modelsRole(common)) : undefined,
      env,
      whose: elsewhere?.url ?? "",
      continue_command: comesBack(common, elsewhere),
    });
    const ending = [watch, launcher] as ({ close(): Promise<void> } | null)[];
    (link as BrainLink | null)?.close();
    await Promise.all(ending.map((part) => part?.close()));
    for (const line of farewell) console.log(line);
    const gone = failure as NoBrain | null;
    if (gone === null) return code;
    console.error(gone.message);
    return gone.code;
  }
}

/** A brain that runs on its own, as the player named it. */
interface Elsewhere {
  url: string;
  token_file: string | null;
}

/** Where the link of a face looks for its brain. */
interface Source {
  launcher: Launcher | null;
  locate: Launcher["locate"];
  /** What the player can do about a token that a brain elsewhere refuses. */
  when_refused?: string;
  /** Set when a change of the code starts the brain again. */
  watch: typeof watchCode | null;
}

/** A reason not to draw at all. */
interface Refusal {
  message: string;
  code: number;
}

function noTerminal(): Refusal | null {
  if (Deno.stdin.isTerminal() && Deno.stdout.isTerminal()) return null;
  return { message: "A face needs a terminal for its keys and its screen; this is none.", code: EXIT.usage };
}

function refuse(common: Common, version: string): Refusal | null {
  try {
    Deno.mkdirSync(common.home, { recursive: true, mode: 0o700 });
    const running = isLocked(common.home) ? readBrainFile(common.home) : null;
    if (running) checked(running, version);
  } catch (error) {
    if (error instanceof NoBrain) return error;
    const why = error instanceof Error ? error.message.replace(/ \(os error \d+\).*$/s, "") : String(error);
    return {
      message: `The home ${common.home} cannot be used: ${why}. Name another one with --home.`,
      code: EXIT.failed,
    };
  }
  return null;
}

function noToken(url: string | null, token_file: string | null): Refusal | null {
  if (token_file !== null && url === null) {
    return { message: "--token-file goes with --url: a brain on this machine needs none.", code: EXIT.usage };
  }
  try {
    readToken(token_file);
    return null;
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error), code: EXIT.usage };
  }
}

function refuseWith({ message, code }: Refusal): number {
  console.error(message);
  return code;
}

/** For a POSIX shell. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
