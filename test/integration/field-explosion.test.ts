import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ListedTopic } from "../../lib/rules/progress/holdings.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { replayJson } from "../support/replay-command.ts";
import { useStack } from "../support/stack-clients.ts";

const run = uniqueName("explosion");
const DEAD = `${run}.dead`;
/** 40,000 different names: forty times an index's limit. */
const RECORDS = 2_000;
const NAMES_EACH = 20;
const INNOCENT = 100;

const topicOf = (way: string): string => `${run}.${way}`;
const declarationOf = (way: string, rejected?: string): object => ({
  topic: topicOf(way),
  format: "json",
  ...(rejected && { rejected }),
});
const ways = ["refused", "flattened", "lenient", "calm"];
/** Indices without Penstock's template: a flattened record needs these fields, because no new ones are possible. */
const foreign = {
  properties: { tags: { type: "keyword" }, kafka: { properties: { value: { type: "flattened" } } } },
};

describe("ever new field names", () => {
  const servers = useStack();
  let host: TestHost;

  beforeAll(async () => {
    await Promise.all(ways.map((way) => servers.kafka.createTopic(topicOf(way))));
    for (const way of ["refused", "flattened"])
      await servers.elasticsearch.request("PUT", `/${topicOf(way)}`, { mappings: foreign });
    host = await startTestHost({
      ...servers.config,
      deadLetters: { topic: DEAD },
      topics: [
        declarationOf("refused", "dead-letter"),
        ...["flattened", "lenient", "calm"].map((way) => declarationOf(way)),
      ],
    });
    await Promise.all(
      ways.map((way) => host.untilTopic(topicOf(way), "runs", ({ state }) => state === "running")),
    );
    // The index exists with its usual fields before the explosion.
    await Promise.all(ways.map((way) => moved(way, [{ message: "first", level: "info" }])));
  }, 240_000);
  afterAll(() => host[Symbol.asyncDispose]());

  const sent = new Map<string, number>();

  async function moved(way: string, values: readonly object[]): Promise<ListedTopic> {
    const total = (sent.get(way) ?? 0) + values.length;
    sent.set(way, total);
    await servers.kafka.produce(
      topicOf(way),
      values.map((value) => ({ value: JSON.stringify(value) })),
    );
    return host.untilTopic(
      topicOf(way),
      `${total} records have an outcome`,
      ({ counts, partitions }) =>
        counts.indexed + counts.deadLettered + counts.duplicate + counts.skipped === total &&
        partitions.every(({ lag }) => lag === 0),
      60_000,
    );
  }

  /** Names in the index's mapping, including objects and subfields, as Elasticsearch counts them. */
  async function fieldsOf(way: string): Promise<number> {
    const { body } = await servers.elasticsearch.request("GET", `/${topicOf(way)}/_mapping`);
    const [index] = Object.values(body) as { mappings: Mapping }[];
    return index === undefined ? 0 : countFields(index.mappings);
  }

  const hostile = Array.from({ length: RECORDS }, (_, record) => ({
    message: `explosion ${record}`,
    ...Object.fromEntries(
      Array.from({ length: NAMES_EACH }, (_, name) => [`name_${record}_${name}`, record]),
    ),
  }));
  const known = Array.from({ length: INNOCENT }, (_, n) => ({ message: `known ${n}`, level: "warn" }));
  const oneNew = Array.from({ length: INNOCENT }, (_, n) => ({
    message: `new ${n}`,
    [`innocent_${n}`]: n,
  }));

  test("dead-letter: the mapping stays within its limit, every record is accounted for", async () => {
    const startedAt = performance.now();
    const { counts } = await moved("refused", hostile);
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(counts.indexed + counts.duplicate + counts.deadLettered).toBe(RECORDS + 1);
    expect(counts.indexed).toBeLessThanOrEqual(1_000 / NAMES_EACH);
    expect(await fieldsOf("refused")).toBeLessThanOrEqual(1_000);
    process.stdout.write(
      `dead-letter: ${RECORDS} records in ${seconds.toFixed(1)} s, ${counts.indexed} indexed\n`,
    );

    // Records without new names are indexed as before; those with new ones are refused because of earlier records.
    const afterKnown = await moved("refused", known);
    expect(afterKnown.counts.deadLettered).toBe(counts.deadLettered);
    const afterNew = await moved("refused", oneNew);
    const refused = afterNew.counts.deadLettered - counts.deadLettered;
    expect(refused).toBeGreaterThanOrEqual(INNOCENT - NAMES_EACH);
    process.stdout.write(
      `dead-letter: of ${INNOCENT} innocent records with a new name each ${refused} were refused\n`,
    );
  }, 360_000);

  test("flatten: all of them are indexed, and can be searched", async () => {
    const startedAt = performance.now();
    const { counts } = await moved("flattened", hostile);
    const seconds = (performance.now() - startedAt) / 1_000;
    // A bulk that was answered too late is sent again, and its documents are duplicates.
    expect(counts).toMatchObject({ deadLettered: 0, skipped: 0 });
    expect(await fieldsOf("flattened")).toBeLessThanOrEqual(1_000);
    const { counts: afterInnocent } = await moved("flattened", [...known, ...oneNew]);
    expect(afterInnocent).toMatchObject({ deadLettered: 0, skipped: 0 });
    process.stdout.write(`flatten: ${RECORDS} records in ${seconds.toFixed(1)} s\n`);

    expect(await servers.elasticsearch.count(topicOf("flattened"))).toBe(RECORDS + 1 + 2 * INNOCENT);
    const last = RECORDS - 1;
    const { body } = await servers.elasticsearch.request("POST", `/${topicOf("flattened")}/_search`, {
      query: { term: { [`kafka.value.name_${last}_0`]: String(last) } },
    });
    expect(body).toMatchObject({
      hits: {
        total: { value: 1 },
        hits: [{ _source: { message: `explosion ${last}`, tags: ["fields_flattened"] } }],
      },
    });
  }, 360_000);

  test("an index of ours: fields beyond the limit are not searchable by name, and the rest stays the same", async () => {
    const some = hostile.slice(0, 500);
    const { counts, gaveWay } = await moved("lenient", some);
    expect({ counts, gaveWay }).toMatchObject({ counts: { deadLettered: 0 }, gaveWay: {} });
    expect(await servers.elasticsearch.count(topicOf("lenient"))).toBe(some.length + 1);
    // Each with its words.
    expect(await fieldsOf("lenient")).toBeLessThanOrEqual(2_000);
  }, 360_000);

  test("flatten: a record that is itself too wide, too deep and too long is still indexed", async () => {
    const { counts } = await moved("flattened", [
      Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`wide${n}`, n])),
      JSON.parse(`${'{"d":'.repeat(40)}1${"}".repeat(40)}`) as object,
      JSON.parse(`{"e":${"[".repeat(1_200)}1${"]".repeat(1_200)}}`) as object,
      { ["n".repeat(40_000)]: "long" },
      { a: { ["n".repeat(401)]: "long" }, ["\0"]: 1, "": 2, b: { "": 3 } },
    ]);
    expect(counts).toMatchObject({ deadLettered: 0, skipped: 0 });
  }, 240_000);

  test("a topic beside them is not disturbed", async () => {
    const { counts } = await moved("calm", [...known, ...oneNew]);
    expect(counts.deadLettered).toBe(0);
    expect(await servers.elasticsearch.count(topicOf("calm"))).toBe(1 + 2 * INNOCENT);
    // Each with its words.
    expect(await fieldsOf("calm")).toBeLessThan(2 * (40 + INNOCENT));
  }, 240_000);

  test("replay indexes a dead letter refused by the limit once flatten is declared", async () => {
    const topic = topicOf("refused");
    const [{ counts }] = (await host.topics()).filter((status) => status.topic === topic) as [ListedTopic];
    expect(counts.deadLettered).toBeGreaterThan(RECORDS - 1_000 / NAMES_EACH);
    const config = {
      ...servers.config,
      deadLetters: { topic: DEAD },
      topics: [declarationOf("refused", "flatten")],
    };
    const { code, result } = await replayJson(config, "--topic", topic);
    expect(code).toBe(0);
    expect(result).toMatchObject({ indexed: counts.deadLettered, stillRejected: 0 });
    expect(await servers.elasticsearch.count(topic)).toBe(sent.get("refused") ?? 0);
  }, 360_000);
});

interface Mapping {
  readonly properties?: Readonly<Record<string, Mapping>>;
  readonly fields?: Readonly<Record<string, Mapping>>;
}

function countFields({ properties = {}, fields = {} }: Mapping): number {
  const children = [...Object.values(properties), ...Object.values(fields)];
  return children.reduce((sum, child) => sum + 1 + countFields(child), 0);
}
