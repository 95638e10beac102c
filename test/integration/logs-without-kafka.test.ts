import { expect, test } from "bun:test";
import { main as logs } from "../../infra/cli/records/logs.ts";
import { runHere } from "../support/command-here.ts";
import { startFakeElasticsearch } from "../support/fake-elasticsearch.ts";

// Waits for Kafka for 5 s, so it is not among the unit tests.
test("topics declared by name alone: what is not searched while Kafka does not answer is said", async () => {
  await using elasticsearch = startFakeElasticsearch();
  const config = {
    kafka: { brokers: ["127.0.0.1:1"] },
    elasticsearch: { nodes: [elasticsearch.url] },
    topics: [{ topic: "app", index: "logs" }],
  };
  expect(await runHere(logs, config, ["all"])).toMatchObject({
    code: 1,
    error:
      "Incomplete: only indices with Penstock's alias are searched, because Kafka does not say in time which topics are rebuilt\n" +
      "Nothing matches.\n",
  });
  expect(new Set(elasticsearch.asked)).toEqual(new Set(["POST /penstock-records,penstock-streams/_search"]));
});
