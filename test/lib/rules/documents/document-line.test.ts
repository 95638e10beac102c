import { describe, expect, test } from "bun:test";
import type { Specification } from "../../../../lib/rules/model/declaration.ts";
import { createDocumentEncoder } from "../../../../lib/rules/documents/document.ts";
import { sourceRecord, specification } from "../../../support/records.ts";

/** The document without the fields that all documents have. */
function own(value: string | object, changes: Partial<Specification> = {}): unknown {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const encoding = createDocumentEncoder(specification({ format: "json", ...changes }))(sourceRecord(text));
  if (encoding.kind !== "document") throw new Error(encoding.kind);
  const { "@timestamp": _, kafka: __, ...fields } = JSON.parse(encoding.json) as Record<string, unknown>;
  return fields;
}

describe("the message of a record", () => {
  test.each([
    [{ msg: "text", n: 0 }, "text"],
    [{ short_message: "text", event: "other" }, "text"],
    [{ "@mt": "template {x}", "@m": "template 1" }, "template 1"],
    [{ event: { kind: "x" }, text: "text" }, "text"],
    [{ msg: "", output: "text" }, "text"],
    [{ error: { message: "text" } }, "text"],
    [{ "error.message": "text" }, "text"],
    [{ fields: { message: "text" }, error: "other" }, "text"],
    [{ body: { stringValue: "text" } }, "text"],
    [{ body: "text" }, "text"],
  ])("is copied from the fields that loggers use: %j", (value, message) => {
    expect(own(value)).toEqual({ ...value, message });
  });

  test("keeps its escapes", () => {
    const encode = createDocumentEncoder(specification({ format: "json" }));
    const encoding = encode(sourceRecord('{"msg":"\\u00e9\\/"}'));
    expect(encoding).toMatchObject({
      json: expect.stringContaining('"message":"\\u00e9\\/","msg":"\\u00e9\\/"'),
    });
  });

  test.each([[{ a: 1 }], [{ msg: { a: 1 } }], [{ msg: 7 }], [{ message: null }], [{ message: "", msg: "" }]])(
    "is missing: %j",
    (value) => {
      expect(own(value)).toEqual(value);
    },
  );

  test.each([
    [{ message: "own", msg: "other" }],
    [{ message: { a: 1 }, msg: "text" }],
    [{ message: ["own"], msg: "text" }],
    [{ message: 7, msg: "text" }],
    [{ message: { a: 1 }, log: { level: "x" } }],
  ])("a message that is not empty stays: %j", (value) => {
    expect(own(value)).toEqual(value);
  });

  test("an empty message is replaced", () => {
    expect(own({ message: null, msg: "text" })).toEqual({ message: "text", msg: "text" });
    expect(own({ message: "", msg: "text" })).toEqual({ message: "text", msg: "text" });
  });

  test("is the text of the declared field", () => {
    const declared = { message: "data.note" };
    expect(own({ data: { note: "text" }, msg: "other" }, declared)).toEqual({
      data: { note: "text" },
      msg: "other",
      message: "text",
    });
    expect(own({ data: { note: "text" }, message: { a: 1 } }, declared)).toEqual({
      data: { note: "text" },
      message: "text",
      json: { message: { a: 1 } },
      tags: ["json_field_renamed"],
    });
    expect(own({ data: { note: "same" }, message: "same" }, declared)).toEqual({
      data: { note: "same" },
      message: "same",
    });
    expect(own({ data: 1, msg: "text" }, declared)).toEqual({ data: 1, msg: "text", message: "text" });
    expect(own({ message: "own", msg: "other" }, { message: "message" })).toEqual({
      message: "own",
      msg: "other",
    });
  });
});

