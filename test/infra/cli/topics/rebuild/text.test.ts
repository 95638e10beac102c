import { expect, test } from "bun:test";
import { formatRebuild } from "../../../../../infra/cli/topics/rebuild/text.ts";
import { rebuildStatusOf } from "../../../../../lib/rules/rebuild/rebuild-status.ts";
import { rebuildOrder, rebuildPosition } from "../../../../support/rebuilds.ts";

const counts = { indexed: 5_000, duplicate: 10, deadLettered: 2, skipped: 1 };
const status = rebuildStatusOf(rebuildOrder, {
  positions: new Map([
    [0, rebuildPosition({ next: 5_000, counts, lost: 7, trouble: "Elasticsearch\nis away" })],
  ]),
  log: new Map([[0, { start: 0, end: 20_000 }]]),
  uuid: "u2",
  live: "app-1",
  held: null,
  rate: 1_000,
});

test("a rebuild is told in a few lines, whatever its trouble contains", () => {
  expect(formatRebuild("app", status)).toBe(
    [
      "app: app-1 → app-2, behind alias app (by alice@ops, since 2026-11-30T10:00:00.000Z)",
      "  running: 25 % of 20,000 records, 1,000 a second, 15 seconds left",
      "  indexed 5,000, duplicate 10, dead-lettered 2, skipped 1, deleted by Kafka before they were read 7",
      "  Elasticsearch is away",
      "",
    ].join("\n"),
  );
});
