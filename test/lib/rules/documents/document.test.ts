import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createDocumentEncoder } from "../../../../lib/rules/documents/document.ts";
import type { Specification } from "../../../../lib/rules/model/declaration.ts";
import type { SourceRecord } from "../../../../lib/rules/model/record.ts";
import { sourceRecord, specification } from "../../../support/records.ts";
import { rounds } from "../../../support/rounds.ts";
import { anyCharacter } from "../../../support/any-text.ts";

const isoTime = "2026-01-02T03:04:05.678Z";

function encode(
  changes: Partial<Specification>,
  record: SourceRecord,
): { json: string; index: string; id: string } {
  const encoding = createDocumentEncoder(specification(changes))(record);
  if (encoding.kind !== "document") throw new Error(`not a document but ${encoding.kind}`);
  expect(encoding.json).not.toMatch(/[\r\n]/);
  return encoding;
}

function source(changes: Partial<Specification>, record: SourceRecord): Record<string, unknown> {
  return JSON.parse(encode(changes, record).json);
}

describe("a document of a data stream", () => {
  const stream = { index: "logs-app.web-prod", dataStream: "logs-app.web-prod" };
  const parts = { type: "logs", dataset: "app.web", namespace: "prod" };

  test("has the parts of the stream's name, text or JSON", () => {
    const text = encode(stream, sourceRecord("line"));
    expect(text.index).toBe("logs-app.web-prod");
    expect(JSON.parse(text.json)).toMatchObject({ message: "line", data_stream: parts });
    expect(source({ ...stream, format: "json" }, sourceRecord('{"a":1}'))).toMatchObject({
      a: 1,
      data_stream: parts,
    });
  });

  test.each([`{"n":${"9".repeat(1_200)}}`, `{"n":1,"n":${"[".repeat(1_100)}${"]".repeat(1_100)}}`])(
    "is flattened, or a dead letter, if Elasticsearch's parser cannot read the record",
    (value) => {
      const own = { ...stream, format: "json" } as const;
      const record = sourceRecord(value);
      expect(source(own, record)["tags"]).toContain("fields_flattened");
      const encode = createDocumentEncoder(specification({ ...own, rejected: "dead-letter" }));
      expect(encode(record)).toMatchObject({ kind: "rejected", rejection: { type: "unreadable_json" } });
      expect(source({ format: "json" }, record)).toHaveProperty("n");
    },
  );

  test("moves the record's own data_stream to json, and says so", () => {
    const own = '{"data_stream":{"dataset":"other"},"data_stream.type":"x","a":1}';
    expect(source({ ...stream, format: "json" }, sourceRecord(own))).toMatchObject({
      a: 1,
      data_stream: parts,
      json: { data_stream: { dataset: "other" }, "data_stream.type": "x" },
      tags: ["json_field_renamed"],
    });
  });

  test("with another name has no data_stream, not even the record's own", () => {
    const document = source(
      { index: "app", dataStream: "app", format: "json" },
      sourceRecord('{"data_stream":{"dataset":"other"}}'),
    );
    expect(document).not.toHaveProperty("data_stream");
    expect(document).toMatchObject({ json: { data_stream: { dataset: "other" } } });
  });

  test("alone: in an index, the record's own data_stream stays", () => {
    const own = { data_stream: { dataset: "other" } };
    const index = { index: "logs-app.web-prod", format: "json" } as const;
    expect(source(index, sourceRecord(JSON.stringify(own)))).toMatchObject(own);
  });
});

