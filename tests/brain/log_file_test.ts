import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { LogFile } from "../../brain/log_file.ts";

async function inTemp(action: (path: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    action(join(folder, "a.log"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function texts(path: string): Record<string, string> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return Object.fromEntries(
    [...Deno.readDirSync(folder)].map(({ name }) => [name, Deno.readTextFileSync(join(folder, name))]).sort(),
  );
}

Deno.test("a log is rotated before it would grow beyond its bound, and the oldest file goes", async () => {
  await inTemp((path) => {
    const log = new LogFile(path, { max_bytes: 10, keep: 2, secrets: [] });
    for (const line of ["one", "two22", "three", "four4", "fives", "sixsixsix"]) log.write(line);
    log.close();
    assert.deepEqual(texts(path), { "a.log": "sixsixsix\n", "a.log.1": "fives\n", "a.log.2": "four4\n" });
  });
});

Deno.test("a file is filled to its last byte, and a line longer than the bound has a file of its own", async () => {
  await inTemp((path) => {
    const log = new LogFile(path, { max_bytes: 10, keep: 3, secrets: [] });
    for (const line of ["1234", "6789", "x", "longer than ten", "y"]) log.write(line);
    log.close();
    assert.deepEqual(texts(path), {
      "a.log": "y\n",
      "a.log.1": "longer than ten\n",
      "a.log.2": "x\n",
      "a.log.3": "1234\n6789\n",
    });
  });
});

Deno.test("after a rotation a file is filled again; the first line of all may be longer than the bound", async () => {
  await inTemp((path) => {
    const log = new LogFile(path, { max_bytes: 10, keep: 3, secrets: [] });
    for (const line of ["longer than ten", "1234", "6789", "abcd", "fghi"]) log.write(line);
    log.close();
    assert.deepEqual(texts(path), {
      "a.log": "abcd\nfghi\n",
      "a.log.1": "1234\n6789\n",
      "a.log.2": "longer than ten\n",
    });
  });
});

Deno.test("a log goes on where an earlier process ended", async () => {
  await inTemp((path) => {
    for (const line of ["1234", "6789", "new"]) {
      const log = new LogFile(path, { max_bytes: 10, keep: 1, secrets: [] });
      log.write(line);
      log.close();
    }
    assert.deepEqual(texts(path), { "a.log": "new\n", "a.log.1": "1234\n6789\n" });
  });
});

Deno.test("secrets are written as [key], wherever and however often they stand", async () => {
  await inTemp((path) => {
    const log = new LogFile(path, { max_bytes: 1000, keep: 1, secrets: ["sk-1", "", "tok"] });
    assert.equal(log.write("a sk-1 b sk-1 tok"), "a [key] b [key] [key]");
    log.close();
    assert.equal(Deno.readTextFileSync(path), "a [key] b [key] [key]\n");
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  });
});

Deno.test("a log that cannot be rotated does not throw", async () => {
  await inTemp((path) => {
    const log = new LogFile(path, { max_bytes: 4, keep: 1, secrets: [] });
    log.write("one");
    Deno.mkdirSync(`${path}.1`);
    log.write("two");
    log.write("three");
    log.close();
  });
});
