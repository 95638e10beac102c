import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  createLevelReader,
  hasLevelSign,
  levelOf,
  levelOrder,
  levels,
} from "../../../../lib/rules/level/log-level.ts";

describe("levelOf", () => {
  test.each([
    ["level", "INFO", "info"],
    ["level", " warning ", "warn"],
    ["Level", "Information", "info"],
    ["level", "dpanic", "fatal"],
    ["level", "notice", "info"],
    ["level", "VERBOSE", "trace"],
    ["level", "FINE", "debug"],
    ["level", "\u001b[32minfo\u001b[39m", "info"],
    ["level", "WARN+2", "warn"],
    ["level", "DEBUG-4", "debug"],
    ["level", 30, "info"],
    ["level", "30", "info"],
    ["level", 35, "info"],
    ["level", 60, "fatal"],
    ["level", 4, "warn"],
    ["level", 3, "error"],
    ["level", 0, "fatal"],
    ["level", { standardLevel: "ERROR", intLevel: 200 }, "error"],
    ["level", { name: "SUCCESS", no: 25 }, "info"],
    ["log.level", "error", "error"],
    ["log", { level: "error" }, "error"],
    ["record", { level: { name: "WARNING", no: 30 } }, "warn"],
    ["severity", "CRITICAL", "fatal"],
    ["error_severity", "LOG", "info"],
    ["LogLevel", "Warning", "warn"],
    ["log_level", "E", "error"],
    ["lvl", "eror", "error"],
    ["levelname", "CRITICAL", "fatal"],
    ["level_name", "EMERGENCY", "fatal"],
    ["@l", "Debug", "debug"],
    ["severityText", "WARN", "warn"],
    ["severity_number", 17, "error"],
    ["severityNumber", 1, "trace"],
    ["severityNumber", 24, "fatal"],
    ["levelno", 30, "warn"],
    ["levelno", 50, "fatal"],
    ["level_number", 20, "info"],
    ["PRIORITY", "3", "error"],
    ["syslogseverity", "6", "info"],
    ["level", "DEBG", "debug"],
    ["priority", "Warning", "warn"],
    ["severity_label", "Informational", "info"],
    ["severityLevel", 3, "error"],
    ["sev", "W", "warn"],
    ["s", "W", "warn"],
    ["s", "D2", "debug"],
  ] as const)("%p: %p is %s", (name, value, expected) => {
    expect(levelOf(name, value)).toBe(expected);
  });

  test.each([
    ["level", 8],
    ["level", 9],
    ["level", 61],
    ["level", 100],
    ["level", -1],
    ["level", 30.5],
    ["level", "high"],
    ["level", "high error rate"],
    ["level", "error ".repeat(10)],
    ["level", null],
    ["level", true],
    ["level", ["error"]],
    ["level", {}],
    ["level", { intLevel: 400 }],
    ["level", "unknown"],
    ["level", "DEFAULT"],
    ["log", "error"],
    ["log", { level: 30 }],
    ["levelname", 30],
    ["lvl", 3],
    ["severityLevel", 5],
    ["severityNumber", 0],
    ["severityNumber", 25],
    ["levelno", 60],
    // A job's priority, not journald's.
    ["priority", 3],
    ["priority", "high"],
    ["PRIORITY", 9],
    ["s", "error"],
    ["s", "w"],
    ["S", "W"],
    ["message", "ERROR"],
    ["type", "error"],
    ["__proto__", "error"],
  ])("%p: %p is no level", (name, value) => {
    expect(levelOf(name, value)).toBeNull();
  });

  test("any value gives a level or null", () => {
    fc.assert(
      fc.property(fc.constantFrom("level", "log", "record", "s", "levelno"), fc.anything(), (name, value) => {
        const level = levelOf(name, value);
        expect(level === null || levels.includes(level)).toBe(true);
      }),
    );
  });
});

describe("an ambiguous name", () => {
  const read = (object: Record<string, unknown>, name: string) =>
    levelOf(name, object[name], hasLevelSign(name, Object.keys(object)));

  test.each([
    [{ level: 4, short_message: "x" }, "level", "warn"],
    [{ level: "3", message: "x" }, "level", "error"],
    [{ level: 30, battery: 5 }, "level", "info"],
    [{ severity: 4, facility: 3, message: "x" }, "severity", "warn"],
    [{ severity: 4, syslog_facility: "auth" }, "severity", "warn"],
    [{ severity: "HIGH ALERT", x: 1 }, "severity", null],
    [{ severity: "ERROR", x: 1 }, "severity", "error"],
    [{ s: "E", ctx: "conn5" }, "s", "error"],
  ] as const)("is a level next to a name that confirms it: %j", (object, name, level) => {
    expect(read(object, name)).toBe(level);
  });

  test.each([
    // A tank's level, a finding's severity (8 is the worst), a Windows event's level (2 is an error), any letter.
    [{ level: 5, device: "tank" }, "level"],
    [{ severity: 2, title: "port probe", description: "x" }, "severity"],
    [{ severity: 2, ruleId: "no-undef", message: "x" }, "severity"],
    [{ Level: "2", EventID: 7036, Message: "x" }, "Level"],
    [{ Level: 4, EventID: 7036, Message: "x" }, "Level"],
    [{ s: "E", page: "x" }, "s"],
  ])("is no level without one: %j", (object, name) => {
    expect(read(object, name)).toBeNull();
  });
});

test("log.level takes precedence, then the most specific names", () => {
  const names = ["s", "PRIORITY", "msg", "severityNumber", "severityText", "Level", "log.level"];
  const asked = names.filter((name) => levelOrder(name) !== -1).sort((a, b) => levelOrder(a) - levelOrder(b));
  expect(asked).toEqual(["log.level", "Level", "severityText", "severityNumber", "PRIORITY", "s"]);
});

describe("a level reader", () => {
  test("gives for raw JSON the same as levelOf for its value", () => {
    const read = createLevelReader("level");
    const values = fc.oneof(
      fc.constantFrom("info", "INFO", "warn", 30, 40, 4, "x", { standardLevel: "ERROR" }),
      fc.jsonValue({ maxDepth: 1 }),
    );
    fc.assert(
      fc.property(fc.array(values, { maxLength: 40 }), (many) => {
        for (const value of many) {
          const bytes = Buffer.from(`<${JSON.stringify(value)}>`);
          expect(read(bytes, 1, bytes.length - 1)).toBe(levelOf("level", value));
        }
      }),
    );
  });

  test("remembers a copy, not the buffer", () => {
    const read = createLevelReader("level");
    const bytes = Buffer.from('"info"');
    expect(read(bytes, 0, 6)).toBe("info");
    bytes.write('"warn"');
    expect(read(bytes, 0, 6)).toBe("warn");
  });
});
