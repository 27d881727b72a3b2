// The real face in a pseudo terminal, with the real brain: however it ends, the shell has its terminal as it was, the draft
// is kept, and no process is left.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";
import { parseBrainFile } from "../../shared/home.ts";
import { FACE, gone, isRunning, ROOT, tempHome, until } from "../support/processes.ts";
import { childrenOf } from "../support/pty.ts";
import { assertGivenBack, assertTaken, FAREWELL, type Shell, startShell } from "../support/shell.ts";

const BROKEN = join(ROOT, "tests", "support", "broken_view.ts");
const DENO = Deno.execPath();
const WORLDS = /Where do you want to go\?\s+› 1 /;
const IGNORE = Deno.build.os !== "linux";

interface Play {
  shell: Shell;
  home: string;
  /** The face's own process. */
  face(): Promise<number>;
  brain(): number;
}

/** Plays in a shell that afterwards says the exit code and whether the line mode is what it was. */
async function withPlay(
  check: (play: Play) => Promise<void>,
  options: { command?: string; config?: string; width?: number } = {},
): Promise<void> {
  await using home = await tempHome(options.config ?? "narrator_word_ms: 1\n");
  const command = options.command ?? `${DENO} run -A --no-check --quiet --preload ${BROKEN} ${FACE} play`;
  const script = `echo "shell $$."; before=$(stty -g); ${command} --home ${home.path}; echo "code $?."; ` +
    `[ "$before" = "$(stty -g)" ] && echo "line mode kept"; echo over`;
  await using shell = startShell(["sh", "-c", script], { columns: options.width ?? 80 });
  const brain = () => {
    try {
      return parseBrainFile(Deno.readTextFileSync(join(home.path, "brain.json")))?.pid ?? 0;
    } catch {
      return 0;
    }
  };
  const face = () =>
    until(() => {
      // Below `deno task` the face is its child.
      let pid = 0;
      for (let [child] = childrenOf(shell.pid); child !== undefined; [child] = childrenOf(child)) {
        if (Deno.readTextFileSync(`/proc/${child}/cmdline`).includes("face/main.ts")) return child;
        if (child === pid) break;
        pid = child;
      }
      return null;
    }, "the face runs");
  await check({ shell, home: home.path, face, brain });
}

/** The normal screen as it was before, the exit code, and the line mode. */
async function sawEnd(shell: Shell, code: number): Promise<void> {
  const [, seen] = await shell.shows(/code (\d+)\.[^]*over/);
  assert.equal(Number(seen), code);
  assertGivenBack(shell);
  assert.match(shell.emulator.row(0), /^shell \d+\.$/, "the normal screen is as it was");
  assert.match(shell.emulator.text(), /^line mode kept$/m);
}

/** Two keys from the opening to the story, and a line that is said. */
async function say({ shell }: Play): Promise<void> {
  await shell.shows(WORLDS);
  shell.type("\r");
  await shell.shows(/Who are you there\?\s+› 1 /);
  shell.type("\r");
  // The start message is told like a reply: what is said meanwhile waits for its end.
  await shell.shows(/looks\s+at\s+the\s+rope\.[^]*Tab reread/);
  shell.type("I look around.\r");
}

/** The same, and its reply is being told: only where words are slow enough to be seen. */
async function inMidReply(play: Play): Promise<void> {
  await say(play);
  await play.shell.shows(/› I look around\.[^]*narrating/);
}

/** A reply of some sixty words lasts half a minute: whatever happens in it has the time to. */
const SLOW = "narrator_word_ms: 80\n";

Deno.test({
  name: "exit: /quit gives the terminal back and prints two lines",
  ignore: IGNORE,
  fn: () =>
    withPlay(async (play) => {
      const { shell } = play;
      await say(play);
      await shell.shows(/› I look around\.[^]*Tab reread/);
      assertTaken(shell);
      const brain = play.brain();
      shell.type("/quit\r");
      await sawEnd(shell, 0);
      // The terminal wraps where it likes, also at a blank.
      const text = shell.emulator.text().replace(/\s/g, "");
      assert.match(text, /^shell\d+\.✿[^✿]+,1turndenotaskplay--home\/\S+goesonwhereitstopped\.code0\./);
      await gone(brain);
    }),
});

