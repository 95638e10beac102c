import { describe, expect, test } from "bun:test";
import { ingestBatch } from "../../functions/ingest-batch.ts";
import type { BulkItem } from "../../lib/rules/outcomes/bulk-answer.ts";
import {
  answering,
  busy,
  created,
  input,
  rejected400,
  tooLarge,
  unavailable,
  unreadable,
  world,
} from "./ingest-world.ts";

describe("an ambiguous refusal", () => {
  const failed: BulkItem = {
    status: 500,
    result: null,
    error: { type: "fail_processor_exception", reason: "no" },
  };
  const missing: BulkItem = {
    status: 400,
    result: null,
    error: { type: "illegal_argument_exception", reason: "pipeline with id [p] does not exist" },
  };
  const way = { index: "app", status: 500, type: "fail_processor_exception" };
  const answers = answering({ fail: failed, odd: rejected400, gone: missing, busy });

  test("is reported with what was written, for later attempts", async () => {
    const { deps } = world(answers);
    const { evidence } = await ingestBatch(input(["fail", "odd", "gone", "busy"]), deps);
    expect([...evidence.doubts.keys()]).toEqual([0, 1]);
    expect(evidence.doubts.get(0)).toMatchObject(way);
    expect(evidence.written.size).toBe(0);
    const limits = { maxDocuments: 1, maxBytes: 1e6 };
    const next = await ingestBatch(input(["fail", "fine"], { limits }), deps);
    expect(next).toMatchObject({ outcomes: [null, "indexed"], evidence: { written: new Set(["app"]) } });
  });

  test("is the record's own fault if proven before, and it is refused the same way", async () => {
    const { deps, letters } = world(answers);
    const proven = new Map([0, 1, 2, 3].map((position) => [position, way]));
    const { outcomes } = await ingestBatch(
      input(["fail", "odd", "gone", "fine"].slice(0, 3), { proven }),
      deps,
    );
    expect(outcomes).toEqual(["dead-lettered", null, null]);
    expect(letters).toHaveLength(1);
  });

  test("among written records is the record's own fault; a missing pipeline is not, even as a last chance", async () => {
    const { deps } = world(answers);
    expect((await ingestBatch(input(["fail", "gone", "fine"]), deps)).outcomes).toEqual([
      "dead-lettered",
      null,
      "indexed",
    ]);
    const last = await ingestBatch(input(["fail", "odd", "gone"], { lastChance: true }), deps);
    expect(last.outcomes).toEqual(["dead-lettered", "dead-lettered", null]);
  });

  test("among written records is not its fault if the pipeline is repaired while it processes the bulk", async () => {
    let answered = 0;
    const { deps, letters, requests } = world((messages) => {
      answered += 1;
      return { items: messages.map((_, at) => (answered === 1 && at < 2 ? failed : created)) };
    });
    const { outcomes, retry } = await ingestBatch(input(["a", "b", "c"]), deps);
    expect({ outcomes, retry, letters }).toEqual({
      outcomes: ["indexed", "indexed", "indexed"],
      retry: null,
      letters: [],
    });
    expect(requests).toEqual([
      ["a", "b", "c"],
      ["a", "b"],
    ]);
  });

  test("after all written ones is proven with one of those as a witness, sent again after it", async () => {
    const { deps, letters, requests } = world(answers);
    const { outcomes } = await ingestBatch(input(["fail", "fine", "fail"]), deps);
    expect(outcomes).toEqual(["dead-lettered", "indexed", "dead-lettered"]);
    expect({ letters: letters.length, requests }).toEqual({
      letters: 2,
      requests: [["fail", "fine", "fail"], ["fail", "fail", "fine"], ["fail"]],
    });
  });

  test("after all written ones waits if the pipeline has broken since: it refuses the witness too", async () => {
    let answered = 0;
    const { deps, letters, requests } = world((messages) => {
      answered += 1;
      return { items: messages.map((_, at) => (answered === 1 && at === 0 ? created : failed)) };
    });
    const { outcomes, evidence } = await ingestBatch(input(["a", "b", "c"]), deps);
    expect(outcomes).toEqual(["indexed", null, null]);
    expect([...evidence.doubts.keys()]).toEqual([1, 2]);
    expect({ letters, requests }).toEqual({
      letters: [],
      requests: [
        ["a", "b", "c"],
        ["b", "c", "a"],
      ],
    });
  });

  test("whose request with the witness is too large is sent alone: a separate witness proves nothing", async () => {
    const answered = [{ items: [created, failed] }, tooLarge, { items: [unreadable] }];
    const { deps, requests } = world(() => answered.shift() ?? unavailable);
    const { outcomes, retry } = await ingestBatch(input(["fine", "fail"]), deps);
    expect({ outcomes, retry }).toEqual({ outcomes: ["indexed", "dead-lettered"], retry: null });
    expect(requests).toEqual([["fine", "fail"], ["fail", "fine"], ["fail"]]);
  });

  test("among written records, and then refused in another way, is retried", async () => {
    let answered = 0;
    const { deps, requests } = world((messages) => {
      answered += 1;
      return answering({ odd: answered === 1 ? failed : rejected400 })(messages);
    });
    const { outcomes, evidence } = await ingestBatch(input(["odd", "fine"]), deps);
    expect(outcomes).toEqual([null, "indexed"]);
    expect(evidence.doubts.get(0)).toMatchObject({ status: 400 });
    expect(requests).toHaveLength(2);
  });
});