describe("a container's record", () => {
  const around = { stream: "stdout", time: "2026-01-02T03:04:05.678Z" };

  test.each([
    ["line\n", "line"],
    ["line\r\n", "line"],
    ["line\n\n", "line\n"],
    ["line\r", "line\r"],
    ["two\nlines", "two\nlines"],
    ["\n", ""],
    ["", ""],
    ["[1]\n", "[1]"],
    ['{"a":\n', '{"a":'],
  ])("has its text as the message: %j", (log, message) => {
    expect(own({ log, ...around })).toEqual({ message, ...around });
  });

  test("keeps the escapes of its text", () => {
    const encode = createDocumentEncoder(specification({ format: "json" }));
    for (const end of ["", "\\n", "\\r\\n", "\\u000a"]) {
      const encoding = encode(sourceRecord(`{"log":"\\u001b[35m\\/${end}"}`));
      const spelling = end === "\\u000a" ? "\\u001b[35m/" : "\\u001b[35m\\/";
      expect(encoding).toMatchObject({ json: expect.stringContaining(`"message":"${spelling}","kafka"`) });
    }
  });

  test("gets the members of a JSON text, numbers with all digits", () => {
    const log = '{"msg":"hi",\n"n":12345678901234567890}\n';
    const encode = createDocumentEncoder(specification({ format: "json" }));
    const encoding = encode(sourceRecord(JSON.stringify({ log, stream: "stdout" })));
    expect(encoding).toMatchObject({
      json: expect.stringContaining('"message":"hi","stream":"stdout","msg":"hi","n":12345678901234567890,'),
    });
  });

  test("outer members win, and equal members occur once", () => {
    const log = JSON.stringify({ msg: "hi", time: "12:00", stream: "stdout", log: { level: "x" } });
    expect(own({ log, ...around })).toEqual({
      message: "hi",
      msg: "hi",
      ...around,
      log: { level: "x" },
      json: { time: "12:00" },
      tags: ["json_field_renamed"],
    });
    expect(own({ log: '{"msg":"hi"}', msg: "hi" })).toEqual({ message: "hi", msg: "hi" });
  });

  test("has the whole JSON as the message if that contains none", () => {
    expect(own({ log: '{"a":1}\n', ...around })).toEqual({ message: '{"a":1}', a: 1, ...around });
  });

  test("may have duplicate and empty names, inside and outside", () => {
    expect(own('{"log":"{\\"a\\":1,\\"a\\":2,\\"\\":3,\\"msg\\":\\"m\\"}","b":4,"b":5}')).toEqual({
      message: "m",
      msg: "m",
      a: 2,
      _: 3,
      b: 5,
      json: { a: 1, b: 4 },
      tags: ["json_name_doubled", "json_name_replaced"],
    });
  });

  test("with a message of its own keeps log under json", () => {
    expect(own({ log: "text\n", message: "own" })).toEqual({
      message: "own",
      json: { log: "text\n" },
      tags: ["json_field_renamed"],
    });
  });

  test("takes the declared field from either object", () => {
    expect(own({ log: "text\n", msg: "other" }, { message: "log" })).toEqual({
      message: "text",
      msg: "other",
    });
    expect(own({ log: '{"note":"text","msg":"other"}' }, { message: "note" })).toEqual({
      message: "text",
      note: "text",
      msg: "other",
    });
    expect(own({ log: "text\n", note: "other" }, { message: "note" })).toEqual({
      message: "other",
      note: "other",
      json: { log: "text\n" },
      tags: ["json_field_renamed"],
    });
  });

  test("with an empty text takes the message from another field", () => {
    expect(own({ log: "\n", text: "text" })).toEqual({ message: "text", text: "text" });
  });
});

describe("around the content", () => {
  test.each(["\uFEFF", "\uFEFF\uFEFF", "\0\0", " \n\t", "\uFEFF \0"])("%j is not part of JSON", (edge) => {
    for (const text of [`${edge}{"message":"m"}`, `{"message":"m"}${edge}`, `${edge}{"message":"m"}${edge}`])
      expect(own(text)).toEqual({ message: "m" });
    expect(own(`${edge}[1]`)).toEqual({ message: `${edge}[1]`, tags: ["json_parse_failure"] });
  });

  test("one carriage return at the end of a text is removed", () => {
    for (const format of ["text", "json"] as const) {
      const tags = format === "json" ? ["json_parse_failure"] : [];
      expect(own("line\r", { format })).toEqual({
        message: "line",
        tags: [...tags, "carriage_return_removed"],
      });
      expect(own("line\r\r", { format })).toMatchObject({ message: "line\r" });
    }
    expect(own("\uFEFFa\rb\r\n", { format: "text" })).toEqual({ message: "\uFEFFa\rb\r\n" });
  });
});

