import { describe, expect, test } from "bun:test";
import { MovedFields } from "../../../../lib/rules/json/moved-fields.ts";
import { readRecordObject } from "../../../../lib/rules/documents/record-object.ts";
import { ownFields, type OwnFieldsOptions } from "../../../../lib/rules/json/json-document.ts";

const none: OwnFieldsOptions = {
  path: null,
  host: null,
  level: null,
  reserveEvent: false,
  reserveDataStream: false,
};
const path: OwnFieldsOptions = { ...none, path: "/p" };
const ours = { log: { file: { path: "/p" } } };

function merge(own: unknown, options: OwnFieldsOptions): unknown {
  const moved = new MovedFields();
  const record = readRecordObject(JSON.stringify(own), moved);
  if (record === null) throw new TypeError("the test needs an object");
  const { members, tags, renamed } = ownFields(record.members, record.object, moved, options);
  return { fields: JSON.parse(`{${members.slice(0, -1)}}`), tags, renamed };
}

describe("colliding fields move to json", () => {
  test.each([
    [{ "@timestamp": "x" }],
    [{ kafka: 1 }],
    [{ "kafka.topic": "x", kafka: { a: 1 } }],
    [{ log: "text" }],
    [{ log: [{ level: "x" }] }],
    [{ tags: { a: 1 } }],
    [{ tags: ["a", 1] }],
    [{ "tags.a": 1 }],
    [{ kafka: 1, json: { kafka: 2 } }],
    [{ kafka: 1, "json.kafka": 2 }],
  ])("%j", (own) => {
    expect(merge(own, none)).toEqual({ fields: { json: own }, tags: null, renamed: true });
  });

  test("other fields stay at top level", () => {
    const own = { message: "m", json: 1, event: 2, log: { file: "f" }, "log.level": "x", kafkaesque: true };
    expect(merge(own, none)).toEqual({ fields: own, tags: null, renamed: false });
    expect(merge({ a: 1, kafka: 2 }, none)).toEqual({
      fields: { a: 1, json: { kafka: 2 } },
      tags: null,
      renamed: true,
    });
  });

  test("the record's own event, only if the document needs it", () => {
    const own = { event: { kind: "x" }, "event.id": 1 };
    expect(merge(own, { ...none, reserveEvent: true })).toMatchObject({
      fields: { json: own },
      renamed: true,
    });
  });

  test("metadata fields, which Elasticsearch refuses in a document", () => {
    const own = { _id: "1", _source: { a: 1 }, _doc_count: 5 };
    expect(merge({ ...own, _user_id: 7 }, none)).toEqual({
      fields: { _user_id: 7, json: own },
      tags: null,
      renamed: true,
    });
  });
});

describe("tags", () => {
  test("are returned for a text and a list of texts", () => {
    expect(merge({ tags: "a" }, none)).toEqual({ fields: {}, tags: ["a"], renamed: false });
    expect(merge({ tags: ["a", "b"] }, none)).toEqual({ fields: {}, tags: ["a", "b"], renamed: false });
    expect(merge({ tags: [] }, none)).toEqual({ fields: {}, tags: [], renamed: false });
  });
});

describe("the host's name of a header", () => {
  const host: OwnFieldsOptions = { ...none, host: "web-1" };

  test.each([
    [{}, { host: { name: "web-1" } }],
    [{ host: { ip: "::1" } }, { host: { name: "web-1", ip: "::1" } }],
    [{ host: {} }, { host: { name: "web-1" } }],
    [{ "host.ip": "::1" }, { "host.ip": "::1", host: { name: "web-1" } }],
    [{ hostname: "h" }, { hostname: "h", host: { name: "web-1" } }],
    // It says the same.
    [{ host: { name: "web-1", ip: "::1" } }, { host: { name: "web-1", ip: "::1" } }],
    [{ "host.name": "web-1" }, { "host.name": "web-1" }],
  ])("is added to the record's own host: %j", (own, fields) => {
    expect(merge(own, host)).toEqual({ fields, tags: null, renamed: false });
  });

  test.each([
    [{ host: { name: "other", ip: "::1" } }, { name: "web-1", ip: "::1" }, { "host.name": "other" }],
    [{ host: { "name.x": 1, ip: "::1" } }, { name: "web-1", ip: "::1" }, { "host.name.x": 1 }],
    [{ "host.name": "other" }, { name: "web-1" }, { "host.name": "other" }],
    [{ "host.name.x": "other" }, { name: "web-1" }, { "host.name.x": "other" }],
    [{ host: "web-1" }, { name: "web-1" }, { host: "web-1" }],
    [{ host: null }, { name: "web-1" }, { host: null }],
    [{ host: [{ name: "web-1" }] }, { name: "web-1" }, { host: [{ name: "web-1" }] }],
  ])("moves the record's own to json: %j", (own, ours, json) => {
    expect(merge(own, host)).toEqual({ fields: { host: ours, json }, tags: null, renamed: true });
  });

  test("leaves everything as it is if there is none", () => {
    const own = { host: "a", "host.name": "b", "host.ip": 1 };
    expect(merge(own, none)).toEqual({ fields: own, tags: null, renamed: false });
  });
});

