import { describe, expect, test } from "bun:test";
import { classifyItem } from "../../../../lib/rules/outcomes/outcome.ts";
import { kafkaNamesIn } from "../../../../lib/rules/remedies/kafka.ts";
import { remedyText } from "../../../../lib/rules/remedies/remedy.ts";
import { remedyFor, type TopicCause } from "../../../../lib/rules/remedies/topic.ts";
import { describeStanding } from "../../../../lib/rules/group/answers.ts";
import { partitionWords } from "../../../../lib/rules/trouble/kafka-words.ts";
import { testNames } from "../../../support/topic-names.ts";

const names = { topic: "app", ...testNames };
const remedy = (cause: TopicCause) => remedyFor(cause, names);
const refused = (status: number, type: string, reason: string, index = "app") => {
  const item = { status, result: null, error: { type, reason } };
  const verdict = classifyItem(item, { index, dated: false, lastChance: false });
  if (verdict.kind !== "retry") throw new Error(`not retried: ${verdict.kind}`);
  return remedy({ kind: "retry", retry: verdict.reason });
};

// Types and reasons as Elasticsearch 9.2 gives them.
describe("a refused write", () => {
  test.each([
    [
      403,
      "cluster_block_exception",
      "index [app-2026] blocked by: [FORBIDDEN/8/index write (api)];",
      'PUT app-2026/_settings {"index.blocks.write":null}',
    ],
    [
      403,
      "cluster_block_exception",
      "index [app] blocked by: [FORBIDDEN/5/index read-only (api)];[FORBIDDEN/8/index write (api)];",
      'PUT app/_settings {"index.blocks.read_only":null,"index.blocks.write":null}',
    ],
    [400, "index_closed_exception", "closed", "POST app/_open"],
    [
      400,
      "illegal_argument_exception",
      "pipeline with id [geo ip] does not exist",
      'PUT _ingest/pipeline/geo%20ip {"processors": []}',
    ],
    [404, "index_not_found_exception", "no such index [app]", "PUT app"],
    [
      503,
      "unavailable_shards_exception",
      "[app][0] primary shard is not active",
      "GET _cluster/allocation/explain",
    ],
    [
      400,
      "illegal_argument_exception",
      "field [x] not present as part of path [x]",
      "penstock topics try app",
    ],
  ])("%i %s: %s", (status, type, reason, command) => {
    expect(refused(status, type, reason)?.command).toBe(command);
  });

  test("a block of the whole cluster is lifted in both places where it may be set", () => {
    const found = refused(
      403,
      "cluster_block_exception",
      "blocked by: [FORBIDDEN/6/cluster read-only (api)];",
    );
    expect(found?.command).toStartWith(
      'PUT _cluster/settings {"persistent":{"cluster.blocks.read_only":null',
    );
  });

  test("what no request mends has none", () => {
    expect(
      refused(
        429,
        "cluster_block_exception",
        "index [app] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];",
      ),
    ).toEqual({ do: expect.stringContaining("free disk space"), command: null });
    expect(refused(400, "illegal_argument_exception", "no write index is defined for alias [app].")).toEqual({
      do: expect.stringContaining("is_write_index"),
      command: null,
    });
  });

  test("a missing privilege is named, with the user and the index", () => {
    const reason =
      "action [indices:data/write/bulk[s]] is unauthorized for user [penstock] with effective roles [logs] on indices [app], this action is granted by the index privileges [create_doc,create,index,write,all]";
    expect(refused(403, "security_exception", reason)?.do).toStartWith(
      "grant the user penstock one of these index privileges on app: create_doc, create, index, write, all",
    );
  });

  test("a record's content does not get into the remedy", () => {
    const found = refused(400, "illegal_argument_exception", "[secret-value] is not an IP string literal");
    expect(JSON.stringify(found)).not.toContain("secret-value");
  });
});

describe("Kafka", () => {
  test("a missing topic is created by the command", () => {
    expect(remedy({ kind: "missing" })?.command).toBe(
      "kafka-topics.sh --bootstrap-server k:9092 --create --topic app",
    );
  });

  test("what may not be read is granted to the user of the config", () => {
    const reasons = [
      partitionWords("TOPIC_AUTHORIZATION_FAILED"),
      describeStanding("forbidden", "penstock", null),
    ];
    for (const reason of reasons)
      expect(remedy({ kind: "kafka", reason })?.command).toBe(
        "kafka-acls.sh --bootstrap-server k:9092 --add --allow-principal User:ANONYMOUS --operation Read --operation Describe --topic app",
      );
  });

  test("commands to a secured Kafka name the user, as far as it is known, and a file with the login", () => {
    const kafka = { brokers: ["k:9093"], group: "penstock", rack: null, tls: null } as const;
    const limits = { inFlightMaxBytes: 1, maxBatchBytes: 1 };
    const login = { mechanism: "oauthbearer", tokenFile: "t", extensions: {} } as const;
    const of = kafkaNamesIn({ ...kafka, ...limits, sasl: login });
    const cause = { kind: "kafka", reason: "GROUP_AUTHORIZATION_FAILED" } as const;
    expect(remedyFor(cause, { ...names, kafka: of })).toEqual({
      do: "grant READ and DESCRIBE on the group set in kafka.group",
      command: null,
    });
    const user = { ...of, principal: "User:p" };
    expect(remedyFor(cause, { ...names, kafka: user })?.command).toBe(
      "kafka-acls.sh --bootstrap-server k:9093 --command-config admin.properties --add --allow-principal User:p --operation Read --operation Describe --group penstock",
    );
  });

  test("a dead-letter topic that cannot be written stalls its topics, and says what to do", () => {
    const retry = { code: "dead_letter_unavailable", message: "the dead-letter topic: no" } as const;
    expect(remedy({ kind: "retry", retry })?.do).toStartWith(
      "create penstock-dead-letters with retention.ms=-1",
    );
  });
});

test("an Elasticsearch that does not answer is started, or its address corrected", () => {
  const message = "http://es:9200: nothing listens there (ECONNREFUSED)";
  expect(remedy({ kind: "retry", retry: { code: "connection", message } })?.do).toBe(
    "start it, or correct its address and port",
  );
});

test("as one sentence, the command follows", () => {
  expect(remedyText({ do: "open the index", command: "POST app/_open" })).toBe(
    "open the index: POST app/_open",
  );
});
