import { describe, expect, test } from "bun:test";
import type { BulkItem } from "../../../../lib/rules/outcomes/bulk-answer.ts";
import {
  classifyFailure,
  classifyItem,
  isShapeFault,
  type ItemContext,
} from "../../../../lib/rules/outcomes/outcome.ts";

const alone: ItemContext = { index: "app", dated: false, lastChance: false };
const dated: ItemContext = { ...alone, dated: true };
const lastOne: ItemContext = { ...alone, lastChance: true };

function failed(status: number, type: string, reason = ""): BulkItem {
  return { status, result: null, error: { type, reason } };
}

describe("a finished item", () => {
  test.each([
    [{ status: 201, result: "created", error: null }, "indexed"],
    [{ status: 200, result: "noop", error: null }, "skipped"],
    [failed(409, "version_conflict_engine_exception"), "duplicate"],
  ] as const)("%j: %s", (item, kind) => {
    expect(classifyItem(item, alone)).toEqual({ kind });
  });
});

// Types and reasons as Elasticsearch 9.2 gives them.
describe("the record's own fault", () => {
  test.each([
    failed(400, "document_parsing_exception", "[1:6] failed to parse field [n] of type [long]"),
    failed(400, "mapper_parsing_exception", "failed to parse"),
    failed(400, "strict_dynamic_mapping_exception", "mapping set to strict"),
    failed(
      400,
      "illegal_argument_exception",
      "Limit of total fields [1000] has been exceeded while adding new fields [7]",
    ),
    failed(400, "illegal_argument_exception", "mapper [q] cannot be changed from type [long] to [keyword]"),
    failed(
      400,
      "illegal_argument_exception",
      "Inconsistency of field data structures across documents for field [_primary_term] of doc [0].",
    ),
    failed(400, "illegal_argument_exception", 'Document contains at least one immense term in field="k"'),
  ])("%j", (item) => {
    expect(classifyItem(item, alone)).toEqual({
      kind: "rejected",
      rejection: {
        status: 400,
        type: item.error?.type ?? "",
        reason: item.error?.reason ?? "",
        index: "app",
      },
    });
  });

  test("any other 400, but only as a last chance", () => {
    const item = failed(400, "illegal_argument_exception", "field [x] not present as part of path [x]");
    expect(classifyItem(item, lastOne).kind).toBe("rejected");
    expect(classifyItem(item, alone).kind).toBe("retry");
  });

  test("the 500 of a processor that throws, but no other 500", () => {
    for (const type of ["fail_processor_exception", "find_match", "null_pointer_exception"]) {
      expect(classifyItem(failed(500, type, "r"), lastOne).kind).toBe("rejected");
      expect(classifyItem(failed(500, type, "r"), alone)).toMatchObject({ kind: "retry", suspect: { type } });
    }
    const broken = failed(500, "i_o_exception", "disk");
    expect(classifyItem(broken, lastOne)).toMatchObject({ kind: "retry", suspect: null });
  });

  test.each([
    "pipeline with id [x] does not exist",
    "Validation Failed: 1: this action would add [2] shards",
    "no write index is defined for alias [x]",
  ])("not even as a last chance if it is about the cluster: %s", (reason) => {
    const item = failed(400, "illegal_argument_exception", reason);
    expect(classifyItem(item, lastOne)).toMatchObject({ kind: "retry", suspect: null });
  });

  test.each([
    failed(400, "index_closed_exception", "closed"),
    failed(403, "cluster_block_exception", "index [app] blocked by: [FORBIDDEN/8/index write (api)];"),
    failed(403, "cluster_block_exception", "index [app] blocked by: [FORBIDDEN/5/index read-only (api)];"),
  ])("a closed index, but only a dated one: %j", (item) => {
    expect(classifyItem(item, dated).kind).toBe("rejected");
    expect(classifyItem(item, alone)).toMatchObject({ kind: "retry", reason: { code: "cluster_block" } });
  });

  test("an alias without a write index, but only one that a date or a field of the record chose", () => {
    const reason =
      "no write index is defined for alias [app-all]. The write index may be explicitly disabled";
    const item = failed(400, "illegal_argument_exception", reason);
    expect(classifyItem(item, dated).kind).toBe("rejected");
    expect(classifyItem(item, alone)).toMatchObject({ kind: "retry", suspect: null });
  });
});

