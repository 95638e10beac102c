import { expect, test } from "bun:test";
import { checksAsJson, formatChecks, isWell } from "../../../../infra/cli/doctor/report.ts";
import { createPaint } from "../../../../infra/cli/kit/terminal.ts";
import { checksOf } from "../../../../lib/rules/diagnosis/check.ts";

const kafka = checksOf("kafka");
const checks = [
  checksOf("etcd").skipped("keys", "etcd does not answer"),
  kafka.ok("broker a:1", "answers"),
  kafka.warning("topic b", "not\u001B[2J there", "create it"),
  kafka.failed("x", "no", "do"),
];

test("checks are grouped by area and aligned, with remedies", () => {
  expect(formatChecks(checks, createPaint(false))).toBe(`Kafka
  ✓ ok       broker a:1  answers
  ! warning  topic b     not [2J there
                         → create it
  ✕ failed   x           no
                         → do

etcd
  – skipped  keys        etcd does not answer

1 ok, 1 warning, 1 failed, 1 skipped
`);
});

test("colours are added to signs and words", () => {
  const text = formatChecks(checks, createPaint(true));
  expect(text).toContain("\u001B[31m✕ failed ");
  // eslint-disable-next-line no-control-regex
  expect(text.replace(/\u001B\[\d+m/g, "")).toBe(formatChecks(checks, createPaint(false)));
});

test("JSON says that all is well if nothing failed", () => {
  expect(JSON.parse(checksAsJson(checks))).toEqual({
    well: false,
    tally: { ok: 1, warning: 1, failed: 1, skipped: 1 },
    checks,
  });
  expect(isWell(checks.slice(0, 3))).toBe(true);
});
