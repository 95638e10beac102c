import { describe, expect, test } from "bun:test";
import {
  findPositionForm,
  foreignDocument,
  formText,
  idAt,
  parsePositionForm,
  placeReader,
} from "../../../../../lib/rules/audit/against/position.ts";

const ends = new Map([
  [0, 100],
  [1, 100],
]);

/** The documents of ten records. */
function sample(document: (partition: number, offset: number) => { id?: string; source: object }) {
  return Array.from({ length: 10 }, (_, n) => {
    const { id = `auto-${n}xxxxxxxxxxxxxxx`, source } = document(n % 2, n + 20);
    return foreignDocument(id, "index", source);
  });
}

describe("where documents tell their position", () => {
  test.each([
    [
      "Filebeat",
      (partition: number, offset: number) => ({
        source: { kafka: { topic: "app", partition, offset, key: "" }, log: { offset: 3 }, message: "x" },
      }),
      "kafka.topic kafka.partition kafka.offset",
    ],
    [
      "Logstash, copied with add_field, which makes texts",
      (partition: number, offset: number) => ({
        source: { kafka_topic: "app", kafka_partition: String(partition), kafka_offset: String(offset) },
      }),
      "kafka_topic kafka_partition kafka_offset",
    ],
    [
      "Vector and Fluent Bit",
      (partition: number, offset: number) => ({ source: { topic: "app", partition, offset, message: "x" } }),
      "topic partition offset",
    ],
    [
      "names in camel case, no topic",
      (partition: number, offset: number) => ({
        source: { meta: { kafkaPartition: partition, kafkaOffset: offset } },
      }),
      "- meta.kafkaPartition meta.kafkaOffset",
    ],
    [
      "Kafka Connect",
      (partition: number, offset: number) => ({ id: `app+${partition}+${offset}`, source: { n: 1 } }),
      "{topic}+{partition}+{offset}",
    ],
    [
      "Redpanda Connect",
      (partition: number, offset: number) => ({ id: `${partition}-${offset}`, source: { n: 1 } }),
      "{partition}-{offset}",
    ],
    [
      "an id the other way round",
      (partition: number, offset: number) => ({ id: `${offset}-${partition}`, source: { n: 1 } }),
      "{offset}-{partition}",
    ],
  ])("%s", (_, document, expected) => {
    const found = findPositionForm("app", ends, sample(document));
    const form = found?.form;
    expect(found?.placed).toBe(10);
    expect(
      form?.kind === "fields" ? `${form.topic ?? "-"} ${form.partition} ${form.offset}` : form?.pattern,
    ).toBe(expected);
    expect(form === undefined ? "" : formText(form)).toContain("by ");
  });

  test("nowhere: ids of Elasticsearch, fields that are no position, offsets that the topic does not have", () => {
    expect(
      findPositionForm(
        "app",
        ends,
        sample(() => ({ source: { message: "x", log: { offset: 5 } } })),
      ),
    ).toBeNull();
    expect(
      findPositionForm(
        "app",
        ends,
        sample((partition, offset) => ({ source: { partition, offset: offset + 1_000 } })),
      ),
    ).toBeNull();
    expect(findPositionForm("app", ends, [])).toBeNull();
  });

  test("documents of other topics do not count against a form", () => {
    const found = findPositionForm(
      "app",
      ends,
      sample((partition, offset) => ({
        source: { topic: offset < 28 ? "other" : "app", partition, offset },
      })),
    );
    expect(found).toMatchObject({ placed: 2, elsewhere: 8, sample: 10 });
  });

  test("a place is read from numbers and from texts, and not from anything else", () => {
    const placeOf = placeReader({ kind: "fields", topic: null, partition: "p", offset: "o" });
    const of = (source: object) => placeOf(foreignDocument("id", "index", source));
    expect(of({ p: 0, o: "17" })).toEqual({ topic: null, partition: 0, offset: 17 });
    expect(of({ p: 0 })).toBeNull();
    expect(of({ p: 0, o: 1.5 })).toBeNull();
    expect(of({ p: -1, o: 17 })).toBeNull();
    expect(of({ p: 0, o: [1, 2] })).toBeNull();
  });

  test("a pattern of ids reads and writes the same, whatever the topic's name", () => {
    for (const pattern of [
      "{topic}+{partition}+{offset}",
      "x.{offset}/{partition}",
      "{topic}-{partition}-{offset}",
    ]) {
      const id = idAt(pattern, "a.b-1$&", 3, 17);
      const place = placeReader({ kind: "id", pattern })(foreignDocument(id, "index", {}));
      expect(place).toEqual({
        topic: pattern.includes("topic") ? "a.b-1$&" : null,
        partition: 3,
        offset: 17,
      });
    }
  });
});

describe("--position", () => {
  test("is fields, a pattern of ids, or none", () => {
    expect(parsePositionForm("p,o")).toEqual({ kind: "fields", topic: null, partition: "p", offset: "o" });
    expect(parsePositionForm("a.p,a.o,t")).toEqual({
      kind: "fields",
      topic: "t",
      partition: "a.p",
      offset: "a.o",
    });
    expect(parsePositionForm("{partition}_{offset}")).toEqual({
      kind: "id",
      pattern: "{partition}_{offset}",
    });
    expect(parsePositionForm("none")).toBeNull();
  });

  test.each([
    "",
    "p",
    "p,",
    ",o",
    "p,o,",
    "p,o,t,x",
    "{offset}",
    "{topic}+{offset}",
    "{partition}{offset}{offset}",
    "{x}",
  ])("%p is refused, and the error says what is right", (text) => {
    expect(() => parsePositionForm(text)).toThrow(/--position is ".*": (it must be|a pattern of ids needs)/);
  });
});
