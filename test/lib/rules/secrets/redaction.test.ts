import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createRedaction } from "../../../../lib/rules/secrets/redaction.ts";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";
import { secretsOf } from "../../../../lib/rules/secrets/secret.ts";
import { cpuMs } from "../../../support/cpu-time.ts";

const password = 'p@ss w/o"rd+1!';
const hide = createRedaction(secretsOf({ username: "elastic", password: new Secret(password) }));
const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("a secret is found", () => {
  test.each([
    ["as it is", password],
    ["in JSON", JSON.stringify({ password })],
    ["percent-encoded", encodeURIComponent(password)],
    ["in lower case", encodeURIComponent(password).replaceAll(/%../g, (code) => code.toLowerCase())],
    ["in a form", new URLSearchParams({ token: password }).toString()],
    ["in base64", base64(password)],
    ["in base64url", Buffer.from(password).toString("base64url")],
    ["in HTTP's Basic", `Authorization: Basic ${base64(`elastic:${password}`)}`],
    ["in SASL's PLAIN", base64(`\0elastic\0${password}`)],
  ])("%s", (_, text) => {
    const shown = hide(`before ${text} after`);
    expect(shown).toStartWith("before ");
    expect(shown).toEndWith(" after");
    expect(shown).toContain("(hidden)");
    for (const part of [password, base64(password).slice(0, 12), "w%2Fo", "w/o", "ZWxhc3RpYzpwQHNzIHcv"])
      expect(shown).not.toContain(part);
  });

  test("as a PEM key: whole, on one line, and any line of it", () => {
    const body = ["MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg", "AAAABBBBCCCCDDDDEEEEFFFF=="];
    const key = ["-----BEGIN PRIVATE KEY-----", ...body, "-----END PRIVATE KEY-----", ""].join("\n");
    const hideKey = createRedaction([key]);
    for (const shown of [key, JSON.stringify(key), key.replaceAll("\n", " "), `cut: ${body[1]}`]) {
      const hidden = hideKey(shown);
      expect(hidden).toContain("(hidden)");
      for (const line of body) expect(hidden).not.toContain(line);
    }
    expect(hideKey("-----BEGIN PRIVATE KEY-----")).toBe("-----BEGIN PRIVATE KEY-----");
  });

  test("whole, if it contains another", () => {
    expect(createRedaction(["secret-one", "secret-one-and-two"])("=secret-one-and-two=")).toBe("=(hidden)=");
  });
});

describe("a short secret does not spoil the text:", () => {
  const line = "elasticsearch at 127.0.0.1:9200 refused a1 and abc";

  test.each(["a", "1", "a1", "abc"])("%s is hidden only within its longer forms", (short) => {
    const hideShort = createRedaction(secretsOf({ username: "elastic", password: new Secret(short) }));
    expect(hideShort(line)).toBe(line);
    expect(hideShort(`Basic ${base64(`elastic:${short}`)}`)).toStartWith("Basic (hidden)");
  });

  test("elastic is hidden only as a whole word", () => {
    const hideWord = createRedaction(["elastic"]);
    expect(hideWord(line)).toBe(line);
    expect(hideWord("user:elastic, %3Aelastic%40, elastic")).toBe("user:(hidden), %3A(hidden)%40, (hidden)");
  });
});

test("sixty private keys, left by hourly renewals, are all hidden quickly", () => {
  const line = (key: number, at: number): string => `key${key}line${at}`.padEnd(64, "+");
  const keys = Array.from({ length: 60 }, (_, key) =>
    ["-----BEGIN PRIVATE KEY-----", ...Array.from({ length: 50 }, (__, at) => line(key, at)), ""].join("\n"),
  );
  const hideKeys = createRedaction(keys);
  expect(hideKeys(`${line(0, 0)} ${line(57, 3)} ${line(59, 49)}`)).toBe("(hidden) (hidden) (hidden)");
  const long = "the quick brown fox ".repeat(20_000);
  const startedAt = cpuMs();
  expect(hideKeys(long)).toBe(long);
  expect(cpuMs() - startedAt).toBeLessThan(2_000);
});

test("a text without any secret stays unchanged", () => {
  expect(createRedaction([])("a text")).toBe("a text");
  expect(createRedaction(["", "  "])("a  text")).toBe("a  text");
  expect(hide("p@ss")).toBe("p@ss");
});

test("any secret is hidden, whatever its characters", () => {
  const text = fc.string({ minLength: 8, unit: "grapheme" }).filter((secret) => secret.trim().length >= 8);
  fc.assert(
    fc.property(text, fc.string(), fc.string(), (secret, before, after) => {
      const shown = createRedaction([secret])(`${before}${secret}${after}`);
      fc.pre(!`${before}(hidden)${after}`.includes(secret));
      expect(shown).not.toContain(secret);
    }),
  );
});
