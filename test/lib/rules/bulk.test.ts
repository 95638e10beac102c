import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { bulkBody, bulkOperation, splitOperations } from "../../../lib/rules/bulk.ts";

test("an operation is two lines, its bytes counted as sent", () => {
  const operation = bulkOperation(4, {
    kind: "document",
    index: "app",
    id: "app:0:1:a",
    json: '{"message":"☃"}',
  });
  expect(operation.lines).toBe('{"create":{"_index":"app","_id":"app:0:1:a"}}\n{"message":"☃"}\n');
  expect(operation).toMatchObject({ position: 4, index: "app", bytes: Buffer.byteLength(operation.lines) });
});

test("every operation is sent once, in order, within the limits, and no request is needlessly small", () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 });
  const limits = fc.record({
    maxDocuments: fc.integer({ min: 1, max: 8 }),
    maxBytes: fc.integer({ min: 1, max: 400 }),
  });
  fc.assert(
    fc.property(sizes, limits, (sizes, limits) => {
      const operations = sizes.map((size, position) =>
        bulkOperation(position, {
          kind: "document",
          index: "i",
          id: String(position),
          json: "x".repeat(size),
        }),
      );
      const requests = splitOperations(operations, limits);
      expect(requests.flat()).toEqual(operations);
      for (const [at, request] of requests.entries()) {
        const bytes = Buffer.byteLength(bulkBody(request));
        expect(request.length).toBeGreaterThan(0);
        expect(request.length).toBeLessThanOrEqual(limits.maxDocuments);
        if (request.length > 1) expect(bytes).toBeLessThanOrEqual(limits.maxBytes);
        const next = requests[at + 1]?.[0];
        if (next !== undefined && request.length < limits.maxDocuments) {
          expect(bytes + next.bytes).toBeGreaterThan(limits.maxBytes);
        }
      }
    }),
  );
});
