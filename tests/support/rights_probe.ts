/** Tries things and answers with what became of each: "done", or the error's name. A Worker, or a module for a program. */

export type Attempt =
  | { read: string }
  | { write: string }
  | { listen: number }
  | { dial: number }
  | { env: string }
  | { run: string }
  | { ffi: string }
  | { sys: true };

/** The part of a Worker's global scope that is used here. */
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<Attempt[]>) => void) | null;
  postMessage?(answer: string[]): void;
};

async function attempt(what: Attempt): Promise<void> {
  if ("read" in what) await Deno.readDir(what.read)[Symbol.asyncIterator]().next();
  else if ("write" in what) await Deno.writeTextFile(what.write, "x");
  else if ("listen" in what) Deno.listen({ hostname: "127.0.0.1", port: what.listen }).close();
  else if ("dial" in what) (await Deno.connect({ hostname: "127.0.0.1", port: what.dial })).close();
  else if ("env" in what) {
    if (Deno.env.get(what.env) !== undefined && what.env !== "LOG_TOKENS") throw new Error("it is set");
  } else if ("run" in what) await new Deno.Command(what.run).output();
  else if ("ffi" in what) Deno.dlopen(what.ffi, {}).close();
  else Deno.hostname();
}

/** All of them, one after the other. */
export async function attemptAll(attempts: readonly Attempt[]): Promise<string[]> {
  const answers: string[] = [];
  for (const what of attempts) {
    const told = attempt(what).then(() => "done", (error) => error instanceof Error ? error.name : "?");
    answers.push(await told);
  }
  return answers;
}

scope.onmessage = async ({ data }) => scope.postMessage?.(await attemptAll(data));