describe("a declared path", () => {
  test.each([{ log: { file: { path: "/p", offset: 1 }, level: "x" } }, { "log.file.path": "/p" }])(
    "changes nothing if the record says the same: %j",
    (own) => {
      expect(merge(own, path)).toEqual({ fields: own, tags: null, renamed: false });
    },
  );

  test.each([
    [{}, ours],
    [{ log: { level: "x" } }, { log: { file: { path: "/p" }, level: "x" } }],
    [{ log: {} }, ours],
    [{ log: { file: { name: "n" } } }, { log: { file: { path: "/p", name: "n" } } }],
    [{ "log.level": "x" }, { "log.level": "x", ...ours }],
    [{ "log.file": { name: "n" } }, { "log.file": { name: "n" }, ...ours }],
    [{ log: { "file.name": "n" } }, { log: { file: { path: "/p" }, "file.name": "n" } }],
  ])("is added to the record's own log: %j", (own, fields) => {
    expect(merge(own, path)).toEqual({ fields, tags: null, renamed: false });
  });

  test.each([
    [{ log: { file: { path: "own" } } }],
    [{ log: { file: "own" } }],
    [{ log: { file: null } }],
    [{ log: { "file.path": "own" } }],
    [{ log: { "file.path.x": "own" } }],
    [{ "log.file.path": "own" }],
    [{ "log.file": "own" }],
    [{ "log.file": { path: "own" } }],
    [{ log: null }],
  ])("moves the record's own path to json: %j", (own) => {
    expect(merge(own, path)).toEqual({ fields: { ...ours, json: own }, tags: null, renamed: true });
  });
});

describe("the level", () => {
  const warn: OwnFieldsOptions = { ...none, level: "warn" };
  const log = { level: "warn" };
  test.each([
    [{}, { log }],
    [{ log: { logger: "l" } }, { log: { ...log, logger: "l" } }],
    [{ log: { level: "warn", logger: "l" } }, { log: { ...log, logger: "l" } }],
    [{ "log.level": "warn" }, { "log.level": "warn" }],
    [
      { "log.level": "warn", log: { logger: "l" } },
      { "log.level": "warn", log: { logger: "l" } },
    ],
  ])("appears once in log, whatever else the record has: %j", (own, fields) => {
    expect(merge(own, warn)).toEqual({ fields, tags: null, renamed: false });
  });

  test.each([
    [
      { log: { level: "WARN", logger: "l" } },
      { log: { ...log, logger: "l" }, json: { "log.level": "WARN" } },
    ],
    [{ "log.level": "WARN" }, { log, json: { "log.level": "WARN" } }],
    [
      { "log.level": "W", log: { level: 4 } },
      { log, json: { "log.level": ["W", 4] } },
    ],
    [{ log: "text" }, { log, json: { log: "text" } }],
  ])("moves the record's own level in another spelling: %j", (own, fields) => {
    expect(merge(own, warn)).toEqual({ fields, tags: null, renamed: true });
  });

  test("appears beside the path", () => {
    expect(merge({ log: { file: { name: "n" } } }, { ...warn, path: "/p" })).toEqual({
      fields: { log: { ...log, file: { path: "/p", name: "n" } } },
      tags: null,
      renamed: false,
    });
  });
});
