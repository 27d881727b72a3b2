// A program for pty_test.ts: takes the terminal, shows its process id, and ends as its first argument says.
// Must run without any permission.

import { createGrid, type Grid, put } from "../../../face/term/grid.ts";
import { createKeyParser } from "../../../face/term/keys.ts";
import { createLifecycle, denoHost } from "../../../face/term/lifecycle.ts";
import { paint } from "../../../face/term/paint.ts";
import { PLAIN } from "../../../face/term/style.ts";
import { denoTerminal } from "../../../face/term/terminal.ts";
import { createWriter } from "../../../face/term/writer.ts";

const terminal = denoTerminal();
const writer = createWriter(terminal, () => {});
let shown: Grid | null = null;
let resumes = 0;

function draw(): void {
  writer.frame(() => {
    const { width, height } = terminal.size();
    const next = createGrid(width, height);
    put(next, 0, 0, `ready ${Deno.pid} resumes ${resumes} size ${width}x${height}.`, PLAIN);
    const bytes = paint(shown, next, { x: 0, y: 1 }, { depth: "truecolor", sync: false });
    shown = next;
    return bytes;
  });
}

const lifecycle = createLifecycle(terminal, writer, denoHost(), {
  mouse: true,
  onResume() {
    resumes++;
    shown = null;
    draw();
  },
  now: () => performance.now(),
});
terminal.onResize(draw);
await lifecycle.enter();
draw();

const parser = createKeyParser();
for await (const bytes of terminal.read()) {
  for (const event of parser.push(bytes)) {
    if (event.kind !== "text" && event.kind !== "key") continue;
    const typed = event.kind === "text" ? event.text : event.key;
    if (typed === "q") await lifecycle.exit(0, "farewell");
    else if (typed === "e") setTimeout(() => throwError("thrown"), 0);
    else if (typed === "r") Promise.reject(new Error("rejected"));
    else if (typed === "x") Deno.exit(7);
    else if (event.kind === "key" && event.ctrl && typed === "z") await lifecycle.suspend();
  }
}

function throwError(message: string): never {
  throw new Error(message);
}
