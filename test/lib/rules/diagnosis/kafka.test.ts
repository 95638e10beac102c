import { describe, expect, test } from "bun:test";
import {
  judgeBrokers,
  judgeDeadLetters,
  judgeGroup,
  judgeOrderGroups,
  judgeReading,
  judgeRetention,
  judgeRoom,
  judgeTopics,
} from "../../../../lib/rules/diagnosis/kafka.ts";
import type { TopicConfig } from "../../../../lib/rules/progress/retention.ts";
import type { Check } from "../../../../lib/rules/diagnosis/check.ts";
import { brokerTrouble } from "../../../../lib/rules/trouble/broker-trouble.ts";
import { kafkaWords } from "../../../../lib/rules/trouble/kafka-words.ts";

const week = 7 * 86_400_000;

function config(changes: Partial<TopicConfig> = {}): TopicConfig {
  return {
    retentionMs: week,
    retentionBytes: -1,
    maxMessageBytes: 1_000_000,
    cleanupPolicy: "delete",
    ...changes,
  };
}

const states = (checks: readonly Check[]) => checks.map(({ name, state }) => [name, state]);

describe("brokers", () => {
  test("one of several down is a warning, all down is a failure", () => {
    const down = "connect ECONNREFUSED";
    const one = judgeBrokers(
      new Map([
        ["a:1", null],
        ["b:1", down],
      ]),
      new Set(["a:1"]),
    );
    expect(states(one)).toEqual([
      ["broker a:1", "ok"],
      ["broker b:1", "warning"],
    ]);
    expect(states(judgeBrokers(new Map([["b:1", down]]), new Set()))).toEqual([["broker b:1", "failed"]]);
  });

  test("an unreachable advertised address is a failure, because clients use it", () => {
    const reached = new Map([
      ["a:1", null],
      ["internal:9092", "getaddrinfo ENOTFOUND"],
    ]);
    const [, internal] = judgeBrokers(reached, new Set(["internal:9092"]));
    expect(internal).toMatchObject({
      state: "failed",
      remedy: expect.stringContaining("advertised.listeners"),
    });
  });

  test("a refused login is a failure, whatever other brokers answer", () => {
    const reached = new Map([
      ["a:1", null],
      ["b:1", "Kafka at b:1 refused the login (PLAIN) of user u: no"],
    ]);
    expect(judgeBrokers(reached, new Set())[1]).toMatchObject({
      state: "failed",
      remedy: expect.stringContaining("kafka.sasl"),
    });
  });
});

test("a missing topic is pending, not failed", () => {
  const checks = judgeTopics(["a", "b"], new Map([["a", 3]]));
  expect(states(checks)).toEqual([
    ["topics", "ok"],
    ["topic b", "warning"],
  ]);
});

describe("retention", () => {
  test.each([
    [{ retentionMs: week }, "ok", "a"],
    [{ retentionMs: -1 }, "ok", "a"],
    [{ retentionMs: 24 * 3_600_000 }, "ok", "a"],
    [{ retentionMs: 24 * 3_600_000 - 1 }, "warning", "deleted after 24 hours (retention.ms 86399999)"],
    [{ retentionMs: 5_400_000 }, "warning", "deleted after 1.5 hours"],
    [{ retentionMs: 50 }, "warning", "deleted after 50 milliseconds"],
    [{ retentionBytes: 1_000 }, "warning", "1000 bytes (retention.bytes)"],
    [{ cleanupPolicy: "compact", retentionMs: 1 }, "warning", "compaction"],
    [{ retentionMs: null, retentionBytes: null, cleanupPolicy: null }, "ok", "a"],
  ] as const)("%j is %s", (changes, state, text) => {
    const [check] = judgeRetention(new Map([["a", config(changes)]]));
    expect(check).toMatchObject({ state, seen: expect.stringContaining(text) });
  });

  test("unreadable retention is reported once, with the reason", () => {
    const hidden = { refused: "Topic authorization failed" };
    const checks = judgeRetention(
      new Map([
        ["a", hidden],
        ["b", hidden],
      ]),
    );
    expect(checks).toHaveLength(1);
    expect(checks[0]).toMatchObject({
      state: "warning",
      seen: "cannot be read for a, b: Topic authorization failed",
    });
  });
});

test("the groups of orders: one line, which names those that are refused", () => {
  expect(judgeOrderGroups(new Map([["p.holds", null]]))).toMatchObject({
    state: "ok",
    seen: "can be used: p.holds",
  });
  const refusals = new Map([
    ["p.holds", null],
    ["p.rewinds", "Group authorization failed"],
    ["p.rebuilds", "Group authorization failed"],
  ]);
  expect(judgeOrderGroups(refusals)).toMatchObject({
    state: "warning",
    seen: "cannot be used: p.rewinds, p.rebuilds (Group authorization failed)",
    remedy: expect.stringContaining("grant READ and DESCRIBE"),
  });
});