Deno.test({
  name: "exit: Ctrl+C twice leaves the opening; deno task play ends with the face's code",
  ignore: IGNORE,
  fn: () =>
    withPlay(async ({ shell, brain }) => {
      await shell.shows(WORLDS);
      const pid = brain();
      assert.ok(pid > 0);
      shell.type("\x03");
      await shell.shows(/Ctrl\+C again leaves/);
      // Twice within 300 ms is one: `deno task` doubles a Ctrl+C. Four seconds later the first is forgotten.
      await new Promise((resolve) => setTimeout(resolve, 350));
      shell.type("\x03");
      await sawEnd(shell, 0);
      await gone(pid);
    }, { command: "deno task --quiet play" }),
});

/** Whether a signal was sent to a process that has not taken it yet. */
function isPending(pid: number, signal: Deno.Signal): boolean {
  const [, mask] = /^ShdPnd:\s+([0-9a-f]+)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? [];
  const number = { SIGUSR1: 10, SIGUSR2: 12, SIGALRM: 14 }[signal as string] ?? 0;
  return (BigInt(`0x${mask ?? 0}`) >> BigInt(number - 1) & 1n) === 1n;
}

// The view is drawn with the next word by itself: a key as well might reach the shell after the end.
const FAULTS: [string, Deno.Signal, string, RegExp][] = [
  ["an error thrown in view", "SIGUSR1", "", /Error: the view is broken/],
  ["a rejected promise", "SIGUSR2", "", /Error: nobody awaits this/],
  ["an error thrown by a key", "SIGALRM", "x", /Error: a key is broken/],
];

for (const [name, signal, keys, says] of FAULTS) {
  Deno.test({
    name: `exit: ${name} gives the terminal back, says what it was, and keeps the draft`,
    ignore: IGNORE,
    fn: () =>
      withPlay(async (play) => {
        const { shell } = play;
        await inMidReply(play);
        shell.type("A draft that nobody sent");
        await shell.shows(/› A draft that nobody sent/);
        const pid = await play.face();
        const brain = play.brain();
        Deno.kill(pid, signal);
        // The listener runs before anything typed after its signal was seen by the process.
        if (keys !== "") await until(() => !isPending(pid, signal), "the signal has come");
        await new Promise((resolve) => setTimeout(resolve, 500));
        shell.type(keys);
        await sawEnd(shell, 1);
        assert.match(shell.emulator.text(), says);
        assert.match(
          await Deno.readTextFile(join(play.home, "face", "draft.txt")),
          /^A draft that nobody sentx?$/,
        );
        await gone(brain);
      }, { config: SLOW }),
  });
}

for (const [signal, code] of [["SIGTERM", 143], ["SIGHUP", 129], ["SIGQUIT", 131]] as const) {
  Deno.test({
    name: `exit: ${signal} in mid-reply gives the terminal back and keeps the draft`,
    ignore: IGNORE,
    fn: () =>
      withPlay(async (play) => {
        const { shell } = play;
        await inMidReply(play);
        shell.type("A draft");
        await shell.shows(/› A draft/);
        const brain = play.brain();
        Deno.kill(await play.face(), signal);
        await sawEnd(shell, code);
        assert.equal(await Deno.readTextFile(join(play.home, "face", "draft.txt")), "A draft");
        await gone(brain);
      }, { config: SLOW }),
  });
}

Deno.test({
  name: "exit: SIGINT from outside asks as Ctrl+C does; the answer stops the reply and leaves",
  ignore: IGNORE,
  fn: () =>
    withPlay(async (play) => {
      const { shell } = play;
      await inMidReply(play);
      const brain = play.brain();
      Deno.kill(await play.face(), "SIGINT");
      await shell.shows(/Leave while the narrator speaks\?/);
      assertTaken(shell);
      shell.type("s");
      await sawEnd(shell, 0);
      await gone(brain);
    }, { config: SLOW }),
});

Deno.test({
  name: "exit: SIGTERM to deno task play ends the face, the brain and the task",
  ignore: IGNORE,
  fn: () =>
    withPlay(async ({ shell, face, brain }) => {
      await shell.shows(WORLDS);
      const pid = await face();
      const brain_pid = brain();
      Deno.kill(childrenOf(shell.pid)[0], "SIGTERM");
      await sawEnd(shell, 143);
      await gone(pid);
      await gone(brain_pid);
    }, { command: "deno task --quiet play" }),
});

Deno.test({
  name: "exit: a brain that is killed in mid-reply leaves the face in place; leaving gives the terminal back",
  ignore: IGNORE,
  fn: () =>
    withPlay(async (play) => {
      const { shell } = play;
      await inMidReply(play);
      const brain = play.brain();
      Deno.kill(brain, "SIGKILL");
      await until(() => isRunning(play.brain()) && play.brain() !== brain, "another brain");
      await shell.shows(/stopped/);
      assertTaken(shell);
      const second = play.brain();
      shell.type("/quit\r");
      await sawEnd(shell, 0);
      await gone(second);
    }, { config: SLOW }),
});

