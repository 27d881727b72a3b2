import assert from "node:assert/strict";
import {
  type Embedded,
  EmbedderHost,
  type EmbedderHostOptions,
  type EmbedderProcess,
} from "../../brain/embedder_host.ts";
import { until } from "../support/processes.ts";

/** An embedder that is told what to say; `end` is its crash. */
interface Fake extends EmbedderProcess {
  asked: string[];
  killed: boolean;
  says(value: unknown): void;
  end(): void;
}

function fake(): Fake {
  let controller: ReadableStreamDefaultController<string> | undefined;
  const lines = new ReadableStream<string>({ start: (given) => void (controller = given) });
  const end = () => {
    try {
      controller?.close();
    } catch {
      // Ended already.
    }
  };
  const process: Fake = {
    asked: [],
    killed: false,
    send: (line) => void process.asked.push(line),
    lines,
    kill() {
      process.killed = true;
      end();
    },
    says: (value) => controller?.enqueue(typeof value === "string" ? value : JSON.stringify(value)),
    end,
  };
  return process;
}

function setUp(
  options: Partial<Pick<EmbedderHostOptions, "missing" | "start" | "answer" | "silence_ms" | "rest_ms">> = {},
) {
  const started: Fake[] = [];
  const answers: Embedded[] = [];
  const logged: string[] = [];
  const host = new EmbedderHost({
    missing: options.missing ?? (() => ""),
    start: options.start ?? (() => {
      started.push(fake());
      return started[started.length - 1];
    }),
    answer(embedded) {
      answers.push(embedded);
      options.answer?.(embedded);
    },
    log: (text) => void logged.push(text),
    silence_ms: options.silence_ms,
    rest_ms: options.rest_ms,
  });
  const ask = (id: number, ...texts: string[]) => host.handle(JSON.stringify({ embed: { id, texts } }));
  const answered = (count: number) => until(() => answers.length === count, `${count} answers`);
  return { host, ask, started, answers, answered, logged };
}

Deno.test("nothing is started until something is asked; then one process answers everything", async () => {
  const { host, ask, started, answers, answered } = setUp();
  assert.equal(started.length, 0);
  assert.equal(ask(1, "a", "b"), true);
  assert.equal(ask(2, "c"), true);
  assert.equal(started.length, 1);
  assert.deepEqual(started[0].asked, ['{"id":1,"texts":["a","b"]}', '{"id":2,"texts":["c"]}']);
  started[0].says({ id: 1, vectors: [[1], [2]] });
  started[0].says({ id: 2, error: "no such thing" });
  await answered(2);
  assert.deepEqual(answers, [
    { id: 1, vectors: [[1], [2]] },
    { id: 2, error: "Embeddings: no such thing", kind: "failed" },
  ]);
  await host.close();
  assert.ok(started[0].killed);
});

Deno.test("only a request is a request, and only an answer is an answer", async () => {
  const { host, started, ask, answers, answered, logged } = setUp();
  const others = [
    "",
    "null",
    "3",
    "[]",
    "{",
    '{"ready":true}',
    '{"embed":{}}',
    '{"embed":{"id":"1","texts":[]}}',
  ];
  for (const line of others) assert.equal(host.handle(line), false, line);
  assert.equal(started.length, 0);
  ask(7, "x");
  started[0].says("a warning");
  started[0].says("null");
  started[0].says({ id: 8, vectors: [[1]] });
  started[0].says({ id: 7, vectors: [[1]] });
  started[0].says({ id: 7, vectors: [[2]] });
  await answered(1);
  await host.close();
  assert.deepEqual(answers, [{ id: 7, vectors: [[1]] }]);
  assert.ok(logged.some((text) => text.includes("a warning")));
});

Deno.test("what is not installed is said at each request, until it is", async () => {
  let missing = "The model is not here";
  const { host, ask, started, answers } = setUp({ missing: () => missing });
  ask(1, "a");
  ask(2, "a");
  assert.equal(started.length, 0);
  missing = "";
  ask(3, "a");
  assert.equal(started.length, 1);
  assert.deepEqual(
    answers,
    [1, 2].map((id) => ({ id, error: "The model is not here", kind: "missing" as const })),
  );
  await host.close();
});

