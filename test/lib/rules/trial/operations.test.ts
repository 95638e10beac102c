import { expect, test } from "bun:test";
import { createBulkEncoder } from "../../../../lib/rules/bulk/encoder.ts";
import {
  operationText,
  readOperations,
  readSimulation,
  simulationText,
  statusOfPipelineError,
} from "../../../../lib/rules/trial/operations.ts";
import { sourceRecord, specification } from "../../../support/records.ts";

const spec = specification({ format: "json", index: "logs", dataStream: "logs" });
const long = '{"n":12345678901234567890123,"a":[300,12.5]}';

test("reads what the encoder writes, and sends it elsewhere: digits, ids and dynamic templates stay", () => {
  const { bytes } = createBulkEncoder(spec, "settled")([sourceRecord(long)], [null]);
  const [operation, ...others] = readOperations(bytes);
  expect(others).toEqual([]);
  expect(operation).toMatchObject({ index: "logs", id: "app:0:0:mjwaidke", templates: { a: "doubles" } });
  const { json = "" } = operation ?? {};
  expect(json).toContain('"n":12345678901234567890123');
  // Only data streams take `require_data_stream`.
  const action =
    '{"create":{"_index":"scratch","_id":"app:0:0:mjwaidke","dynamic_templates":{"a":"doubles"}}}';
  expect(operation && operationText(operation, "scratch", json)).toBe(`${action}\n${json}\n`);
  expect(simulationText(operation ? [operation] : [])).toBe(
    `{"docs":[{"_index":"logs","_id":"app:0:0:mjwaidke","_source":${json}}]}`,
  );
});

test("reads what Elasticsearch 9.2 says of pipelines: a document, perhaps for elsewhere; dropped; or an error", () => {
  const operation = { index: "a", id: "1", json: "{}", templates: undefined };
  const docs = [
    '{"doc":{"_id":"1","_index":"b","_source":{"n":12345678901234567890123},"executed_pipelines":["p","q"]}}',
    '{"doc":{"_id":"1","_index":"a","result":"noop"}}',
    '{"doc":{"_id":"1","_index":"a","error":{"type":"fail_processor_exception","reason":"no"}}}',
    // The mapping's error, which the scratch index judges.
    '{"doc":{"_id":"1","_index":"a","_source":{"x":1},"executed_pipelines":[],"error":{"type":"strict_dynamic_mapping_exception","reason":"no"}}}',
  ];
  const operations = docs.map(() => operation);
  expect(readSimulation(`{"docs":[${docs.join(",")}]}`, operations)).toEqual([
    { kind: "document", index: "b", json: '{"n":12345678901234567890123}', pipelines: ["p", "q"] },
    { kind: "dropped" },
    { kind: "failed", error: { type: "fail_processor_exception", reason: "no" } },
    { kind: "document", index: "a", json: '{"x":1}', pipelines: [] },
  ]);
  expect(readSimulation(`{"docs":[${docs.join(",")}]}`, [operation])).toBeNull();
  expect(readSimulation("<html>", operations)).toBeNull();
});

test.each([
  ["illegal_argument_exception", 400],
  ["script_exception", 400],
  ["number_format_exception", 400],
  ["parse_exception", 400],
  ["fail_processor_exception", 500],
  ["null_pointer_exception", 500],
  ["resource_not_found_exception", 404],
  ["security_exception", 403],
])("an error %s of a pipeline is a %d in a bulk", (type, status) => {
  expect(statusOfPipelineError({ type, reason: "" })).toBe(status);
});
