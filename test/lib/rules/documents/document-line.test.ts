import { describe, expect, test } from "bun:test";
import type { Specification } from "../../../../lib/rules/model/declaration.ts";
import { createDocumentEncoder } from "../../../../lib/rules/documents/document.ts";
import { sourceRecord, specification } from "../../../support/records.ts";

/** The document without what every one has. */
function own(value: string | object, changes: Partial<Specification> = {}): unknown {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const encoding = createDocumentEncoder(specification({ format: "json", ...changes }))(sourceRecord(text));
  if (encoding.kind !== "document") throw new Error(encoding.kind);
  const { "@timestamp": _, kafka: __, ...fields } = JSON.parse(encoding.json) as Record<string, unknown>;
  return fields;
}

describe("the line of a record", () => {
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
  ])("is copied from what loggers call it: %j", (value, message) => {
    expect(own(value)).toEqual({ ...value, message });
  });

  test("keeps its own spelling", () => {
    const encode = createDocumentEncoder(specification({ format: "json" }));
    const encoding = encode(sourceRecord('{"msg":"\\u00e9\\/"}'));
    expect(encoding).toMatchObject({
      json: expect.stringContaining('"message":"\\u00e9\\/","msg":"\\u00e9\\/"'),
    });
  });

  test.each([[{ a: 1 }], [{ msg: { a: 1 } }], [{ msg: 7 }], [{ message: null }], [{ message: "", msg: "" }]])(
    "is nowhere: %j",
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
  ])("an own message that says something stays: %j", (value) => {
    expect(own(value)).toEqual(value);
  });

  test("an own message that says nothing makes room", () => {
    expect(own({ message: null, msg: "text" })).toEqual({ message: "text", msg: "text" });
    expect(own({ message: "", msg: "text" })).toEqual({ message: "text", msg: "text" });
  });

  test("is the declared field's text", () => {
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

  test("the text keeps its spelling", () => {
    const encode = createDocumentEncoder(specification({ format: "json" }));
    for (const end of ["", "\\n", "\\r\\n", "\\u000a"]) {
      const encoding = encode(sourceRecord(`{"log":"\\u001b[35m\\/${end}"}`));
      const spelling = end === "\\u000a" ? "\\u001b[35m/" : "\\u001b[35m\\/";
      expect(encoding).toMatchObject({ json: expect.stringContaining(`"message":"${spelling}","kafka"`) });
    }
  });

  test("whose text is JSON has its members, numbers with all their digits", () => {
    const log = '{"msg":"hi",\n"n":12345678901234567890}\n';
    const encode = createDocumentEncoder(specification({ format: "json" }));
    const encoding = encode(sourceRecord(JSON.stringify({ log, stream: "stdout" })));
    expect(encoding).toMatchObject({
      json: expect.stringContaining('"message":"hi","stream":"stdout","msg":"hi","n":12345678901234567890,'),
    });
  });

  test("what stands outside wins, what is the same on both sides stands once", () => {
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

  test("whose JSON has no line has all of it as the message", () => {
    expect(own({ log: '{"a":1}\n', ...around })).toEqual({ message: '{"a":1}', a: 1, ...around });
  });

  test("doubled and empty names in both", () => {
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

  test("by the declaration", () => {
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

  test("is searched by an empty text's neighbours", () => {
    expect(own({ log: "\n", text: "text" })).toEqual({ message: "text", text: "text" });
  });
});

describe("around the content", () => {
  test.each(["\uFEFF", "\uFEFF\uFEFF", "\0\0", " \n\t", "\uFEFF \0"])("%j is not part of JSON", (edge) => {
    for (const text of [`${edge}{"message":"m"}`, `{"message":"m"}${edge}`, `${edge}{"message":"m"}${edge}`])
      expect(own(text)).toEqual({ message: "m" });
    expect(own(`${edge}[1]`)).toEqual({ message: `${edge}[1]`, tags: ["json_parse_failure"] });
  });

  test("one carriage return at the end of a text is cut", () => {
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
  test("that stand twice or are no names are told by tags, beside what was moved otherwise", () => {
    expect(own('{"kafka":1,"kafka":2,"a":{"":1,"":2},"message":"m"}')).toEqual({
      message: "m",
      a: { _: 2 },
      json: { "a._": 1, kafka: [1, 2] },
      tags: ["json_name_doubled", "json_name_replaced", "json_field_renamed"],
    });
  });

  test("an own json makes room for what is moved", () => {
    expect(own('{"json":{"a":0},"a":1,"a":2}')).toEqual({
      a: 2,
      json: { a: 1, json: { a: 0 } },
      tags: ["json_name_doubled", "json_field_renamed"],
    });
  });
});

test("numbers are as they were written", () => {
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

  test("stands in log beside the path; the field as it was stays, an own log.level makes room", () => {
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

  test("of a text, and of what is no JSON, stands at its head", () => {
    for (const format of ["text", "json"] as const)
      expect(own("10:00:00 [ERROR] gone\r", { format })).toMatchObject({
        message: "10:00:00 [ERROR] gone",
        ...log("error"),
      });
  });

  test("of a text is what may have been refused", () => {
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
