/** A Worker that tries things and answers with what became of each: "done", or the error's name. */

export type Attempt = { read: string } | { write: string } | { net: number } | { env: string } | {
  run: string;
};

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<Attempt[]>) => void) | null;
  postMessage(answer: string[]): void;
};

async function attempt(what: Attempt): Promise<void> {
  if ("read" in what) await Deno.readDir(what.read)[Symbol.asyncIterator]().next();
  else if ("write" in what) await Deno.writeTextFile(what.write, "x");
  else if ("net" in what) Deno.listen({ hostname: "127.0.0.1", port: what.net }).close();
  else if ("env" in what) Deno.env.get(what.env);
  else await new Deno.Command(what.run).output();
}

scope.onmessage = async ({ data }) => {
  const answers: string[] = [];
  for (const what of data) {
    answers.push(
      await attempt(what).then(() => "done", (error) => error instanceof Error ? error.name : "?"),
    );
  }
  scope.postMessage(answers);
};
