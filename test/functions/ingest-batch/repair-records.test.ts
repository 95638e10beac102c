import { describe, expect, test } from "bun:test";
import type { IngestBatchResult } from "../../../functions/ingest-batch.ts";
import { repairRecords, type RepairDeps } from "../../../functions/ingest-batch/repair-records.ts";
import type { SourceRecord } from "../../../lib/rules/model/record.ts";
import { sourceRecord } from "../../support/records.ts";
import { rejection } from "../../support/rejection.ts";

const records = [0, 1, 2].map((offset) => sourceRecord("line", { offset }));
const retry = { code: "too_many_requests", message: "Elasticsearch answered 429" } as const;

function deps(
  ingest: (
    records: readonly SourceRecord[],
    attempt: number,
  ) => Pick<IngestBatchResult, "outcomes" | "retry">,
) {
  const waits: number[] = [];
  const stop = new AbortController();
  const given: RepairDeps = {
    ingest: (list, attempt) => Promise.resolve(ingest(list, attempt)),
    wait(ms) {
      waits.push(ms);
      return Promise.resolve();
    },
    random: () => 0,
    signal: stop.signal,
  };
  return { given, waits, stop };
}

describe("a repair", () => {
  test("only what has no outcome is tried again, and every end is counted", async () => {
    const tried: number[][] = [];
    const { given, waits } = deps((list, attempt) => {
      tried.push(list.map(({ offset }) => offset));
      return attempt === 1
        ? { outcomes: ["indexed", null, null], retry }
        : { outcomes: ["duplicate", "dead-lettered"], retry: null };
    });
    expect(await repairRecords("app", records, given)).toEqual({
      indexed: 1,
      duplicate: 1,
      "dead-lettered": 1,
      skipped: 0,
    });
    expect(tried).toEqual([
      [0, 1, 2],
      [1, 2],
    ]);
    expect(waits).toHaveLength(1);
  });

  test("gives up after several tries without progress, and says what it was", async () => {
    const { given, waits } = deps((list) => ({ outcomes: list.map(() => null), retry }));
    expect(await rejection(repairRecords("app", records, given))).toHaveProperty(
      "message",
      expect.stringContaining(
        '3 records of topic "app" (the first: partition 0, offset 0) could not be brought in after 8 tries: Elasticsearch answered 429',
      ),
    );
    await Bun.sleep(0);
    expect(waits).toHaveLength(7);
  });

  test("does not go on once it is stopped", async () => {
    const { given, stop } = deps((list) => {
      stop.abort(new Error("stopped"));
      return { outcomes: list.map(() => null), retry };
    });
    expect(await rejection(repairRecords("app", records, given))).toHaveProperty(
      "message",
      expect.stringContaining("stopped"),
    );
  });
});
