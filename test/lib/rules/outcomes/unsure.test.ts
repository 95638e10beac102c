import { expect, test } from "bun:test";
import type { BulkItem, RequestFailure } from "../../../../lib/rules/outcomes/bulk-answer.ts";
import { mayBeExecuted, mayBeWritten } from "../../../../lib/rules/outcomes/unsure.ts";

const answered = (status: number): RequestFailure => ({ kind: "response", status, error: null });

test.each<[boolean, RequestFailure]>([
  [true, { kind: "timeout", message: "" }],
  [true, { kind: "connection", message: "" }],
  [true, { kind: "bad_answer", message: "" }],
  [true, { kind: "answer_too_large", message: "" }],
  [true, answered(502)],
  [true, answered(408)],
  [false, answered(400)],
  [false, answered(403)],
  [false, answered(413)],
  [false, answered(429)],
])("%p: a request that ends with %p may be executed", (is, failure) =>
  expect(mayBeExecuted(failure)).toBe(is),
);

const item = (status: number, type: string): BulkItem => ({
  status,
  result: null,
  error: { type, reason: "" },
});

test.each<[boolean, BulkItem]>([
  [true, item(503, "unavailable_shards_exception")],
  [true, item(500, "i_o_exception")],
  [false, item(500, "fail_processor_exception")],
  [false, item(429, "es_rejected_execution_exception")],
  [false, item(400, "document_parsing_exception")],
  [false, item(409, "version_conflict_engine_exception")],
  [false, { status: 201, result: "created", error: null }],
])("%p: a document may be written although its operation ends with %p", (is, one) =>
  expect(mayBeWritten(one)).toBe(is),
);
