import { expect, test } from "bun:test";
import { main as replay } from "../../../infra/cli/replay.ts";
import { runHere } from "../../support/command-here.ts";
import { startFakeBrokers } from "../../support/fake-brokers.ts";
import { startFakeElasticsearch } from "../../support/fake-elasticsearch.ts";

test.each([
  ["--dry-run", [], "logs-app-1-prod,logs-app-2-prod"],
  ["--digest", [], "logs-app-1-prod,logs-app-2-prod"],
  ["--digest", ["--topic", "app-2"], "logs-app-2-prod"],
] as const)("%s %j looks at the failure stores of what a pattern covers", async (way, args, streams) => {
  await using stack = new AsyncDisposableStack();
  const brokers = await startFakeBrokers(1, ["app-1", "app-2", "other"]);
  for (const broker of brokers) stack.use(broker);
  const elasticsearch = stack.use(startFakeElasticsearch());
  const config = {
    kafka: { brokers: brokers.map(({ address }) => address) },
    elasticsearch: { nodes: [elasticsearch.url] },
    topics: [{ pattern: "app-*", dataStream: "logs-{topic}-prod" }],
  };
  expect(await runHere(replay, config, [way, ...args])).toMatchObject({ code: 0, error: "" });
  expect(elasticsearch.asked).toContain(`GET /_resolve/index/${streams}`);
});
