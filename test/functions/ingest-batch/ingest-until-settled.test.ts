import { describe, expect, test } from "bun:test";
import type { IngestBatchResult } from "../../../functions/ingest-batch.ts";
import {
  ingestUntilSettled,
  type UntilSettledDeps,
} from "../../../functions/ingest-batch/ingest-until-settled.ts";
import type { OutcomeKind, SourceRecord } from "../../../lib/rules/model/record.ts";
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
  const settled: [number, OutcomeKind][] = [];
  const stop = new AbortController();
  const given: UntilSettledDeps = {
    ingest: (list, attempt) => Promise.resolve(ingest(list, attempt)),
    wait(ms) {
      waits.push(ms);
      return Promise.resolve();
    },
    random: () => 0,
    signal: stop.signal,
    onSettled: ({ offset }, outcome) => settled.push([offset, outcome]),
  };
  return { given, waits, settled, stop };
}

describe("ingesting until all is settled", () => {
  test("retries only records without an outcome, and reports each outcome once", async () => {
    const tried: number[][] = [];
    const { given, waits, settled } = deps((list, attempt) => {
      tried.push(list.map(({ offset }) => offset));
      return attempt === 1
        ? { outcomes: ["indexed", null, null], retry }
        : { outcomes: ["duplicate", "dead-lettered"], retry: null };
    });
    await ingestUntilSettled("app", records, given);
    expect(settled).toEqual([
      [0, "indexed"],
      [1, "duplicate"],
      [2, "dead-lettered"],
    ]);
    expect(tried).toEqual([
      [0, 1, 2],
      [1, 2],
    ]);
    expect(waits).toHaveLength(1);
  });

  test("gives up after several attempts without progress, and says why", async () => {
    const { given, waits } = deps((list) => ({ outcomes: list.map(() => null), retry }));
    expect(await rejection(ingestUntilSettled("app", records, given))).toHaveProperty(
      "message",
      expect.stringContaining(
        '3 records of topic "app" (the first: partition 0, offset 0) could not be ingested in 8 attempts: Elasticsearch answered 429',
      ),
    );
    await Bun.sleep(0);
    expect(waits).toHaveLength(7);
  });

  test("stops when it is aborted", async () => {
    const { given, stop } = deps((list) => {
      stop.abort(new Error("stopped"));
      return { outcomes: list.map(() => null), retry };
    });
    expect(await rejection(ingestUntilSettled("app", records, given))).toHaveProperty(
      "message",
      expect.stringContaining("stopped"),
    );
  });
});
