import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { deadLetterOf } from "../../lib/rules/dead-letters/dead-letter.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { readTopic } from "../support/read-topic.ts";
import { replayJson, runReplay } from "../support/replay-command.ts";
import { useStack } from "../support/stack-clients.ts";

const GENERATIONS = 5;
const OF_EACH = 20;

/** Records whose letters are replayed although, or after, their documents are spread over five generations. */
describe("a replay into a data stream of five generations", () => {
  const servers = useStack();
  const run = uniqueName("replayed");

  beforeAll(async () => {
    await servers.elasticsearch.demand("PUT", `/_index_template/${run}`, {
      index_patterns: [`${run}-*`],
      priority: 500,
      data_stream: {},
      template: {
        // Nobody but Penstock refreshes: what it does not refresh, it does not see.
        settings: { number_of_replicas: 0, refresh_interval: "-1" },
        mappings: {
          subobjects: false,
          properties: {
            "kafka.topic": { type: "keyword" },
            "kafka.partition": { type: "integer" },
            "kafka.offset": { type: "long" },
          },
        },
      },
    });
  });
  afterAll(() => servers.elasticsearch.request("DELETE", `/_index_template/${run}`));

  /** A topic with its documents in five generations, and a dead letter for every record. */
  async function scene(name: string) {
    const { elasticsearch, kafka } = servers;
    const topic = `${run}-${name}`;
    const config = { ...servers.config, deadLetters: { topic: `${topic}.dead` }, topics: [topic] };
    await kafka.createTopic(topic, 1);
    await kafka.createTopic(`${topic}.dead`, 1);
    {
      await using host = await startTestHost(config);
      for (let generation = 1; generation <= GENERATIONS; generation += 1) {
        if (generation > 1) await elasticsearch.request("POST", `/${topic}/_rollover`);
        await kafka.produce(
          topic,
          Array.from({ length: OF_EACH }, (_, n) => ({ value: `line ${n}`, partition: 0 })),
        );
        await host.untilTopic(
          topic,
          `has indexed generation ${generation}`,
          ({ partitions }) => partitions[0]?.committed === generation * OF_EACH,
        );
      }
    }
    const rejection = { status: 400, type: "document_parsing_exception", reason: "refused", index: topic };
    const letters = (await readTopic(kafka.brokers, topic, GENERATIONS * OF_EACH)).map((record) =>
      deadLetterOf({ topic, record, rejection, attempts: 1, failedAt: record.timestamp }),
    );
    await kafka.produce(
      `${topic}.dead`,
      letters.map(({ key, value, headers }) => ({
        key,
        value,
        headers: headers.map((header) => ({ key: header.name, value: header.value })) as never,
      })),
    );
    const { body } = await elasticsearch.request("GET", `/${topic}/_settings/index.creation_date`);
    return { topic, config, indices: Object.keys(body).toSorted() };
  }

  test("letters whose records are in an older generation are already there, also if nothing was refreshed; a closed one ends it", async () => {
    const { topic, config, indices } = await scene("there");
    expect(await replayJson(config)).toMatchObject({
      code: 0,
      result: { read: GENERATIONS * OF_EACH, alreadyThere: GENERATIONS * OF_EACH, indexed: 0 },
    });
    await servers.elasticsearch.request("POST", `/${indices[1]}/_close`);
    const { code, error } = await runReplay(config);
    expect({ code, error }).toEqual({ code: 1, error: expect.stringContaining(`index "${indices[1]}"`) });
    await servers.elasticsearch.request("POST", `/${indices[1]}/_open`);
    const all = GENERATIONS * OF_EACH;
    await eventually(
      "all shards are there again",
      async () => (await servers.elasticsearch.count(topic)) === all,
    );
  }, 480_000);

  test("two replays at once, with rollovers meanwhile, write each record once", async () => {
    const { topic, config, indices } = await scene("twice");
    for (const index of indices.slice(0, 3)) {
      for (const { _id } of await servers.elasticsearch.documents(index))
        await servers.elasticsearch.request("DELETE", `/${index}/_doc/${_id}`);
    }
    let rolling = true;
    const rollovers = (async () => {
      while (rolling) {
        await servers.elasticsearch.request("POST", `/${topic}/_rollover`);
        await Bun.sleep(500);
      }
    })();
    const replays = await Promise.all([replayJson(config), replayJson(config)]);
    rolling = false;
    await rollovers;
    expect(replays.map(({ code }) => code)).toEqual([0, 0]);
    const ids = (await servers.elasticsearch.documents(topic)).map(({ _id }) => _id);
    expect(ids).toHaveLength(GENERATIONS * OF_EACH);
    expect(new Set(ids).size).toBe(ids.length);
  }, 480_000);
});
