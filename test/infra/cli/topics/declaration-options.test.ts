import { expect, test } from "bun:test";
import { parseWords } from "../../../../infra/cli/kit/arguments.ts";
import {
  DECLARATION_OPTIONS,
  entryOf as entryFrom,
} from "../../../../infra/cli/topics/declaration-options.ts";

function entryOf(...args: string[]): unknown {
  const { values } = parseWords({ args: ["--format", "json", ...args], options: DECLARATION_OPTIONS });
  return entryFrom({ kind: "topic", topic: "a" }, values);
}

test("one time field is a string, several are a list", () => {
  expect(entryOf("--timestamp", "time")).toEqual({ topic: "a", format: "json", timestamp: "time" });
  expect(entryOf("--timestamp", "time", "--timestamp=ts", "--message", "msg")).toEqual({
    topic: "a",
    format: "json",
    timestamp: ["time", "ts"],
    message: "msg",
  });
  expect(entryOf()).toEqual({ topic: "a", format: "json" });
});

test("a data stream and its retention become fields of the entry", () => {
  expect(entryOf("--data-stream", "logs-{topic}-prod", "--retention", "30d")).toEqual({
    topic: "a",
    dataStream: "logs-{topic}-prod",
    retention: "30d",
    format: "json",
  });
});

test("--rejected takes flatten or dead-letter", () => {
  expect(entryOf("--rejected", "dead-letter")).toMatchObject({ rejected: "dead-letter" });
  expect(() => entryOf("--rejected", "drop")).toThrow(
    '--rejected is "drop": it must be flatten or dead-letter',
  );
});

test("--exclude is a list even if given once, and only goes with --pattern", () => {
  const target = { kind: "pattern", pattern: "app-*" } as const;
  expect(entryFrom(target, { exclude: ["app-debug-*"] })).toEqual({
    pattern: "app-*",
    exclude: ["app-debug-*"],
  });
  expect(() => entryOf("--exclude", "x")).toThrow("--exclude needs --pattern");
});

test("--hold becomes true, as a host reads it", () => {
  expect(entryOf("--hold")).toEqual({ topic: "a", format: "json", hold: true });
});
