import assert from "node:assert/strict";
import { TokenFileError, tokenIn } from "../../shared/token_file.ts";

Deno.test("a token is the first line of a file that only its owner may read", () => {
  const token = "0123456789abcdef";
  for (const mode of [0o100600, 0o600, 0o400, null]) assert.equal(tokenIn("/t", mode, `${token}\n`), token);
  assert.equal(tokenIn("/t", 0o600, `  ${token}  \r\na note\n`), token);
  const rows: [number | null, string, RegExp][] = [
    [0o100644, token, /^\/t can be read by others \(mode 644\)\. A token is a password: chmod 600 \/t$/],
    [0o604, token, /mode 604/],
    [0o640, token, /mode 640/],
    [0o620, token, /mode 620/],
    [0o600, "", /^\/t holds no token/],
    [0o600, "\n" + token, /holds no token/],
    [0o600, token.slice(1), /holds no token/],
    [0o600, "x".repeat(513), /holds no token/],
    [0o600, "two words of a kind", /holds no token/],
    [0o600, "0123456789abcdéf", /holds no token/],
  ];
  for (const [mode, text, says] of rows) {
    assert.throws(() => tokenIn("/t", mode, text), (error) => {
      assert.ok(error instanceof TokenFileError);
      assert.match(error.message, says);
      assert.ok(!error.message.includes(token));
      return true;
    });
  }
  assert.equal(tokenIn("/t", 0o600, "x".repeat(512)).length, 512);
});
