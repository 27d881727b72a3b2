/** The Worker of brain/sealed.ts: runs the program it is told on lines that come as messages. Prints to stdout itself. */

import type { SealedAnswer, SealedRequest } from "./sealed.ts";

/** The part of a Worker's global scope that is used here. */
interface Scope {
  onmessage: ((event: MessageEvent<SealedRequest>) => void) | null;
  postMessage(answer: SealedAnswer): void;
}

const scope = self as unknown as Scope;
const channel = new TransformStream<string, string>(undefined, { highWaterMark: Infinity });
const writer = channel.writable.getWriter();
const told = Promise.withResolvers<"told">();

async function run(program: "brain" | "chroma"): Promise<number> {
  const lines = channel.readable.values();
  switch (program) {
    case "brain":
      return await (await import("./serve.ts")).serve({ lines, told: told.promise, assets_change: false });
    case "chroma":
      return await (await import("./chroma_main.ts")).serveChroma(lines);
  }
}

scope.onmessage = ({ data }) => {
  if ("program" in data) {
    // A program that throws is the thread's error, which sealed.ts hears of.
    run(data.program).then((code) => scope.postMessage({ code }));
  } else if ("signal" in data) told.resolve("told");
  else if (data.line === null) writer.close().catch(() => {});
  else writer.write(data.line).catch(() => {});
};
