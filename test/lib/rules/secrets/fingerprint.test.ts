import { expect, test } from "bun:test";
import { fingerprintOf } from "../../../../lib/rules/secrets/fingerprint.ts";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";

test("equal data has equal fingerprints, secrets compared by their text", () => {
  const data = (password: string) => ({ list: [1, null, { password: new Secret(password) }] });
  expect(fingerprintOf(data("a"))).toBe(fingerprintOf(data("a")));
  expect(fingerprintOf(data("a"))).not.toBe(fingerprintOf(data("b")));
});

test("data that looks alike in JSON has different fingerprints", () => {
  const secret = new Secret("a");
  const all = [secret, "a", "(hidden)", null, [secret], { a: secret }, {}].map(fingerprintOf);
  expect(new Set(all).size).toBe(all.length);
});

test("a fingerprint contains no secret", () => {
  expect(fingerprintOf({ password: new Secret("hunter2") })).toMatch(/^[\w-]{43}$/);
});
