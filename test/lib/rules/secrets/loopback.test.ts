import { expect, test } from "bun:test";
import { isLoopbackHost, isLoopbackHostname } from "../../../../lib/rules/secrets/loopback.ts";

test.each([
  "localhost",
  "LocalHost:8080",
  "127.0.0.1",
  "127.0.0.1:1",
  "127.255.255.254:65535",
  "[::1]",
  "[::1]:80",
])("a Host header of %s is this machine", (host) => expect(isLoopbackHost(host)).toBe(true));

test.each([
  "",
  "127.0.0.1.example.org",
  "localhost.example.org",
  "example.org",
  "127.0.0.256",
  "127.1",
  "128.0.0.1",
  "0.0.0.0",
  "::1",
  "[::2]",
  "localhost:",
  "localhost:80:80",
  "localhost:65536",
  "localhost:80@example.org",
  "user@localhost",
])("a Host header of %j is not", (host) => expect(isLoopbackHost(host)).toBe(false));

test("a name to listen on has no port and needs no brackets", () => {
  expect(["::1", "127.0.0.2", "localhost"].map(isLoopbackHostname)).toEqual([true, true, true]);
  expect(["0.0.0.0", "::", "10.0.0.1", "localhost:80"].map(isLoopbackHostname)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
