import { expect, test } from "bun:test";
import { main as logs } from "../../../../infra/cli/records/logs.ts";
import { runHere } from "../../../support/command-here.ts";
import { startFakeElasticsearch } from "../../../support/fake-elasticsearch.ts";

const nowhere = "127.0.0.1:1";

/** Nobody listens where Kafka should. */
async function search(topics: readonly unknown[], args: readonly string[], managed = true) {
  await using elasticsearch = startFakeElasticsearch();
  const config = {
    kafka: { brokers: [nowhere] },
    elasticsearch: { nodes: [elasticsearch.url], manageTemplates: managed },
    topics,
  };
  return { ...(await runHere(logs, config, args)), asked: [...new Set(elasticsearch.asked)] };
}

test("a topic that is no longer declared is searched in indices and data streams", async () => {
  for (const managed of [true, false])
    expect(await search([], ["removed"], managed)).toEqual({
      code: 0,
      out: "",
      error: 'Note: topic "removed" is not declared; what it wrote before is searched.\nNothing matches.\n',
      asked: ["POST /penstock-records,penstock-streams/_search"],
    });
});

test("without Kafka, what is missing of all topics is said", async () => {
  const [named, pattern] = [{ topic: "app", index: "logs" }, { pattern: "web-*" }];
  const incomplete = (searched: string, why: string) =>
    expect.stringMatching(new RegExp(`^Incomplete: only ${searched} are searched, because Kafka ${why}`));
  expect(await search([named, pattern], ["all"])).toMatchObject({
    code: 1,
    error: incomplete("indices with Penstock's alias", "cannot be read: .*\nNothing matches.\n$"),
    asked: ["POST /penstock-records,penstock-streams/_search"],
  });
  expect(await search([named, pattern], ["all"], false)).toMatchObject({
    code: 1,
    error: incomplete("topics that are declared by name", "cannot be read"),
    asked: ["POST /logs/_search"],
  });
  expect(await search([pattern], ["web-1", "--since", "-2h", "--until", "1h"])).toMatchObject({
    code: 0,
    error: "Nothing matches.\n",
    asked: ["POST /web-1/_search"],
  });
});
