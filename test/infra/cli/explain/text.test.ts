import { expect, test } from "bun:test";
import { formatExplanation } from "../../../../infra/cli/explain/text.ts";
import { createPaint } from "../../../../infra/cli/kit/terminal.ts";
import type { Explanation } from "../../../../lib/rules/explanation/explanation.ts";
import { listedTopic } from "../../../support/topic-status.ts";

const now = Date.parse("2026-11-22T13:00:00.000Z");
const paint = createPaint(false);
const source = { kind: "config", name: "c.yaml", revision: null, entry: 0 } as const;
const empty = { start: 0, end: 0, committed: null, lag: 0 };
const told: Explanation = {
  topic: "app",
  at: "2026-11-22T13:00:00.000Z",
  says: "stalled: \u001b[31mclosed",
  remedy: { do: "open the index", command: "POST app/_open" },
  declared: [
    { source, wins: true, differs: [] },
    {
      source: { ...source, entry: 1 },
      wins: false,
      differs: [{ field: "format", from: "text", to: "json" }],
    },
  ],
  refused: [],
  settings: [
    { name: "format", value: "text", from: null },
    { name: "timestamp", value: ["a", "b"], from: "entry 1 of c.yaml" },
  ],
  inKafka: true,
  partitions: [
    { partition: 0, start: 0, end: 12_345, committed: 345, lag: 12_000, owned: true },
    { partition: 1, start: 0, end: 0, committed: null, lag: 0, owned: false },
    { ...empty, partition: 2, owned: false, owner: { name: "b\u001b", address: "http://b:80" } },
    { ...empty, partition: 3, owned: null, owner: { name: "old", address: null } },
    { ...empty, partition: 4, owned: false, owner: null },
    { ...empty, partition: 5, owned: null },
  ],
  deadline: { oldestAt: now - 3_600_000, deletableAt: now + 7_200_000 },
  deadLetters: { letters: 3, complete: false },
  status: listedTopic({
    topic: "app",
    trouble: {
      since: "2026-11-22T12:59:00.000Z",
      attempts: 9,
      code: null,
      partitions: [0],
      records: 12_000,
      oldestAt: null,
      deletableAt: null,
    },
  }),
  checks: [],
};

test("the answer comes first, then what it rests on; nothing foreign acts on the terminal", () => {
  const text = formatExplanation(told, { host: "http://h:8080" }, now, paint);
  expect(text.split("\n").slice(0, 8)).toEqual([
    "app: stalled: [31mclosed",
    "→ open the index",
    "  POST app/_open",
    "  in trouble for 1 minute, tried 9 times",
    "  12,000 records wait, the oldest for 1 hour",
    "  Kafka may delete the oldest in 2 hours, from 2026-11-22T15:00:00.000Z",
    "",
    "As the host at http://h:8080 knows it, and the servers:",
  ]);
  expect(text).toContain('  entry 2 of c.yaml: overridden: format "json"');
  expect(text).toMatch(/^ {2}timestamp {2}a, b {2}entry 1 of c\.yaml$/m);
  expect(text).toMatch(/^ {2}0 +0 +12,345 +345 +12,000 +this host$/m);
  const readBy = [...text.matchAll(/^ {2}\d +0 +0 +– +0(?: +(.*))?$/gm)].map(([, reader]) => reader);
  expect(readBy).toEqual(["another host, or none", "b (http://b:80)", "old", "no host", undefined]);
  expect(text).toContain("  at least 3 letters, replayed or not");
});

test("without a host it says so, and a topic that nobody declares has no settings", () => {
  const nobodys = { ...told, declared: [], settings: [], partitions: [], inKafka: false, status: null };
  const text = formatExplanation(nobodys, { host: null, reason: "nobody listens there" }, now, paint);
  expect(text).toContain("Without a host (nobody listens there): what follows is what the servers tell.");
  expect(text).toContain("Declared\n  nowhere");
  expect(text).toContain("In Kafka\n  it does not exist");
  expect(text).not.toContain("Settings");
});