Deno.test({
  name: "exit: a window that is closed in mid-reply ends face and brain, and keeps the draft",
  ignore: IGNORE,
  fn: () =>
    withPlay(async (play) => {
      const { shell } = play;
      await inMidReply(play);
      shell.type("A draft");
      await shell.shows(/› A draft/);
      const pids = [await play.face(), play.brain()];
      shell.hangUp();
      for (const pid of pids) await gone(pid);
      assert.equal(await Deno.readTextFile(join(play.home, "face", "draft.txt")), "A draft");
    }, { config: SLOW }),
});

/** All processes below `pid` in the shell's job: not the brain, which is in a group of its own. */
function groupOf(pid: number): number[] {
  return childrenOf(pid).filter((child) => {
    const line = Deno.readTextFileSync(`/proc/${child}/cmdline`);
    return !line.includes("brain/main.ts");
  }).flatMap((child) => [child, ...groupOf(child)]);
}

function isStopped(pid: number): boolean {
  return Array.from(Deno.readDirSync(`/proc/${pid}/task`)).every(({ name }) =>
    /^\d+ \(.*\) T /.test(Deno.readTextFileSync(`/proc/${pid}/task/${name}/stat`))
  );
}

/** The last reply as the story's file has it. */
function lastReply(home: string): { content: string; status: string } {
  const db = new DatabaseSync(join(home, "engine.db"), { readOnly: true });
  try {
    return db.prepare(
      "SELECT content, status FROM messages WHERE role = 'assistant' ORDER BY id DESC LIMIT 1",
    )
      .get() as { content: string; status: string };
  } finally {
    db.close();
  }
}

for (const when of ["while the reply goes on", "after the reply has ended"]) {
  Deno.test({
    name:
      `exit: Ctrl-Z in a shell, and fg ${when}: the shell has its terminal, then the face, the reply is whole`,
    ignore: IGNORE,
    async fn() {
      await using home = await tempHome("narrator_word_ms: 60\n");
      await using shell = startShell(["bash", "--norc", "--noprofile", "-i"], {
        env: { PS1: "shell> ", HISTFILE: "" },
      });
      await shell.shows(/shell> $/m);
      shell.type("before=$(stty -g)\r");
      await shell.shows(/stty -g\)\s+shell> $/m);
      shell.type(`deno task --quiet play --home ${home.path}\r`);
      const play: Play = { shell, home: home.path, face: () => Promise.reject(), brain: () => 0 };
      await inMidReply(play);
      assertTaken(shell);
      shell.type("\x1a");
      await shell.shows(/Stopped[^]*shell> $/m);
      // All of the group is stopped at once, but not in the same instant: who still reads would take the next keys.
      await until(() => groupOf(shell.pid).every(isStopped), "the whole group is stopped");
      // At its prompt an interactive bash wants pastes in brackets, too.
      assertGivenBack(shell, [2004]);
      shell.type('[ "$before" = "$(stty -g)" ] && echo "line mode" kept\r');
      await shell.shows(/^line mode kept$/m);
      assert.equal(lastReply(home.path).status, "writing", "the reply goes on");
      if (when.startsWith("after")) {
        await until(() => lastReply(home.path).status === "complete", "the reply ends without a face");
      }
      shell.type("fg\r");
      await shell.shows(/Tab reread/);
      assertTaken(shell);
      const { content, status } = lastReply(home.path);
      assert.equal(status, "complete");
      const words = (text: string) => text.replace(/[*›✿\s]+/g, " ").trim();
      const ended = words(content).slice(-300);
      assert.ok(
        words(shell.emulator.text()).includes(ended),
        `${ended}\nis not whole:\n${shell.emulator.text()}`,
      );
      const seen = shell.emulator.text();
      shell.type("\f");
      await shell.shows(/Tab reread/);
      assert.equal(shell.emulator.text(), seen, "a fresh drawing shows the same");
      shell.type("/quit\r");
      await shell.shows(new RegExp(`${FAREWELL.source}[^]*shell> $`, "m"));
      assertGivenBack(shell, [2004]);
      shell.type('[ "$before" = "$(stty -g)" ] && echo "line mode" kept again\r');
      await shell.shows(/^line mode kept again$/m);
      shell.type("exit\r");
      await shell.ended;
    },
  });
}
