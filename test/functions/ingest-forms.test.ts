import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { ingestBatch } from "../../functions/ingest-batch.ts";
import type { BulkAnswer, BulkItem } from "../../lib/rules/outcomes/bulk-answer.ts";
import type { DeadLetter } from "../../lib/rules/dead-letters/dead-letter.ts";
import { sourceRecord, specification } from "../support/records.ts";
import {
  answering,
  busy,
  created,
  duplicate,
  input,
  refusal,
  rejected400,
  sentOf,
  tooLarge,
  unreadable,
  world,
  type Sent,
} from "./ingest-world.ts";

describe("a record refused for its shape", () => {
  const spec = specification({ format: "json" });
  const byObject = refusal(
    "object mapping for [err] tried to parse field [err] as object, but found a concrete value",
  );
  const full = refusal(
    "[1:179] failed to parse: Limit of total fields [1000] has been exceeded while adding new fields [1]",
  );
  const other = refusal("[1:9] failed to parse field [message] of type [long] in document with id 'x'");
  const pipelines: BulkItem = {
    status: 500,
    result: null,
    error: { type: "fail_processor_exception", reason: "no" },
  };
  const values = ["a", "odd", "b"].map((message, n) => JSON.stringify({ message, [`new${n}`]: n }));

  /** Refuses the record "odd": its own form, flattened, as text. */
  function index(...answers: readonly BulkItem[]) {
    const sent: Sent[][] = [];
    const given = { own: answers[0], flattened: answers[1], text: answers[2] };
    const made = world(answering({}), {
      bulk: async (body) => {
        const documents = sentOf(body);
        sent.push(documents);
        const items = documents.map(({ form, offset }) =>
          offset === 1 ? (given[form] ?? created) : created,
        );
        return { items };
      },
    });
    const forms = () => sent.map((documents) => documents.map(({ form, offset }) => `${form} ${offset}`));
    return { ...made, sent, forms };
  }
  const reasonsOf = (letters: readonly DeadLetter[]) =>
    letters.map(({ headers }) =>
      headers.find(({ name }) => name === "penstock.error.reason")?.value?.toString(),
    );

  test("is sent again flattened, under the same id, in the same attempt", async () => {
    for (const item of [byObject, full, other]) {
      const { deps, letters, sent, forms } = index(item);
      const { outcomes, retry, gaveWay } = await ingestBatch(input(values, { spec }), deps);
      expect({ outcomes, retry, letters }).toEqual({
        outcomes: ["indexed", "indexed", "indexed"],
        retry: null,
        letters: [],
      });
      expect(forms()).toEqual([["own 0", "own 1", "own 2"], ["flattened 1"]]);
      expect(gaveWay).toEqual(new Map([[1, item === full ? null : item === byObject ? "err" : "message"]]));
      const [before, after] = [sent[0]?.[1], sent[1]?.[0]].map((one) => one?.operation.split("\n") ?? []);
      expect(after?.[0]).toBe(before?.[0] ?? "");
      expect(JSON.parse(after?.[1] ?? "")).toMatchObject({
        message: "odd",
        kafka: { offset: 1, value: { new1: 1 } },
        tags: ["fields_flattened"],
      });
    }
  });

  test("names the field in the document if the reason does", async () => {
    const { deps, sent } = index(byObject);
    await ingestBatch(input(values, { spec }), deps);
    expect(JSON.parse(sent[1]?.[0]?.operation.split("\n")[1] ?? "")).toMatchObject({
      kafka: { refused: "err" },
    });
  });

  test("is sent as text if it is refused flattened too", async () => {
    const { deps, letters, sent, forms } = index(
      byObject,
      refusal("strict", "strict_dynamic_mapping_exception"),
    );
    const { outcomes, gaveWay } = await ingestBatch(input(values, { spec }), deps);
    expect(outcomes).toEqual(["indexed", "indexed", "indexed"]);
    expect(letters).toEqual([]);
    expect(forms()).toEqual([["own 0", "own 1", "own 2"], ["flattened 1"], ["text 1"]]);
    expect(sent[2]?.[0]?.message).toBe(values[1] ?? "");
    expect(gaveWay).toEqual(new Map([[1, "err"]]));
  });

  test("is a dead letter if that is refused too, with the reason for its own form", async () => {
    const { deps, letters, forms } = index(byObject, full, other);
    const { outcomes, gaveWay } = await ingestBatch(input(values, { spec, attempt: 3 }), deps);
    expect(outcomes).toEqual(["indexed", "dead-lettered", "indexed"]);
    expect(forms()).toHaveLength(3);
    expect(reasonsOf(letters)).toEqual([byObject.error?.reason]);
    expect(letters[0]?.headers).toContainEqual({ name: "penstock.attempts", value: Buffer.from("3") });
    expect(gaveWay.size).toBe(0);
  });

  test("is a dead letter at once if declared so, or if the topic is not JSON", async () => {
    for (const declared of [
      specification({ format: "json", rejected: "dead-letter" }),
      specification({ rejected: "flatten" }),
    ]) {
      const { deps, letters, forms } = index(byObject);
      const { outcomes } = await ingestBatch(input(values, { spec: declared }), deps);
      expect(outcomes).toEqual(["indexed", "dead-lettered", "indexed"]);
      expect(forms()).toEqual([["own 0", "own 1", "own 2"]]);
      expect(reasonsOf(letters)).toEqual([byObject.error?.reason]);
    }
  });

  test("is sent again without its level if it is text and the level may have been refused", async () => {
    const strict = refusal(
      "[1:9] mapping set to strict, dynamic introduction of [log] within [_doc] is not allowed",
    );
    for (const item of [strict, full]) {
      const { deps, letters, forms } = index(item);
      const { outcomes } = await ingestBatch(input(values, { spec: specification() }), deps);
      expect({ outcomes, letters }).toEqual({ outcomes: ["indexed", "indexed", "indexed"], letters: [] });
      expect(forms()).toEqual([["own 0", "own 1", "own 2"], ["text 1"]]);
    }
  });

  test("is retried if Elasticsearch is busy with another form", async () => {
    const { deps, letters } = index(byObject, busy);
    const { outcomes, retry, gaveWay } = await ingestBatch(input(values, { spec }), deps);
    expect(outcomes).toEqual(["indexed", null, "indexed"]);
    expect(retry).toMatchObject({ code: "too_many_requests" });
    expect({ letters, gaveWay: gaveWay.size }).toEqual({ letters: [], gaveWay: 0 });
  });

  test("is at fault if a pipeline accepted its own form but refuses another", async () => {
    for (const item of [pipelines, rejected400]) {
      const { deps, letters, forms } = index(byObject, item);
      const { outcomes } = await ingestBatch(input(values, { spec }), deps);
      expect(outcomes).toEqual(["indexed", "dead-lettered", "indexed"]);
      expect(forms()).toHaveLength(2);
      expect(reasonsOf(letters)).toEqual([byObject.error?.reason]);
    }
  });

  test("is not one that a pipeline refused, that has a closed index, or that is too large", async () => {
    const dated = specification({ format: "json", index: "app-{yyyy.MM.dd}" });
    const closed = refusal("closed", "index_closed_exception");
    for (const [item, of] of [
      [pipelines, spec],
      [rejected400, spec],
      [closed, dated],
    ] as const) {
      const { deps, letters, forms } = index(item);
      expect((await ingestBatch(input(values, { spec: of }), deps)).outcomes[1]).toBe("dead-lettered");
      expect(letters).toHaveLength(1);
      expect(
        forms()
          .flat()
          .filter((sent) => !sent.startsWith("own")),
      ).toEqual([]);
    }
  });

  test("is found by halving if the whole request is refused for it, as with a pipeline", async () => {
    const whole: BulkAnswer = {
      failure: {
        kind: "response",
        status: 400,
        error: { type: "x_content_parse_exception", reason: "[1:8] Duplicate field 'b'" },
      },
    };
    const forms: string[] = [];
    const { deps, letters } = world(answering({}), {
      bulk: async (body) => {
        const documents = sentOf(body);
        forms.push(...documents.map(({ form, offset }) => `${form} ${offset}`));
        return documents.some(({ form, offset }) => form === "own" && offset === 1)
          ? whole
          : { items: documents.map(() => created) };
      },
    });
    const { outcomes, gaveWay } = await ingestBatch(input(values, { spec }), deps);
    expect({ outcomes, letters }).toEqual({ outcomes: ["indexed", "indexed", "indexed"], letters: [] });
    expect(forms.filter((sent) => !sent.startsWith("own"))).toEqual(["flattened 1"]);
    expect(gaveWay).toEqual(new Map([[1, "b"]]));
  });

  test("for a field of conflicting kinds is sent again as it is, with the field's mapping", async () => {
    const kinds = refusal(
      "mapper [n] cannot be changed from type [long] to [keyword]",
      "illegal_argument_exception",
    );
    const sent: string[] = [];
    const { deps, letters } = world(answering({}), {
      bulk: async (body) => {
        const documents = sentOf(body);
        sent.push(...documents.map(({ operation }) => operation));
        return {
          items: documents.map(({ operation, offset }) =>
            offset === 1 && !operation.includes("dynamic_templates")
              ? kinds
              : offset === 2
                ? byObject
                : created,
          ),
        };
      },
    });
    const mixed = ['{"n":1}', '{"n":[1,"a"]}', '{"err":5}'];
    const { outcomes, gaveWay } = await ingestBatch(input(mixed, { spec }), deps);
    expect(outcomes).toEqual(["indexed", "indexed", "dead-lettered"]);
    expect(letters).toHaveLength(1);
    // The record is indexed in its own form: nothing gave way.
    expect(gaveWay).toEqual(new Map());
    const again = sent.find((operation) => operation.includes("dynamic_templates")) ?? "";
    expect(again).toContain('"dynamic_templates":{"n":"strings"}}}\n');
    expect(again.split("\n")[1]).toBe(sent[1]?.split("\n")[1]);
  });

  test("whose next form is too large to send is a dead letter for its own form's reason", async () => {
    // Escaped again as text, it would exceed a document's limit. A bulk's answer that says so saves the megabytes here.
    const { deps, letters } = world(answering({}), {
      bulk: async (body) => {
        const documents = sentOf(body);
        return documents.some(({ form }) => form === "flattened")
          ? tooLarge
          : { items: documents.map(({ offset }) => (offset === 1 ? byObject : created)) };
      },
    });
    const { outcomes } = await ingestBatch(input(values, { spec }), deps);
    expect(outcomes).toEqual(["indexed", "dead-lettered", "indexed"]);
    expect(reasonsOf(letters)).toEqual([byObject.error?.reason]);
    expect(letters[0]?.headers).toContainEqual({ name: "penstock.status", value: Buffer.from("400") });
  });
});

