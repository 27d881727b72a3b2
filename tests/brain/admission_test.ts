import assert from "node:assert/strict";
import {
  answeredProtocol,
  fromThisMachine,
  type Gate,
  hostAllowed,
  isLoopback,
  origin,
  originAllowed,
  sameText,
  shownToken,
} from "../../brain/admission.ts";

const gate = (more: Partial<Gate> = {}): Gate => ({
  host: "127.0.0.1",
  port: 8000,
  allowed_hosts: [],
  trust_proxy: false,
  ...more,
});
const headers = (more: Record<string, string>) => new Headers(more);

Deno.test("a host is the bound address, this machine at our port, or a public name", () => {
  const named = gate({ allowed_hosts: ["Story.example", "other.example:8443"] });
  const rows: [boolean, string, Gate][] = [
    [true, "127.0.0.1:8000", gate()],
    [true, "localhost:8000", gate()],
    [true, "LOCALHOST:8000", gate()],
    [false, "127.0.0.1", gate()],
    [false, "127.0.0.1:8001", gate()],
    [false, "127.0.0.2:8000", gate()],
    [false, "localhost:8000.evil.example", gate()],
    [false, "evil.example:8000", gate()],
    [false, "", gate()],
    [true, "10.0.0.7:8000", gate({ host: "10.0.0.7" })],
    [false, "10.0.0.8:8000", gate({ host: "10.0.0.7" })],
    // A tunnel from this machine leads to another's address under a name of this one.
    [true, "127.0.0.1:8000", gate({ host: "10.0.0.7" })],
    [true, "localhost:8000", gate({ host: "10.0.0.7" })],
    [true, "[fe80::1]:8000", gate({ host: "fe80::1" })],
    [true, "story.example:8000", named],
    [true, "STORY.example", named],
    [true, "story.example:443", named],
    [true, "other.example:8443", named],
    [false, "other.example:8000", named],
    [false, "other.example", named],
    [false, "xstory.example", named],
    [false, "another.example:8443", named],
    [false, "story.example.evil", named],
    // Bound to everything: an address cannot be made to lead here by somebody else's DNS, a name can.
    [true, "10.1.2.3:8000", gate({ host: "0.0.0.0" })],
    [true, "[2001:db8::7]:8000", gate({ host: "::" })],
    [false, "10.1.2.3:8001", gate({ host: "0.0.0.0" })],
    [false, "10.1.2.3", gate({ host: "0.0.0.0" })],
    [false, "my.server:8000", gate({ host: "0.0.0.0" })],
    [false, "10.1.2.3:8000", gate({ host: "10.1.2.4" })],
    // URLs leave these ports out.
    [true, "10.1.2.3", gate({ host: "0.0.0.0", port: 443 })],
    [true, "localhost", gate({ port: 80 })],
    [true, "localhost:443", gate({ port: 443 })],
  ];
  for (const [allowed, host, at] of rows) {
    assert.equal(
      hostAllowed(headers({ host }), "ignored:1", at),
      allowed,
      `${host} at ${at.host}:${at.port}`,
    );
  }
});

Deno.test("without a Host header its place is taken by the authority; a proxy's word counts only when it is trusted", () => {
  assert.equal(hostAllowed(headers({}), "localhost:8000", gate()), true);
  assert.equal(hostAllowed(headers({}), "evil.example:8000", gate()), false);
  const forwarded = headers({ host: "127.0.0.1:8000", "x-forwarded-host": "evil.example" });
  assert.equal(hostAllowed(forwarded, "", gate()), true);
  assert.equal(hostAllowed(forwarded, "", gate({ trust_proxy: true })), false);
  const good = headers({ host: "inner:1", "x-forwarded-host": "story.example" });
  assert.equal(hostAllowed(good, "", gate({ trust_proxy: true, allowed_hosts: ["story.example"] })), true);
  assert.equal(hostAllowed(good, "", gate({ allowed_hosts: ["story.example"] })), false);
});

