import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { substitute } from "../../../../lib/rules/yaml/substitute.ts";

const files: Readonly<Record<string, string>> = {
  "/s": "s3cr3t",
  "/line": "s3cr3t\n",
  "/crlf": "s3cr3t\r\n",
  "/two": "a\n\n",
  "/inner": " a\nb ",
  "/nested": "${A} ${file:/s}",
  "/full": "x".repeat(64 * 1024),
  "/empty": "",
  "/blank": " \r\n\t\n",
  "/large": "x".repeat(64 * 1024 + 1),
  "/binary": "a\0b",
};
const sources = {
  environment: { A: "one", EMPTY: "", NESTED: "${A}", file: "a variable" },
  readFile(path: string): string {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error("never shown"), { code: "ENOENT" });
    return text;
  },
};
const noFiles = (environment: Readonly<Record<string, string>>) => ({
  environment,
  readFile(): string {
    throw new Error("no file is named");
  },
});

test.each([
  ["plain", "plain"],
  ["${A}", "one"],
  ["x-${A}-${A}", "x-one-one"],
  ["${EMPTY}", ""],
  ["${NONE:-d}", "d"],
  ["${NONE:-}", ""],
  ["${EMPTY:-d}", "d"],
  ["${A:-d}", "one"],
  ["${NONE:-http://x:1/}", "http://x:1/"],
  ["$${A}", "${A}"],
  ["$A $ {A}", "$A $ {A}"],
  ["${NESTED}", "${A}"],
  ["${file:/s}", "s3cr3t"],
  ["<${file:/s}-${A}>", "<s3cr3t-one>"],
  ["${file:/line}", "s3cr3t"],
  ["${file:/crlf}", "s3cr3t"],
  ["${file:/two}", "a\n"],
  ["${file:/inner}", " a\nb "],
  ["${file:/nested}", "${A} ${file:/s}"],
  ["${file:/full}", "x".repeat(64 * 1024)],
  ["$${file:/s}", "${file:/s}"],
  ["${file}", "a variable"],
  ["${file:-x}", "a variable"],
])("%s becomes %s", (text, expected) => {
  const result = substitute(text, sources);
  expect(result.ok && result.text).toBe(expected);
});

const malformed =
  "contains a ${ that names no variable or file: write ${NAME} or ${file:/path}, or $${ for a literal ${";

describe("refused:", () => {
  test.each([
    ["${NONE}", "needs the environment variable NONE, which is not set"],
    [
      "${X} ${Y}",
      "needs the environment variable X, which is not set; it needs the environment variable Y, which is not set",
    ],
    ["${toString}", "needs the environment variable toString, which is not set"],
    ["${a b}", malformed],
    ["${", malformed],
    ["${FILE:/s}", malformed],
    ["${file:/gone}", "needs the file /gone, which cannot be read (ENOENT)"],
    ["${file:/empty}", "needs the file /empty, which is empty"],
    ["${file:/blank}", "needs the file /blank, which contains only white space"],
    ["${file:/large}", "needs the file /large, which is larger than 64 KiB (65537 bytes)"],
    ["${file:/binary}", "needs the file /binary, which is binary (it contains a NUL byte)"],
    ["${file:}", "names no file: write ${file:/path}"],
    ["${file: }", "names no file: write ${file:/path}"],
    [
      "${file:/s:-d}",
      "names the file /s:-d, but a path in ${file:…} can neither contain a variable nor have a default",
    ],
    [
      "${file:/run/${A}}",
      "names the file /run/${A, but a path in ${file:…} can neither contain a variable nor have a default",
    ],
    [
      "${file:/gone} ${NONE}",
      "needs the file /gone, which cannot be read (ENOENT); it needs the environment variable NONE, which is not set",
    ],
  ])("%s", (text, rule) => {
    expect(substitute(text, sources)).toEqual({ ok: false, rule });
  });
});

test("any content of a variable is inserted unchanged", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const expected = { ok: true, text: `<${value}>`, substituted: true } as const;
      expect(substitute("<${V}>", noFiles({ V: value }))).toEqual(expected);
    }),
  );
});

test("so is a file's, except for its last line break", () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom("", "\n", "\r\n"), (value, end) => {
      fc.pre(value.trim() !== "" && !value.includes("\0") && !/[\r\n]$/.test(value));
      const readFile = (): string => `${value}${end}`;
      const expected = { ok: true, text: value, substituted: true } as const;
      expect(substitute("${file:/v}", { environment: {}, readFile })).toEqual(expected);
    }),
  );
});

test("text without ${ stays unchanged", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!text.includes("${"));
      expect(substitute(text, noFiles({}))).toEqual({ ok: true, text, substituted: false });
    }),
  );
});

test("unterminated references take linear time", () => {
  const text = "${A:-".repeat(150_000);
  expect(substitute(text, noFiles({ A: "a" })).ok).toBe(false);
  expect(substitute("${A} }$${ ${", noFiles({ A: "a" })).ok).toBe(false);
  expect(substitute("${A} }$${", noFiles({ A: "a" }))).toMatchObject({ text: "a }${" });
});

test("the inserted text is limited, because a file may be named very often", () => {
  const often = (text: string, times: number) => substitute(text.repeat(times), sources);
  expect(often("${file:/full}", 16)).toMatchObject({ ok: true });
  expect(often("${file:/full}", 17)).toEqual({
    ok: false,
    rule: "exceeds the limit of 1 MiB for the text of all variables and files",
  });
  expect(often("${file:/full}", 5_000)).toMatchObject({ ok: false });
  expect(substitute("${A}${A}", sources, 6)).toMatchObject({ ok: true });
  expect(substitute("${A}${A}", sources, 5)).toMatchObject({ ok: false });
});
