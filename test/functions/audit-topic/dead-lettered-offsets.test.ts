import { describe, expect, test } from "bun:test";
import { readBurials, type ReadBurialsDeps } from "../../../functions/audit-topic/dead-lettered-offsets.ts";
import { deadLetterOf } from "../../../lib/rules/dead-letters/dead-letter.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { sourceRecord } from "../../support/records.ts";
import { rejection } from "../../support/rejection.ts";

const verdict = { status: 400, type: "t", reason: "r", index: "app" };

function letter(topic: string, offset: number) {
  const record = sourceRecord("line", { partition: 1, offset, timestamp: 7 });
  const { key, value, headers } = deadLetterOf({
    topic,
    record,
    rejection: verdict,
    attempts: 1,
    failedAt: 0,
  });
  return sourceRecord(value, { key, headers });
}

function deps(changes: Partial<ReadBurialsDeps> = {}): ReadBurialsDeps {
  return {
    ranges: () => Promise.resolve(new Map([[0, { start: 0, end: 9 }]])),
    readSpans: (_topic, _spans, onBatch) =>
      onBatch({
        partition: 0,
        end: 9,
        records: [
          letter("app", 5),
          sourceRecord("no letter"),
          letter("other", 6),
          letter("app", 2),
          letter("app", 5),
        ],
      }),
    ...changes,
  };
}

describe("the dead letters of audited topics", () => {
  const input = { deadLetterTopic: "dead", topics: new Set(["app"]) };

  test("are found by the position and timestamp of their record", async () => {
    const burials = await readBurials(input, deps());
    expect(burials.of("app").between(1, 0, 100)).toEqual([
      { offset: 2, timestamp: 7 },
      { offset: 5, timestamp: 7 },
      { offset: 5, timestamp: 7 },
    ]);
    expect(burials.of("other").between(1, 0, 100)).toEqual([]);
  });

  test("are none if the dead-letter topic does not exist", async () => {
    const ranges = () => Promise.reject(new PenstockError("topic_missing", "it does not exist"));
    const burials = await readBurials(input, deps({ ranges }));
    expect(burials.of("app").between(1, 0, 100)).toEqual([]);
  });

  test("are not taken for none if the dead-letter topic cannot be read", async () => {
    const ranges = () => Promise.reject(new PenstockError("kafka_unavailable", "no answer"));
    expect(await rejection(readBurials(input, deps({ ranges })))).toHaveProperty(
      "message",
      expect.stringContaining("no answer"),
    );
  });
});