describe("the group", () => {
  const facts = { state: "Stable", protocolType: "consumer", clientIds: [] };

  test.each([
    [
      "of our own hosts",
      { ...facts, clientIds: ["penstock", "penstock"] },
      "ok",
      "can be used; 2 hosts running",
    ],
    [
      "that does not exist yet",
      { ...facts, state: "Dead", protocolType: "" },
      "ok",
      "can be used; no host runs",
    ],
    [
      "used by another client",
      { ...facts, clientIds: ["logstash"] },
      "failed",
      "another client uses it: logstash",
    ],
    [
      "used by another kind of client",
      { ...facts, protocolType: "connect" },
      "failed",
      'its type is "connect", not consumer',
    ],
    [
      "of Kafka's newer protocol, which Kafka describes as if it did not exist",
      { ...facts, state: "Dead" },
      "warning",
      "it uses Kafka's newer protocol (group.protocol=consumer): no host can join while one of its consumers runs",
    ],
    [
      "that may not be read",
      { refused: "Group authorization failed" },
      "failed",
      "cannot be used: Group authorization failed",
    ],
  ] as const)("%s", (_what, answer, state, seen) => {
    expect(judgeGroup("p", answer)).toMatchObject({ name: "group p", state, seen });
  });
});

test("the group's record: a warning if it gets tight, a failure if it does not fit", () => {
  expect(judgeRoom("p", 2, 700, 1_000)).toEqual([]);
  expect(judgeRoom("p", 2, 900, 1_000)).toMatchObject([{ name: "room in group p", state: "warning" }]);
  expect(judgeRoom("p", 2, 1_200, 1_000)).toMatchObject([
    {
      state: "failed",
      seen: "with all topics and 2 hosts it needs 1200 bytes in one record of __consumer_offsets, which accepts 1000 (max.message.bytes): some topics will not be read",
    },
  ]);
});

test("reading: one line for all successes, one for each failure", () => {
  const tried = new Map([
    ["a", null],
    ["b", "not authorized"],
  ]);
  expect(judgeReading(tried, 3)).toMatchObject([
    { state: "ok", seen: "read a record of a; 3 more topics not tried" },
    { state: "failed", name: "reading b", seen: "not authorized" },
  ]);
  expect(judgeReading(new Map(), 0)).toEqual([]);
});

test("the remedy for an unreachable broker is not about permissions", () => {
  const remedyOf = (reason: string) => judgeReading(new Map([["a", reason]]), 0)[0]?.remedy;
  const silent = kafkaWords({ message: "", type: null, broker: "k:1", afterMs: 30_000 });
  const unreachable = [
    "connect ECONNREFUSED k:1",
    "EHOSTUNREACH",
    "getaddrinfo ENOTFOUND k",
    "Connection timeout",
    "Closed connection",
    "Timeout while acquiring lock",
  ].map((message) => kafkaWords({ message, type: null, broker: "k:1", afterMs: null }));
  for (const reason of [silent, ...unreachable])
    expect(remedyOf(reason)).toStartWith("start the broker at that address, or set its advertised.listeners");
  expect(remedyOf("Not authorized to access topics")).toStartWith("grant READ on the topic");
});

test.each([
  ["KAFKA_WANTS_TLS", "set kafka.ssl"],
  ["CLOSED_IN_HANDSHAKE", "remove kafka.ssl"],
  ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "remove kafka.ssl"],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "set kafka.ssl.cert"],
  ["CERT_HAS_EXPIRED", "give the broker a new certificate"],
  ["CERT_NOT_YET_VALID", "set the clock"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "use one of these names"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "name the PEM file of that authority"],
  ["CLOSED_UNANSWERED", "raise the broker's limit"],
  ["CLOSED_UNSERVED", "correct kafka.sasl"],
])("the explanation of %s has its remedy", (code, remedy) => {
  const failure = { address: "k:1", code, servesOthers: false };
  const reason = brokerTrouble(failure, { tls: null, sasl: null }, { server: null, own: null, now: 0 });
  expect(judgeBrokers(new Map([["k:1", reason]]), new Set())[0]?.remedy).toStartWith(remedy);
});

describe("the dead-letter topic", () => {
  const there = (changes: Partial<TopicConfig>) =>
    judgeDeadLetters("d", { kind: "there", config: config({ retentionMs: -1, ...changes }) }, 1_000_000);

  test("may be absent if it can be created", () => {
    expect(judgeDeadLetters("d", { kind: "absent", refusal: null }, 0)[0]?.state).toBe("ok");
    expect(judgeDeadLetters("d", { kind: "absent", refusal: "no" }, 0)[0]).toMatchObject({
      state: "failed",
      seen: "it does not exist and cannot be created: no",
    });
  });

  test("must keep its letters", () => {
    expect(states(there({}))).toEqual([["dead-letter topic d", "ok"]]);
    expect(there({ retentionMs: week })[0]).toMatchObject({
      state: "warning",
      seen: expect.stringContaining("7 days"),
    });
    expect(there({ maxMessageBytes: 999_999 })[0]?.state).toBe("warning");
    expect(there({ cleanupPolicy: "compact,delete" })[0]?.state).toBe("failed");
    expect(judgeDeadLetters("d", { kind: "there", config: { refused: "no" } }, 0)[0]?.state).toBe("warning");
  });
});

test.each([
  ["the file /t (kafka.sasl.tokenFile) is empty", "let whoever issues the token write it there"],
  [
    "the token endpoint https://e refused the client c (401): invalid_client",
    "correct kafka.sasl.clientId and kafka.sasl.clientSecret",
  ],
  [
    "the token endpoint https://e cannot be reached: its certificate has expired",
    "start it, or correct kafka.sasl",
  ],
  ["AWS: Could not load credentials from any providers", "give this process AWS credentials"],
])("without a token, the remedy is about its source: %s", (reason, remedy) => {
  const reached = new Map([["k:1", `there is no token for the login at Kafka: ${reason}`]]);
  expect(judgeBrokers(reached, new Set())[0]?.remedy).toStartWith(remedy);
});