Deno.test("a crash starts it once more with all that waits; a second one switches it off", async () => {
  const { host, ask, started, answers, answered, logged } = setUp();
  ask(1, "a");
  ask(2, "b");
  ask(3, "c");
  started[0].says({ id: 2, vectors: [[2]] });
  await answered(1);
  started[0].end();
  await until(() => started.length === 2, "a second process");
  assert.deepEqual(started[1].asked, ['{"id":1,"texts":["a"]}', '{"id":3,"texts":["c"]}']);
  started[1].says({ id: 1, vectors: [[1]] });
  await answered(2);
  started[1].end();
  await answered(3);
  assert.equal(ask(4, "d"), true);
  await answered(4);
  assert.equal(started.length, 2);
  for (const [index, id] of [[2, 3], [3, 4]]) {
    const answer = answers[index];
    assert.ok("error" in answer);
    assert.equal(answer.id, id);
    assert.equal(answer.kind, "failed");
    assert.match(answer.error, /stays off until the brain is started again/);
  }
  assert.deepEqual(logged, ["the embedder has crashed", "the embedder has crashed again and stays off"]);
  await host.close();
});

Deno.test("a crash while nothing waits starts nothing; the next request does", async () => {
  const { host, ask, started, answered, logged } = setUp();
  ask(1, "a");
  started[0].says({ id: 1, vectors: [[1]] });
  await answered(1);
  started[0].end();
  await until(() => logged.length === 1, "the crash in the log");
  assert.equal(started.length, 1);
  ask(2, "b");
  assert.equal(started.length, 2);
  started[1].says({ id: 2, vectors: [[1]] });
  await answered(2);
  await host.close();
});

Deno.test("a silent process is ended, which counts as a crash; one that goes on answering is not", async () => {
  const started: Fake[] = [];
  const start = () => {
    const process = fake();
    // The second one answers before anybody can find it silent.
    if (started.push(process) === 2) process.says({ id: 1, vectors: [[1]] });
    return process;
  };
  const { host, ask, answered, logged } = setUp({ silence_ms: 60, start });
  ask(1, "a");
  await answered(1);
  assert.equal(started.length, 2);
  assert.ok(started[0].killed);
  assert.ok(logged.includes("the embedder does not answer and is ended"));
  // Nothing waits: silence is no fault.
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.ok(!started[1].killed);
  await host.close();
});

Deno.test("a process that rests is ended, which is no crash, as often as it happens; the next request starts another", async () => {
  const { host, ask, started, answers, answered, logged } = setUp({ rest_ms: 1 });
  for (const round of [1, 2, 3]) {
    ask(round, "a");
    assert.equal(started.length, round);
    started[round - 1].says({ id: round, vectors: [[round]] });
    await answered(round);
    await until(() => started[round - 1].killed, "the end of the process that rests");
  }
  assert.deepEqual(answers.map((answer) => "vectors" in answer), [true, true, true]);
  assert.deepEqual(logged, Array(3).fill("the embedder rests; the next line starts it again"));
  await host.close();
});

Deno.test("a process that is still asked does not rest", async () => {
  const { host, ask, started, answered, logged } = setUp({ rest_ms: 1, silence_ms: 200 });
  ask(1, "a");
  ask(2, "b");
  started[0].says({ id: 1, vectors: [[1]] });
  await answered(1);
  await until(() => started.length === 2, "a second process");
  assert.equal(logged[0], "the embedder does not answer and is ended");
  await host.close();
});

Deno.test("what is asked of a process that is about to rest keeps it; one that crashed has no rest to come", async () => {
  const asked_next = (embedded: Embedded) => void (embedded.id === 1 && ask(2, "b"));
  const started: Fake[] = [];
  const start = () => {
    const process = fake();
    // The second one answers before anybody can find it silent, and crashes before it can rest.
    if (started.push(process) === 2) {
      process.says({ id: 2, vectors: [[1]] });
      process.end();
    }
    return process;
  };
  const { host, ask, answers, answered, logged } = setUp({
    ...{ rest_ms: 1, silence_ms: 200 },
    ...{ answer: asked_next, start },
  });
  ask(1, "a");
  started[0].says({ id: 1, vectors: [[1]] });
  await until(() => started.length === 2, "the end of the first process");
  assert.equal(logged[0], "the embedder does not answer and is ended");
  await answered(2);
  assert.deepEqual(answers[1], { id: 2, vectors: [[1]] });
  await until(() => logged.length === 3, "the second crash");
  assert.equal(logged[2], "the embedder has crashed again and stays off");
  await host.close();
});

Deno.test("a process that cannot be started is off at once", async () => {
  const { host, ask, answers } = setUp({
    start: () => {
      throw new Error("no program");
    },
  });
  ask(1, "a");
  ask(2, "b");
  assert.deepEqual(answers.map((answer) => [answer.id, "kind" in answer && answer.kind]), [[1, "failed"], [
    2,
    "failed",
  ]]);
  await host.close();
});

Deno.test("after close nothing is answered or started", async () => {
  const { host, ask, started, answers } = setUp();
  ask(1, "a");
  await host.close();
  ask(2, "b");
  assert.deepEqual(answers, []);
  assert.equal(started.length, 1);
});
