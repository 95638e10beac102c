import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { RequestFailure } from "../../../../lib/rules/outcomes/bulk-answer.ts";
import {
  type BulkPart,
  joinParts,
  mayBeOnesFault,
  packParts,
  splitAnswer,
} from "../../../../lib/rules/bulk/joint.ts";
import type { BulkLimits } from "../../../../lib/rules/bulk/requests.ts";

const action = (id: string, pipeline?: string): string =>
  JSON.stringify({ create: { ...(pipeline === undefined ? {} : { pipeline }), _index: "i", _id: id } });
const document = (id: string): string => JSON.stringify({ message: `${id}\n{"create":{` });
const linesOf = (ids: readonly string[], pipeline?: string): string =>
  ids.map((id) => `${action(id, pipeline)}\n${document(id)}\n`).join("");

function part(ids: readonly string[], pipeline: string | null = null, pattern = "p"): BulkPart {
  const documentAt = (operation: number) => ({ index: "i", id: ids[operation] ?? "none" });
  return { body: Buffer.from(linesOf(ids)), operations: ids.length, pipeline, pattern, documentAt };
}

describe("packing parts into requests", () => {
  test("sends every part once, in order, within the limits, and no request is needlessly small", () => {
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 60 })), {
      maxLength: 30,
    });
    const limits = fc.record({
      maxDocuments: fc.integer({ min: 1, max: 12 }),
      maxBytes: fc.integer({ min: 1, max: 200 }),
    });
    const fits = (request: readonly BulkPart[], { maxDocuments, maxBytes }: BulkLimits) =>
      request.reduce((sum, { operations }) => sum + operations, 0) <= maxDocuments &&
      request.reduce((sum, { body }) => sum + body.length, 0) <= maxBytes;
    fc.assert(
      fc.property(sizes, limits, (wanted, bounds) => {
        const parts = wanted.map(([operations, bytes]) => ({
          ...part([]),
          operations,
          body: Buffer.alloc(bytes),
        }));
        const requests = packParts(parts, bounds);
        expect(requests.flat()).toEqual(parts);
        for (const [at, request] of requests.entries()) {
          expect(request.length === 1 || fits(request, bounds)).toBe(true);
          const next = requests[at + 1]?.[0];
          if (next !== undefined) expect(fits([...request, next], bounds)).toBe(false);
        }
      }),
    );
  });

  test("makes no request for no parts", () => {
    expect(packParts([], { maxDocuments: 1, maxBytes: 1 })).toEqual([]);
  });
});

describe("joining parts", () => {
  test("copies the bodies unless they were written one after another", () => {
    const whole = Buffer.from(linesOf(["a"]) + linesOf(["b"], "x") + linesOf(["c"]));
    const ends = [linesOf(["a"]).length, linesOf(["a"]).length + linesOf(["b"], "x").length, whole.length];
    const partTo = (end: number, at: number, pipeline: string | null = null): BulkPart => {
      const start = ends[at - 1] ?? 0;
      const within = { whole, start, end };
      return { ...part(["one"], pipeline), body: whole.subarray(start, end), within };
    };
    const parts = ends.map((end, at) => partTo(end, at));
    const joined = joinParts(parts);
    expect(String(joined.body)).toBe(String(whole));
    expect(joined.body.buffer).toBe(whole.buffer);
    expect(joined.operations).toBe(3);
    const apart = joinParts(parts.filter((_, at) => at !== 1));
    expect(String(apart.body)).toBe(linesOf(["a", "c"]));
    const mixed = joinParts(ends.map((end, at) => partTo(end, at, at === 0 ? "p" : null)));
    expect(String(mixed.body)).toBe(linesOf(["a"], "p") + linesOf(["b"], "x") + linesOf(["c"]));
  });

  test("concatenates the bodies, and finds each operation", () => {
    const joint = joinParts([
      part(["a", "b"], null, "x-*"),
      part(["c"], null, "y-*"),
      part(["d"], null, "x-*"),
    ]);
    expect(joint.body.toString()).toBe(linesOf(["a", "b", "c", "d"]));
    expect({ operations: joint.operations, patterns: joint.patterns }).toEqual({
      operations: 4,
      patterns: ["x-*", "y-*"],
    });
    expect([0, 1, 2, 3].map((at) => joint.documentAt(at).id)).toEqual(["a", "b", "c", "d"]);
    expect(() => joint.documentAt(4)).toThrow("no operation 4");
  });

  test("a pipeline common to all becomes the request's", () => {
    const joint = joinParts([part(["a"], "p"), part(["b"], "p")]);
    expect({ pipeline: joint.pipeline, body: joint.body.toString() }).toEqual({
      pipeline: "p",
      body: linesOf(["a", "b"]),
    });
  });

  test("with several pipelines each operation names its own, whatever its document contains, or none", () => {
    const quoted = 'a "b" \\ ü';
    const joint = joinParts([part(["a", "b"], quoted), part(["c"]), part(["d"], "q")]);
    expect(joint.pipeline).toBeNull();
    expect(joint.body.toString()).toBe(linesOf(["a", "b"], quoted) + linesOf(["c"]) + linesOf(["d"], "q"));
  });

  test("a single part stays as it is", () => {
    const alone = part(["a"], "p");
    expect(joinParts([alone])).toMatchObject({ body: alone.body, pipeline: "p", patterns: ["p"] });
  });

  test("names the pipeline in a witness too", () => {
    const witness = { ...part(["a"], "p"), body: Buffer.from('{"index":{"_index":"i"}}\n{}\n') };
    const { body } = joinParts([witness, part(["b"])]);
    expect(body.toString()).toStartWith('{"index":{"pipeline":"p","_index":"i"}}\n{}\n{"create":{');
  });

  test("refuses a body without operations", () => {
    const strange = { ...part(["a"], "p"), body: Buffer.from('{"delete":{}}\n{}\n') };
    expect(() => joinParts([strange, part(["b"])])).toThrow("no operation begins at byte 0");
    expect(() => joinParts([])).toThrow("nothing is to be joined");
  });
});

describe("a joint answer", () => {
  const item = (status: number) => ({ status, result: null, error: null });

  test("gives each part the items of its own operations", () => {
    const parts = [part(["a", "b"]), part(["c"]), part(["d"])];
    const items = [201, 400, 409, 429].map(item);
    expect(splitAnswer(parts, { items })).toEqual([
      { items: items.slice(0, 2) },
      { items: items.slice(2, 3) },
      { items: items.slice(3) },
    ]);
  });

  test("that is a failure is one for each part", () => {
    const failure: RequestFailure = { kind: "timeout", message: "late" };
    expect(splitAnswer([part(["a"]), part(["b"])], { failure })).toEqual([{ failure }, { failure }]);
  });

  test.each<[boolean, RequestFailure]>([
    [true, { kind: "response", status: 400, error: null }],
    [true, { kind: "response", status: 404, error: null }],
    [true, { kind: "response", status: 413, error: null }],
    [false, { kind: "response", status: 401, error: null }],
    [false, { kind: "response", status: 403, error: null }],
    [false, { kind: "response", status: 429, error: null }],
    [false, { kind: "response", status: 503, error: null }],
    [true, { kind: "timeout", message: "" }],
    [true, { kind: "bad_answer", message: "" }],
    [true, { kind: "answer_too_large", message: "" }],
    [false, { kind: "connection", message: "" }],
  ])("may be one part's fault: %p of %p", (expected, failure) => {
    expect(mayBeOnesFault(failure)).toBe(expected);
  });
});