describe("text", () => {
  test("a record with all parts", () => {
    const record = sourceRecord("line\nof ☃ text", {
      partition: 2,
      offset: 7,
      key: Buffer.from("k"),
      headers: [
        { name: "trace", value: Buffer.from("t") },
        { name: "none", value: null },
        { name: "twice", value: Buffer.from("1") },
        { name: "twice", value: Buffer.from("2") },
      ],
    });
    const document = encode({ path: "/var/log/app.log", index: "logs-{yyyy.MM.dd}" }, record);
    expect(document).toMatchObject({ id: "app:2:7:mjwaidke", index: "logs-2026.01.02" });
    expect(JSON.parse(document.json)).toEqual({
      "@timestamp": isoTime,
      message: "line\nof ☃ text",
      log: { file: { path: "/var/log/app.log" } },
      kafka: {
        topic: "app",
        partition: 2,
        offset: 7,
        key: "k",
        headers: { trace: "t", none: null, twice: ["1", "2"] },
      },
    });
  });

  test("missing parts of a record are omitted", () => {
    expect(source({}, sourceRecord(""))).toEqual({
      "@timestamp": isoTime,
      message: "",
      kafka: { topic: "app", partition: 0, offset: 0 },
    });
  });

  test("hostile header names break nothing", () => {
    const names = ["__proto__", "constructor", "", "a.b", "a", 'quote"', "nul\0"];
    const headers = names.map((name) => ({ name, value: Buffer.from("v") }));
    const { kafka } = source({}, sourceRecord("m", { headers }));
    const written = Object.entries(Object(kafka)).find(([name]) => name === "headers")?.[1];
    expect(Object.keys(Object(written))).toEqual([
      "__proto__",
      "constructor",
      "_",
      "a.b",
      "a",
      'quote"',
      "nul\uFFFD",
    ]);
  });

  const header = (name: string, value: string | Buffer | null) => ({
    name,
    value: typeof value === "string" ? Buffer.from(value) : value,
  });

  test("headers of those names say where it was written, and win over the declared path", () => {
    const headers = [header("host.name", 'web-"1"'), header("log.file.path", "/var/log/own.log")];
    const here = { host: { name: 'web-"1"' }, log: { level: "error", file: { path: "/var/log/own.log" } } };
    const kafka = { headers: { "host.name": 'web-"1"', "log.file.path": "/var/log/own.log" } };
    const line = sourceRecord("ERROR: gone", { headers });
    expect(source({ path: "/declared" }, line)).toMatchObject({ ...here, kafka });
    expect(source({}, line)).toMatchObject({ ...here, kafka });
    expect(source({}, sourceRecord("x", { headers: headers.slice(0, 1) }))).not.toHaveProperty("log");
    const json = sourceRecord('{"a":1,"log":{"file":{"path":"/other","x":2}}}', { headers });
    expect(source({ format: "json" }, json)).toMatchObject({
      a: 1,
      host: here.host,
      log: { file: { path: "/var/log/own.log" } },
      json: { log: { file: { path: "/other", x: 2 } } },
    });
  });

  test.each<[string, string | Buffer | null]>([
    ["without a value", null],
    ["that is empty", ""],
    ["that is not UTF-8", Buffer.from([0x77, 0xff])],
  ])("a header %s says nothing: the last one that does counts", (_, value) => {
    const headers = [header("log.file.path", value), header("host.name", value)];
    const fields = source({ path: "/declared" }, sourceRecord("x", { headers }));
    expect(fields).toMatchObject({ log: { file: { path: "/declared" } } });
    expect(fields).not.toHaveProperty("host");
    const more = [header("host.name", "old"), header("host.name", "new"), ...headers];
    expect(source({}, sourceRecord("x", { headers: more }))["host"]).toEqual({ name: "new" });
  });

  test("what headers say gives way in the last form, with a declared path that they contradict", () => {
    const headers = [header("host.name", "web-1"), header("log.file.path", "/own")];
    const formed = (form: "flattened" | "text", format: "text" | "json", given = headers): unknown => {
      const encode = createDocumentEncoder(specification({ path: "/declared", format }), form);
      const encoding = encode(sourceRecord('{"host":"x"}', { headers: given }));
      return encoding.kind === "document" ? JSON.parse(encoding.json) : null;
    };
    for (const last of [formed("text", "json"), formed("text", "text"), formed("flattened", "text")]) {
      expect(last).toMatchObject({ kafka: { headers: { "host.name": "web-1" } } });
      expect(last).not.toHaveProperty("host");
      expect(last).not.toHaveProperty("log");
    }
    expect(formed("text", "json", [])).toMatchObject({ log: { file: { path: "/declared" } } });
    expect(formed("flattened", "json")).toMatchObject({
      host: { name: "web-1" },
      log: { file: { path: "/own" } },
      kafka: { value: { host: "x" } },
    });
  });

  test("bytes that are not UTF-8 are kept next to their text", () => {
    const value = Buffer.from([0x61, 0xff, 0x62]);
    expect(source({}, sourceRecord(value, { key: Buffer.from([0xfe]) }))).toMatchObject({
      message: "a\uFFFDb",
      event: { original: value.toString("base64") },
      kafka: { key: "\uFFFD", key_base64: "/g==" },
      tags: ["invalid_utf8"],
    });
  });
});

