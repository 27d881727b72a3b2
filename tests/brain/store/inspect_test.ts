/** What is told of a database that nobody has open, and of one that a brain is writing to. */

import assert from "node:assert/strict";
import { rememberMessage } from "../../../brain/memory/remember.ts";
import { inspectDatabase } from "../../../brain/store/inspect.ts";
import { getMessage } from "../../../brain/store/messages.ts";
import { aSession, tell, tellAll, withDatabase } from "../../support/stories.ts";

Deno.test("a message that is told to its end and not remembered is counted, one that is being told is not, nor is an empty one", async () => {
  await withDatabase((db, path) => {
    const [line] = tellAll(db, aSession(), ["I wait."]);
    assert.equal(inspectDatabase(path).unremembered, 1);
    rememberMessage(db, "ann", "story", getMessage(db, "ann", line)!);
    tell(db, aSession(), line, "assistant", "The tide", { status: "writing" });
    tell(db, aSession(), line, "assistant", " \n", { status: "failed" });
    const { unremembered, messages, memories, schema, damage } = inspectDatabase(path);
    assert.deepEqual([unremembered, messages, memories, schema, damage], [0, 3, 1, "current", []]);
    tell(db, aSession(), line, "assistant", "The tide turns.", { status: "stopped" });
    assert.equal(inspectDatabase(path).unremembered, 1);
  });
});

Deno.test("a step that is missing makes a database older, one that nobody knows makes it newer", async () => {
  await withDatabase((db, path) => {
    const { version } = inspectDatabase(path);
    db.run("DELETE FROM migrations WHERE name = ?", version);
    assert.equal(inspectDatabase(path).schema, "older");
    db.run("INSERT INTO migrations (name) VALUES ('0099_dice')");
    const { schema, version: newest } = inspectDatabase(path);
    assert.deepEqual([schema, newest], ["newer", "0099_dice"]);
  });
});