describe("everything else is retried, also in a dated index", () => {
  test.each([
    [failed(400, "illegal_argument_exception", "pipeline with id [x] does not exist"), "other"],
    [failed(400, "validation_exception", "Validation Failed: 1: this action would add [2] shards"), "other"],
    [failed(400, "invalid_index_name_exception", "Invalid index name [BAD], must be lowercase"), "other"],
    [failed(401, "security_exception"), "unauthorized"],
    [failed(403, "security_exception"), "unauthorized"],
    [
      failed(403, "cluster_block_exception", "blocked by: [FORBIDDEN/6/cluster read-only (api)];"),
      "cluster_block",
    ],
    [
      failed(429, "cluster_block_exception", "index [app] blocked by: [TOO_MANY_REQUESTS/12/disk usage]"),
      "cluster_block",
    ],
    [failed(404, "index_not_found_exception", "no such index [app]"), "not_found"],
    [failed(409, "something_else"), "other"],
    [failed(429, "es_rejected_execution_exception"), "too_many_requests"],
    [failed(500, "exception"), "server_error"],
    [failed(503, "unavailable_shards_exception"), "server_error"],
    [{ status: 502, result: null, error: null }, "server_error"],
  ] as const)("%j: %s", (item, code) => {
    for (const context of [alone, dated]) {
      expect(classifyItem(item, context)).toMatchObject({ kind: "retry", reason: { code } });
    }
  });

  test("the reason of an unknown 400, or of a processor, is not passed on, because it may quote the record", () => {
    const failing = classifyItem(failed(500, "fail_processor_exception", "no [secret]"), alone);
    expect(failing).toMatchObject({
      reason: { message: "index app: Elasticsearch answered 500 fail_processor_exception" },
    });
    const verdict = classifyItem(failed(400, "illegal_argument_exception", "cannot use [secret]"), alone);
    expect(verdict).toMatchObject({
      reason: { message: "index app: Elasticsearch answered 400 illegal_argument_exception" },
    });
  });

  test("the document in the reason of an unassigned shard is not passed on", () => {
    const reason =
      '[app][0] primary shard is not active Timeout: [15s], request: [BulkShardRequest [[app][0]] containing [index {[app][1], source[{"a":"secret"}]}]]';
    const verdict = classifyItem(failed(503, "unavailable_shards_exception", reason), alone);
    expect(verdict).toMatchObject({
      reason: {
        message:
          "index app: Elasticsearch answered 503 unavailable_shards_exception: [app][0] primary shard is not active Timeout: [15s]",
      },
    });
    expect(JSON.stringify(verdict)).not.toContain("secret");
  });

  test("the reason of a missing pipeline says what to do", () => {
    const item = failed(400, "illegal_argument_exception", "pipeline with id [x] does not exist");
    expect(JSON.stringify(classifyItem(item, alone))).toContain("pipeline with id [x] does not exist");
  });
});

