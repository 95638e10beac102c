import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { IgnoredFields } from "../../functions/digest-dead-letters/read-ignored-fields.ts";
import { diagnosed } from "../support/doctor-command.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { runReplay } from "../support/replay-command.ts";
import { useStack } from "../support/stack-clients.ts";

/** An index that ignores malformed values and one field too many, and refuses text in one field. */
const index = (fields: number) => ({
  settings: {
    "index.mapping.ignore_malformed": true,
    "index.mapping.total_fields.limit": fields,
    "index.mapping.total_fields.ignore_dynamic_beyond_limit": true,
  },
  mappings: {
    dynamic_templates: [
      { strings: { match_mapping_type: "string", mapping: { type: "keyword", ignore_above: 1024 } } },
    ],
    properties: {
      "@timestamp": { type: "date" },
      message: { type: "text", fields: { keyword: { type: "keyword", ignore_above: 1024 } } },
      tags: { type: "keyword" },
      n: { type: "long" },
      strict: { type: "long", ignore_malformed: false },
      stack: { type: "keyword", ignore_above: 1024 },
      kafka: {
        properties: {
          topic: { type: "keyword" },
          partition: { type: "integer" },
          offset: { type: "long" },
          value: { type: "flattened" },
          refused: { type: "keyword" },
        },
      },
    },
  },
});

describe("ignored fields", () => {
  const topic = uniqueName("gave-way");
  const stack = useStack();
  let host: TestHost;
  let config: object;

  beforeAll(async () => {
    await stack.kafka.createTopic(topic);
    const mapped = 13;
    await stack.elasticsearch.request("PUT", `/${topic}`, index(mapped + 1));
    await stack.kafka.produce(
      topic,
      [
        { message: "fits", n: 1 },
        { message: "is a word", n: "abc" },
        { message: "is another", n: "def" },
        { message: "is too long", stack: "x".repeat(2_000) },
        { message: "y".repeat(2_000) },
        { message: "has the last field", last: 1 },
        { message: "has one too many", beyond: 1 },
        { message: "is refused", strict: "no number" },
      ].map((record) => ({ value: JSON.stringify(record) })),
    );
    config = { ...stack.config, topics: [{ topic, format: "json" as const }] };
    host = await startTestHost(config);
    await host.untilIndexed(topic, 8);
    await stack.elasticsearch.request("POST", `/${topic}/_refresh`);
  }, 240_000);
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await stack.elasticsearch.request("DELETE", `/${topic}`);
  });

  test("are shown on each line and document, unless only too long", async () => {
    const answer = await host.answer(`/logs?topic=${topic}&from=now-1h`);
    const { hits } = (await answer.json()) as {
      hits: { offset: number; id: string; ignored: string[]; tags: string[] }[];
    };
    const byOffset = hits.toSorted((a, b) => a.offset - b.offset);
    expect(byOffset.map(({ ignored }) => ignored)).toEqual([[], ["n"], ["n"], [], [], [], ["beyond"], []]);
    expect(byOffset[7]?.tags).toContain("fields_flattened");
    const id = encodeURIComponent(byOffset[1]?.id ?? "");
    const document = await host.answer(`/logs/document?topic=${topic}&id=${id}`);
    expect(await document.json()).toMatchObject({ ignored: ["n"] });
  });

  test("are listed beside the dead letters, with reason, count and a sample", async () => {
    // The search covers indices of other tests, which may be deleted while it runs.
    const gaveWay = await eventually("an answer without problems", async () => {
      const answer = await host.fetch(`/dead-letters?topic=${topic}`);
      const { gaveWay: found } = (await answer.json()) as { gaveWay: IgnoredFields };
      if (found.problems.length > 0) throw new Error(found.problems.join(" "));
      return found;
    });
    expect(gaveWay.fields.map(({ field, records, why, type }) => [field, records, why, type])).toEqual([
      ["n", 2, "unfit", "long"],
      ["beyond", 1, "limit", null],
      ["strict", 1, "refused", null],
    ]);
    expect(gaveWay.fields[0]?.sample.id).toStartWith(`${topic}:0:`);
  });

  test("are counted in the metrics", async () => {
    const text = await eventually("they are asked for", async () => {
      const metrics = await (await host.fetch("/metrics")).text();
      return metrics.includes("penstock_ignored_documents{") ? metrics : null;
    });
    expect(text).toContain(`penstock_ignored_documents{topic="${topic}",field="n"} 2`);
    expect(text).toContain(`penstock_ignored_documents{topic="${topic}",field="beyond"} 1`);
    expect(text).not.toContain(`penstock_ignored_documents{topic="${topic}",field="stack"}`);
  }, 240_000);

  test("are reported by doctor", async () => {
    const { find } = await diagnosed({ ...config, http: { port: 0 } });
    expect(find(`fields of ${topic}`)).toMatchObject({ state: "warning" });
    expect(find(`fields of ${topic}`)?.seen).toContain(
      "n in 2 records of the last day (values do not fit the mapped type long;",
    );
    expect(find(`fields of ${topic}`)?.remedy).toContain("rename the field");
  }, 240_000);

  test("are listed in the command line's digest", async () => {
    const { out } = await runReplay(config, "--digest", "--topic", topic);
    expect(out).toContain(
      `        2 records of topic ${topic}, field n: values do not fit the mapped type long\n`,
    );
    expect(out).toContain(
      `        1 record of topic ${topic}, field beyond: the index has the maximum number of fields\n`,
    );
  }, 240_000);
});
