/** A worker in place of recall's own that throws at a question whose line is "crash" and is silent at all others. */
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<{ question?: { line: string }; ask: number }>) => void) | null;
  postMessage(answer: unknown): void;
};

scope.onmessage = ({ data }) => {
  if (data.question?.line === "crash") throw new Error("crashed as asked");
  if (data.question?.line === "answer") {
    scope.postMessage({ ask: data.ask, mixed: false, recalled: { lore: [], memories: [], took_ms: 42 } });
  }
};