Deno.test("pages may connect only from public names", () => {
  const named = gate({ allowed_hosts: ["story.example", "dev.example:5173"] });
  const rows: [boolean, string | null, Gate][] = [
    [true, null, gate()],
    [false, "http://127.0.0.1:8000", gate()],
    [false, "null", gate()],
    [false, "", gate()],
    [true, "https://story.example", named],
    [true, "https://STORY.example:444", named],
    [true, "http://dev.example:5173", named],
    [false, "http://dev.example", named],
    [false, "https://evil.example", named],
    [false, "https://story.example.evil", named],
    [false, "https://evilstory.example", named],
    [false, "https://evil.story.example", named],
    [false, "https://story.example/page", named],
    [false, "https://evil.example/story.example", named],
    [false, "file://story.example", named],
    [false, "null", named],
  ];
  for (const [allowed, from, at] of rows) {
    assert.equal(originAllowed(headers(from === null ? {} : { origin: from }), at), allowed, `${from}`);
  }
});

Deno.test("a token comes as Bearer or as a subprotocol, and only ours is answered", () => {
  const rows: [string | null, string | undefined, Record<string, string>][] = [
    [null, undefined, {}],
    ["abc", undefined, { authorization: "Bearer abc" }],
    ["abc", undefined, { authorization: "bearer  abc" }],
    ["", undefined, { authorization: "Bearer " }],
    ["", undefined, { authorization: "abc" }],
    ["", undefined, { authorization: "Basic abc" }],
    ["", undefined, { authorization: "Bearer a b" }],
    ["abc", "flower.v1", { "sec-websocket-protocol": "flower.v1, auth.abc" }],
    ["abc", "flower.v1", { "sec-websocket-protocol": "auth.abc,flower.v1" }],
    ["abc", undefined, { "sec-websocket-protocol": "auth.abc" }],
    ["", "flower.v1", { "sec-websocket-protocol": "flower.v1, auth." }],
    [null, "flower.v1", { "sec-websocket-protocol": "flower.v1" }],
    [null, undefined, { "sec-websocket-protocol": "flower.v2, chat" }],
    // The header is the one that counts.
    ["abc", "flower.v1", { authorization: "Bearer abc", "sec-websocket-protocol": "flower.v1, auth.xyz" }],
  ];
  for (const [token, protocol, sent] of rows) {
    assert.equal(shownToken(headers(sent)), token, JSON.stringify(sent));
    assert.equal(answeredProtocol(headers(sent)), protocol, JSON.stringify(sent));
  }
});

Deno.test("this machine is loopback without a proxy's marks", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST"]) {
    assert.equal(isLoopback(host), true, host);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "1127.0.0.1", "127.0.0.1.evil.example", ""]) {
    assert.equal(isLoopback(host), false, host);
  }
  assert.equal(fromThisMachine("127.0.0.1", headers({})), true);
  assert.equal(fromThisMachine("10.0.0.1", headers({})), false);
  for (const name of ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"]) {
    assert.equal(fromThisMachine("127.0.0.1", headers({ [name]: "127.0.0.1" })), false, name);
  }
});

Deno.test("the log's address is the peer's, or what a trusted proxy added last", () => {
  const forwarded = headers({ "x-forwarded-for": "1.1.1.1, 2001:db8::7" });
  assert.equal(origin("10.0.0.1", forwarded, false), "10.0.0.1");
  assert.equal(origin("10.0.0.1", forwarded, true), "2001:db8::7");
  assert.equal(origin("10.0.0.1", headers({ "x-forwarded-for": "x\tfaked log line" }), true), "10.0.0.1");
  assert.equal(origin("10.0.0.1", headers({}), true), "10.0.0.1");
});

Deno.test("texts are the same only when they are", () => {
  for (
    const [a, b, same] of [
      ["a", "a", true],
      ["", "", true],
      ["a", "b", false],
      ["a", "", false],
      [
        "",
        "a",
        false,
      ],
      ["ab", "a", false],
      ["a", "ab", false],
      ["ä", "a", false],
    ] as const
  ) assert.equal(sameText(a, b), same, `${a} ${b}`);
});
