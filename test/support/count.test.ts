import { expect, test } from "bun:test";
import { describeCount, describeSlowest, FailureDigest, fileTimes, parseJunit, sumCounts } from "./count.ts";

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="10" assertions="9" failures="2" skipped="3" time="0.1">
  <testsuite name="a.test.ts" file="a.test.ts" tests="1" assertions="1" failures="0" skipped="0" time="0" hostname="h"></testsuite>
</testsuites>`;

test("the totals of a JUnit report are counted, not those of one file", () => {
  expect(parseJunit(report)).toEqual({ passed: 5, failed: 2, skipped: 3 });
});

test("a report without totals is refused", () => {
  expect(() => parseJunit("")).toThrow("no <testsuites>");
  expect(() => parseJunit('<testsuites name="bun test" tests="1">')).toThrow("no count of failures");
});

test("the slowest files are told, and not what is described in them", () => {
  const [line = ""] = /<testsuite [^>]*>/.exec(report) ?? [];
  const [slow, part] = [
    line.replace('time="0"', 'time="61.26"'),
    line.replace('name="a.test.ts"', 'name="a"'),
  ];
  const times = fileTimes(`${line}${slow.replaceAll("a.test.ts", "b.test.ts")}${part}`);
  expect(times).toEqual([
    { file: "a.test.ts", seconds: 0 },
    { file: "b.test.ts", seconds: 61.26 },
  ]);
  expect(describeSlowest(times)).toBe("   61.3 s  b.test.ts\n    0.0 s  a.test.ts\n");
  const many = Array.from({ length: 30 }, (_, n) => ({ file: `${n}`, seconds: n }));
  expect(describeSlowest(many).trim().split("\n")).toHaveLength(10);
});

test("skipped tests are named only if there are some", () => {
  expect(describeCount({ passed: 5, failed: 0, skipped: 0 })).toBe("5 passed, 0 failed");
  expect(describeCount({ passed: 5, failed: 1, skipped: 3 })).toBe("5 passed, 1 failed, 3 skipped");
});

test("runs are counted together", () => {
  const counts = [
    { passed: 5, failed: 1, skipped: 0 },
    { passed: 2, failed: 0, skipped: 3 },
  ];
  expect(sumCounts(counts)).toEqual({ passed: 7, failed: 1, skipped: 3 });
});

test("what stands before a failed test is kept, and nothing of the others", () => {
  const digest = new FailureDigest();
  for (const line of [
    "a.test.ts:",
    "noise",
    "(pass) one",
    "error: two is three",
    "",
    "(fail) two",
    "(pass) four",
    "1 tests failed:",
    "(fail) two",
  ])
    digest.take(line);
  expect(digest.failures).toEqual(["error: two is three\n(fail) two"]);
});