describe("names", () => {
  test("that are duplicate or invalid add tags, next to the tag for other moved fields", () => {
    expect(own('{"kafka":1,"kafka":2,"a":{"":1,"":2},"message":"m"}')).toEqual({
      message: "m",
      a: { _: 2 },
      json: { "a._": 1, kafka: [1, 2] },
      tags: ["json_name_doubled", "json_name_replaced", "json_field_renamed"],
    });
  });

  test("a record's own json is moved below json", () => {
    expect(own('{"json":{"a":0},"a":1,"a":2}')).toEqual({
      a: 2,
      json: { a: 1, json: { a: 0 } },
      tags: ["json_name_doubled", "json_field_renamed"],
    });
  });
});

test("numbers stay as they were written", () => {
  for (const digits of ["12345678901234567890", "1e400", "-0.0", "9".repeat(2_000)]) {
    const encode = createDocumentEncoder(specification({ format: "json" }));
    const encoding = encode(sourceRecord(`{"n":${digits},"log":"{\\"m\\":${digits}}"}`));
    expect(encoding).toMatchObject({ json: expect.stringContaining(`"n":${digits},"m":${digits},`) });
  }
});

describe("the level", () => {
  const log = (level: string): object => ({ log: { level } });

  test.each([
    [{ message: "m", level: 30 }, log("info")],
    [{ message: "m", severity: "WARNING" }, log("warn")],
    [{ message: "m", level: "?", lvl: "error" }, log("error")],
    [{ message: "ERROR: not by its text" }, {}],
    [{ log: "2026-01-02 03:04:05 WARN gone\n" }, log("warn")],
    [{ log: "\u001b[31mERROR\u001b[0m gone\n" }, log("error")],
    [{ log: "ERROR: gone\n", level: "debug" }, log("debug")],
    [{ log: '{"msg":"ERROR: gone","level":"info"}' }, log("info")],
    [{ log: '{"msg":"ERROR: gone"}' }, {}],
  ])("of %j", (value, fields) => {
    const { log: found } = own(value) as { log?: unknown };
    expect(found === undefined ? {} : { log: found }).toEqual(fields);
  });

  test("is in log next to the path; its original field stays, but an own log.level is moved", () => {
    expect(own({ message: "m", level: "W" }, { path: "/p" })).toEqual({
      message: "m",
      level: "W",
      log: { level: "warn", file: { path: "/p" } },
    });
    expect(own({ message: "m", "log.level": "INFO" })).toEqual({
      message: "m",
      log: { level: "info" },
      json: { "log.level": "INFO" },
      tags: ["json_field_renamed"],
    });
    expect(own({ message: "m", "log.level": "info" })).toEqual({ message: "m", "log.level": "info" });
  });

  test("of text and invalid JSON is read from the head", () => {
    for (const format of ["text", "json"] as const)
      expect(own("10:00:00 [ERROR] gone\r", { format })).toMatchObject({
        message: "10:00:00 [ERROR] gone",
        ...log("error"),
      });
  });

  test("of a text is omitted if the index refused it", () => {
    const encode = createDocumentEncoder(specification(), "flattened");
    const encoding = encode(sourceRecord("ERROR: gone"), "log.level");
    const source: unknown = JSON.parse(encoding.kind === "document" ? encoding.json : "");
    expect(source).toEqual({
      "@timestamp": expect.any(String),
      message: "ERROR: gone",
      kafka: { topic: "app", partition: 0, offset: 0 },
      tags: ["fields_as_text"],
    });
  });
});