describe("records without a document", () => {
  test("a null value is skipped", () => {
    expect(createDocumentEncoder(specification())(sourceRecord(null)).kind).toBe("skipped");
  });

  test.each([-1, 253_402_300_800_000, Number.MAX_SAFE_INTEGER])(
    "the timestamp %d is rejected",
    (timestamp) => {
      const encoding = createDocumentEncoder(specification({ index: "a-{yyyy.MM.dd}" }))(
        sourceRecord("m", { timestamp }),
      );
      expect(encoding).toMatchObject({
        kind: "rejected",
        rejection: { status: 400, type: "invalid_timestamp" },
      });
    },
  );

  test.each([0, 253_402_300_799_999])("the timestamp %d is accepted", (timestamp) => {
    expect(source({}, sourceRecord("m", { timestamp }))["@timestamp"]).toBe(
      new Date(timestamp).toISOString(),
    );
  });
});

describe("json", () => {
  const json = { format: "json" } as const;

  test("own fields at top level, numbers with all digits, no line breaks", () => {
    const { json: line } = encode(
      json,
      sourceRecord('{\n "id": 12345678901234567890,\r\n "f": 1.10,"e":1E2 }'),
    );
    expect(line).toContain('"id":12345678901234567890');
    expect(line).toContain('"f":1.10');
    expect(line).toContain('"e":1E2');
    expect(JSON.parse(line)).not.toHaveProperty("message");
  });

  test("moved fields are tagged, own tags kept", () => {
    const own = { message: "own", "@timestamp": "mine", kafka: "mine", tags: ["a"] };
    expect(source(json, sourceRecord(JSON.stringify(own)))).toMatchObject({
      "@timestamp": isoTime,
      message: "own",
      kafka: { topic: "app" },
      json: { "@timestamp": "mine", kafka: "mine" },
      tags: ["a", "json_field_renamed"],
    });
  });

  test.each(["", "[1]", "7", "null", '"text"', "{", "{'a':1}", "plain"])("%p is kept as text", (value) => {
    expect(source({ ...json, path: "/p" }, sourceRecord(value))).toEqual({
      "@timestamp": isoTime,
      message: value,
      log: { file: { path: "/p" } },
      kafka: { topic: "app", partition: 0, offset: 0 },
      tags: ["json_parse_failure"],
    });
  });

  test("invalid UTF-8 in JSON moves the record's own event", () => {
    const value = Buffer.concat([
      Buffer.from('{"event":{"kind":"x"},"a":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    expect(source(json, sourceRecord(value))).toMatchObject({
      a: "\uFFFD",
      event: { original: value.toString("base64") },
      json: { event: { kind: "x" } },
      tags: ["json_field_renamed", "invalid_utf8"],
    });
  });

  test("the declared time becomes @timestamp and selects the index, but not the id", () => {
    const record = sourceRecord('{"event":{"time":"2025-12-31T23:59:59.999-01:00"}}');
    const document = encode({ ...json, timestamp: "event.time", index: "a-{yyyy.MM.dd}" }, record);
    expect(document).toMatchObject({ index: "a-2026.01.01", id: "app:0:0:mjwaidke" });
    expect(JSON.parse(document.json)).toMatchObject({ "@timestamp": "2026-01-01T00:59:59.999Z" });
    expect(document.json).not.toContain("tags");
  });

  test("an own @timestamp is used, not moved, if it is declared", () => {
    const fields = source(
      { ...json, timestamp: "@timestamp" },
      sourceRecord('{"@timestamp":1764324000,"a":1}'),
    );
    expect(fields).toMatchObject({ "@timestamp": "2025-11-28T10:00:00.000Z", a: 1 });
    expect(fields).not.toHaveProperty("json");
  });

  test("an unreadable @timestamp is kept, and the record's time is used", () => {
    const fields = source({ ...json, timestamp: "@timestamp" }, sourceRecord('{"@timestamp":"soon"}'));
    expect(fields).toMatchObject({
      "@timestamp": isoTime,
      json: { "@timestamp": "soon" },
      tags: ["timestamp_parse_failure", "json_field_renamed"],
    });
  });

  test("if no declared field can be read, the tag says why", () => {
    const tagsOf = (value: string): unknown =>
      source({ ...json, timestamp: ["time", "ts"] }, sourceRecord(value))["tags"];
    expect(tagsOf('{"time":null,"ts":""}')).toEqual(["timestamp_absent"]);
    expect(tagsOf('{"time":null,"ts":"soon"}')).toEqual(["timestamp_parse_failure"]);
    expect(tagsOf("text")).toEqual(["json_parse_failure", "timestamp_absent"]);
  });

  test("the first readable declared field wins; a different own @timestamp is moved", () => {
    const own = '{"@timestamp":"soon","time":1764324000}';
    expect(source({ ...json, timestamp: ["@timestamp", "time"] }, sourceRecord(own))).toMatchObject({
      "@timestamp": "2025-11-28T10:00:00.000Z",
      json: { "@timestamp": "soon" },
      time: 1_764_324_000,
      tags: ["json_field_renamed"],
    });
  });
});

describe("properties", () => {
  const bytes = fc.uint8Array().map((value) => Buffer.from(value));
  const header = fc.record({ name: fc.string({ unit: anyCharacter }), value: fc.option(bytes) });
  const record = fc.record({ value: bytes, key: fc.option(bytes), headers: fc.array(header) });
  const format = fc.constantFrom("text", "json");
  const path = fc.option(fc.string());
  const host = fc.option(fc.string({ minLength: 1 }));

  test("any bytes become one line of JSON that contains the value's text or bytes", () => {
    fc.assert(
      fc.property(record, format, path, ({ value, ...rest }, format, path) => {
        const fields = source({ format, path }, sourceRecord(value, rest));
        expect(fields["@timestamp"]).toBe(isoTime);
        if (format === "text") expect(fields["message"]).toBe(value.toString().replace(/\r$/, ""));
      }),
    );
  });

  const ourNames = [
    "@timestamp",
    "kafka",
    "log",
    "tags",
    "json",
    "event",
    "message",
    "log.file",
    "log.file.path",
    "file",
    "host",
    "host.name",
    "host.name.x",
    "name",
  ];
  const name = fc.oneof(fc.constantFrom(...ourNames), fc.string());
  const leaf = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.array(fc.string()),
    fc.dictionary(name, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
  );
  const value = fc.oneof(leaf, fc.dictionary(name, leaf, { maxKeys: 3 }));

  test("any JSON object keeps every field exactly once, at top level or under json", () => {
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 6 }), path, host, (own, path, host) => {
        const text = JSON.stringify(own);
        const original: Record<string, unknown> = JSON.parse(text);
        const headers = host === null ? [] : [{ name: "host.name", value: Buffer.from(host) }];
        const fields = source({ format: "json", path }, sourceRecord(text, { headers }));
        const tags: unknown[] = Array.isArray(fields["tags"]) ? fields["tags"] : [];
        // For such names see test/lib/rules/documents/clean-members.test.ts.
        fc.pre(!tags.includes("json_name_replaced"));
        const moved = Object(fields["json"]);
        const renamed = tags.includes("json_field_renamed");
        const isUnsaid =
          original["message"] === undefined || original["message"] === null || original["message"] === "";
        if (host !== null) expect(fields["host.name"] ?? Object(fields["host"]).name).toBe(host);
        for (const [name, value] of Object.entries(original)) {
          const at = Object.getOwnPropertyDescriptor(fields, name)?.value;
          // `host.name` may stand there twice, once from within `host`.
          if (renamed && Object.hasOwn(moved, name))
            expect([moved[name], ...[moved[name]].flat()]).toContainEqual(value);
          else if (name === "host" && host !== null)
            for (const [inner, one] of Object.entries(Object(value))) {
              const to: unknown = moved[`host.${inner}`];
              const here: unknown = Object.getOwnPropertyDescriptor(at, inner)?.value;
              expect([here, to, ...[to].flat()]).toContainEqual(one);
            }
          else if (name === "tags") expect(tags).toEqual(expect.arrayContaining([value].flat()));
          else if (name === "log" && typeof value === "string") expect(fields["message"]).toBeString();
          else if (name === "message" && isUnsaid)
            expect([value, "string"]).toContain(at === value ? at : typeof at);
          else if (name === "log" && path !== null) expect(fields["log"]).toMatchObject(Object(value));
          else expect(at).toEqual(value);
        }
        const ours = ["@timestamp", "kafka", "message"];
        if (path !== null) ours.push("log");
        if (host !== null) ours.push("host");
        const known = new Set([...Object.keys(original), ...ours, "tags", ...(renamed ? ["json"] : [])]);
        expect(Object.keys(fields).filter((name) => !known.has(name))).toEqual([]);
      }),
      { numRuns: rounds(200, 50) },
    );
  });
});