function isObjectText(value: unknown): boolean {
  try {
    const parsed: unknown = JSON.parse(String(value));
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}

/** Recognized by the bytes: the own form with its fields' mappings is another operation. */
function keyOf({ form, offset, operation }: Sent): string {
  return `${form} ${offset} ${operation.includes('"dynamic_templates"')}`;
}

test("a record is sent at most once in each form, in order, and each form is always the same document", async () => {
  const shape = refusal(
    "mapper [a] cannot be changed from type [long] to [keyword]",
    "illegal_argument_exception",
  );
  const value = fc.oneof(
    { weight: 4, arbitrary: fc.json({ maxDepth: 2 }) },
    fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })).map((object) => JSON.stringify(object)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  const item = fc.constantFrom(created, shape, shape, unreadable, busy, duplicate);
  await fc.assert(
    fc.asyncProperty(fc.array(value, { maxLength: 8 }), fc.infiniteStream(item), async (values, items) => {
      const spec = specification({ format: "json", timestamp: ["a", "b"] });
      const first = new Map<number, BulkItem>();
      const documents = new Map<string, string>();
      const sent: Sent[] = [];
      const { deps, letters } = world(answering({}), {
        bulk: async (body) => ({
          items: sentOf(body).map((one) => {
            const answer = items.next().value;
            sent.push(one);
            if (!first.has(one.offset) && answer.error?.type !== undefined) first.set(one.offset, answer);
            return answer;
          }),
        }),
      });
      const records = values.map((each, offset) => sourceRecord(each, { offset }));
      const result = await ingestBatch(input([], { spec, records }), deps);
      for (const offset of records.keys()) {
        const forms = sent.filter((one) => one.offset === offset).map(({ form }) => form);
        // Its own form again, with its fields' mappings.
        const settles = first.get(offset) === shape;
        const all = ["own", ...(settles ? ["own"] : []), "flattened", "text"] as Sent["form"][];
        expect(forms.length).toBeLessThanOrEqual(all.length);
        // What is not an object is the same text in each form.
        if (isObjectText(values[offset])) expect(forms).toEqual(all.slice(0, forms.length));
        const way = result.outcomes[offset];
        expect(result.gaveWay.has(offset)).toBe(
          forms.length > (settles ? 2 : 1) && (way === "indexed" || way === "duplicate"),
        );
      }
      const dead = [...records.keys()].filter((at) => result.outcomes[at] === "dead-lettered");
      const buried = letters.map(({ headers }) =>
        Number(headers.find(({ name }) => name === "penstock.offset")?.value?.toString()),
      );
      expect(new Set(buried)).toEqual(new Set(dead));
      for (const one of sent) documents.set(keyOf(one), one.operation);
      // Each by itself, refused in every form.
      const again: Sent[] = [];
      const refusing = world(answering({}), {
        bulk: async (body) => {
          const all = sentOf(body);
          again.push(...all);
          return { items: all.map(({ offset }) => first.get(offset) ?? shape) };
        },
      });
      for (const record of records) await ingestBatch(input([], { spec, records: [record] }), refusing.deps);
      for (const one of again) {
        const known = documents.get(keyOf(one));
        if (known !== undefined && isObjectText(values[one.offset])) expect(one.operation).toBe(known);
      }
    }),
  );
});