describe("the failure of a whole request", () => {
  test.each([
    [401, null, "unauthorized"],
    [403, null, "unauthorized"],
    [403, { type: "cluster_block_exception", reason: "blocked by: x" }, "cluster_block"],
    [404, null, "not_found"],
    [429, null, "too_many_requests"],
    [503, null, "server_error"],
    [400, { type: "media_type_header_exception", reason: "x" }, "other"],
    [302, null, "other"],
  ] as const)("%d %j: %s", (status, error, code) => {
    expect(classifyFailure({ kind: "response", status, error })).toMatchObject({
      kind: "retry",
      reason: { code },
    });
  });

  test.each(["connection", "timeout", "bad_answer"] as const)("%s", (kind) => {
    expect(classifyFailure({ kind, message: "m" })).toEqual({
      kind: "retry",
      reason: { code: kind, message: "m" },
    });
  });

  test("is split if too large, or if a pipeline could not read a document", () => {
    expect(classifyFailure({ kind: "response", status: 413, error: null })).toMatchObject({
      kind: "split",
      error: { type: "document_too_large" },
    });
    const error = { type: "x_content_parse_exception", reason: "[1:2] Unexpected character" };
    expect(classifyFailure({ kind: "response", status: 400, error })).toEqual({
      kind: "split",
      status: 400,
      error,
    });
  });
});

describe("the shape of a document", () => {
  const rejection = (reason: string, type: string) => ({ status: 400, type, reason, index: "a" });
  test.each([
    [
      "[1:179] failed to parse: Limit of total fields [20] has been exceeded while adding new fields [19]",
      "document_parsing_exception",
    ],
    ["Limit of total fields [1000] has been exceeded", "illegal_argument_exception"],
    ["Limit of mapping depth [20] has been exceeded due to object field [a.a]", "illegal_argument_exception"],
    ["Field name [nnnnn] is longer than the limit of [4] characters", "illegal_argument_exception"],
    [
      "[1:1005] failed to parse: Document nesting depth (1001) exceeds the maximum allowed (1000, from `StreamReadConstraints.getMaxNestingDepth()`)",
      "document_parsing_exception",
    ],
    ["[1:6] failed to parse field [n] of type [long] in document with id '1'", "document_parsing_exception"],
    ["mapper [q] cannot be changed from type [long] to [keyword]", "illegal_argument_exception"],
    ["can't merge a non object mapping [x.y] with an object mapping", "illegal_argument_exception"],
    ["mapping set to strict, dynamic introduction of [a] within [_doc]", "strict_dynamic_mapping_exception"],
    ["[1:11] Duplicate field 'a'", "x_content_parse_exception"],
    ['Document contains at least one immense term in field="k"', "illegal_argument_exception"],
  ])("is at fault for: %s", (reason, type) => {
    expect(isShapeFault(rejection(reason, type))).toBe(true);
    expect(isShapeFault({ ...rejection(reason, type), status: 403 })).toBe(false);
  });

  test.each([
    ["the timestamp -1 is not within 0…253402300799999 milliseconds", "invalid_timestamp"],
    ["a record batch of 9 bytes", "batch_too_large"],
    ["field [x] not present as part of path [x]", "illegal_argument_exception"],
    ["closed", "index_closed_exception"],
  ])("is not at fault for: %s", (reason, type) => expect(isShapeFault(rejection(reason, type))).toBe(false));

  test("is not at fault if the document is too large or a processor throws", () => {
    expect(isShapeFault({ ...rejection("no", "document_too_large"), status: 413 })).toBe(false);
    expect(isShapeFault({ ...rejection("no", "fail_processor_exception"), status: 500 })).toBe(false);
  });
});

test("a closed or blocked failure store is the cluster's fault, in a dated index and at the last chance too", () => {
  const closed = [
    failed(
      403,
      "cluster_block_exception",
      "index [.fs-app-000002] blocked by: [FORBIDDEN/8/index write (api)];",
    ),
    failed(400, "index_closed_exception", "closed"),
  ];
  for (const item of closed) {
    expect(classifyItem(item, dated).kind).toBe("rejected");
    for (const context of [dated, lastOne]) {
      const verdict = classifyItem({ ...item, failureStoreFailed: true }, context);
      expect(verdict).toMatchObject({ kind: "retry", suspect: null, reason: { code: "cluster_block" } });
    }
  }
  const unfit = { ...failed(400, "document_parsing_exception", "bad"), failureStoreFailed: true };
  expect(classifyItem(unfit, alone).kind).toBe("rejected");
});
