import { describe, expect, test } from "bun:test";
import { bearerToken, hasExpired, renewAtMs, tokenIn } from "../../../../lib/rules/secrets/bearer-token.ts";

const jwt = (claims: unknown): string =>
  ["{}", JSON.stringify(claims), "signature"]
    .map((part) => Buffer.from(part).toString("base64url"))
    .join(".");

test("a token is one word of characters that can be sent, with white space around it", () => {
  expect(tokenIn("\n abc-._~+/==\n")).toBe("abc-._~+/==");
  for (const text of ["", " ", "two words", "a\u0001b", "a,b", "=a", "ä"]) expect(tokenIn(text)).toBeNull();
});

describe("a token expires", () => {
  test.each([
    ["as its issuer said, whatever the token says", jwt({ exp: 7 }), 5_000, 6_000],
    ["when a JWT says so", jwt({ exp: 7 }), null, 7_000],
    ["at an unknown time, if a JWT does not say", jwt({ sub: "x" }), null, null],
    ["at an unknown time, if a JWT is not an object", jwt(7), null, null],
    ["at an unknown time, if it says something else", jwt({ exp: "soon" }), null, null],
    ["at an unknown time, if it is opaque", "opaque", null, null],
    ["at an unknown time, if it only looks like a JWT", "a.b.c", null, null],
  ])("%s", (_, text, lifeMs, expiresAtMs) => {
    const token = bearerToken(text, 1_000, lifeMs);
    expect(token.expiresAtMs).toBe(expiresAtMs);
    expect(hasExpired(token, 1e15)).toBe(expiresAtMs !== null);
    expect(hasExpired(token, (expiresAtMs ?? 1) - 1)).toBe(false);
  });
});

test("a token is renewed before a third of its life is left, each day at the latest, or each five minutes if unknown", () => {
  const renewed = (lifeMs: number | null): number => renewAtMs(bearerToken("opaque", 1_000, lifeMs)) - 1_000;
  expect(renewed(10_000)).toBe(6_000);
  expect(renewed(3_600_000)).toBe(2_160_000);
  expect(renewed(1e11)).toBe(86_400_000);
  expect(renewed(null)).toBe(300_000);
});
