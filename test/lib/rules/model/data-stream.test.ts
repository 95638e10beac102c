import { describe, expect, test } from "bun:test";
import {
  dataStreamFault,
  dataStreamParts,
  isDataStreamName,
  retentionMs,
} from "../../../../lib/rules/model/data-stream.ts";
import { everyAlias } from "../../../../lib/rules/template/stream-template.ts";

describe("the name of a data stream", () => {
  test.each(["logs-app-prod", "app", "1", "a.b_c-d", "ä", "x".repeat(233)])("%.20s is valid", (name) => {
    expect(isDataStreamName(name)).toBe(true);
    expect(dataStreamFault(name)).toBeNull();
  });

  test.each(["Logs", "-a", "_a", "+a", ".a", ".ds-a", "a b", "a,b", "a:b", "a#b", "a*", "", "ä".repeat(117)])(
    "%.20s is not",
    (name) => {
      expect(isDataStreamName(name)).toBe(false);
      expect(dataStreamFault(name)).toContain("is not the name of an Elasticsearch data stream");
    },
  );

  test.each(everyAlias)("%s is an alias of ours", (name) => {
    expect(isDataStreamName(name)).toBe(false);
    expect(dataStreamFault(name)).toContain("is a name that Penstock uses itself");
  });

  test("may contain the topic, but no date", () => {
    expect(dataStreamFault("logs-{topic}-prod")).toBeNull();
    expect(dataStreamFault("logs-{topic}-{yyyy.MM.dd}")).toContain("leave the date out");
    expect(dataStreamFault("logs-{Topic}")).toBe("contains a placeholder other than {topic}");
  });
});

describe("its parts by ECS", () => {
  test("are the three of Elastic's scheme", () => {
    expect(dataStreamParts("logs-app.access-prod")).toEqual({
      type: "logs",
      dataset: "app.access",
      namespace: "prod",
    });
  });

  test.each(["logs-app", "logs", "logs-app-prod-eu", "orders-app-prod", "logs--prod", "logs-app-"])(
    "%s has none",
    (name) => {
      expect(dataStreamParts(name)).toBeNull();
    },
  );

  test("have at most 100 characters", () => {
    expect(dataStreamParts(`logs-${"a".repeat(100)}-${"b".repeat(100)}`)).not.toBeNull();
    expect(dataStreamParts(`logs-${"a".repeat(101)}-b`)).toBeNull();
    expect(dataStreamParts(`logs-a-${"b".repeat(101)}`)).toBeNull();
  });
});

test("a retention is a whole number with a unit", () => {
  expect([retentionMs("30d"), retentionMs("36h"), retentionMs("5m"), retentionMs("1s")]).toEqual([
    2_592_000_000, 129_600_000, 300_000, 1_000,
  ]);
  for (const text of ["0s", "30", "1.5d", "-1d", "1000000d", "30D", "500ms", " 1d", ""])
    expect(retentionMs(text)).toBeNull();
});
