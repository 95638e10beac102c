import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createKafkaDecoder } from "../../lib/adapters/kafka/records/kafka-decoder.ts";
import { createKafkaWire } from "../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import type { CallOptions, FetchRequest, KafkaWire } from "../../lib/adapters/kafka/wire/wire.ts";
import { Secret } from "../../lib/rules/secret.ts";
import type { SaslSettings, TlsSettings } from "../../lib/rules/settings.ts";
import { eventually } from "../support/eventually.ts";
import { uniqueName } from "../support/kafka.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { rejection } from "../support/rejection.ts";
import {
  PASSWORD,
  type SecuredKafka,
  type SecuredListener,
  startSecuredKafka,
  USER,
} from "../support/secured-kafka.ts";
import { kafkaSettings } from "../support/settings.ts";

interface Link {
  readonly to: SecuredListener;
  readonly tls?: "trusting" | "with a client certificate";
  readonly mechanism?: SaslSettings["mechanism"];
  readonly password?: string;
}

const QUESTION: CallOptions = { lane: "questions", timeoutMs: 10_000 };
const NODE = 1;
const topic = uniqueName("secured-wire");
const wires: KafkaWire[] = [];
let secured: SecuredKafka;

beforeAll(async () => {
  secured = await startSecuredKafka();
  await secured.kafka.createTopic(topic);
  await secured.kafka.produce(topic, [{ value: "one" }, { value: "two" }]);
}, 90_000);
afterAll(async () => {
  await Promise.all(wires.map((wire) => wire.close()));
  await secured?.[Symbol.asyncDispose]();
});

function wireOver({ to, tls, mechanism, password = PASSWORD }: Link): KafkaWire {
  const { authority, client } = secured;
  const own = tls === "with a client certificate";
  const tlsSettings: TlsSettings = {
    ca: readFileSync(authority.caFile, "utf8"),
    cert: own ? readFileSync(client.certFile, "utf8") : null,
    key: own ? new Secret(readFileSync(client.keyFile, "utf8")) : null,
  };
  const settings = kafkaSettings({
    brokers: [secured.listener(to)],
    tls: tls === undefined ? null : tlsSettings,
    sasl: mechanism === undefined ? null : { mechanism, username: USER, password: new Secret(password) },
  });
  const wire = createKafkaWire(settings, createMemoryLogger());
  wires.push(wire);
  return wire;
}

const fetchFrom = (fetchOffset: number, maxWaitMs: number): FetchRequest => ({
  maxWaitMs,
  minBytes: 1,
  maxBytes: 1_000_000,
  sessionId: 0,
  sessionEpoch: -1,
  rack: "",
  topics: [{ topic, partitions: [{ partition: 0, fetchOffset, maxBytes: 1_000_000 }] }],
  forgotten: [],
});

async function valuesOf(wire: KafkaWire): Promise<string[]> {
  const answer = await wire.call(NODE, "Fetch", fetchFrom(0, 500), { lane: "tail", timeoutMs: 5_000 });
  const { records, ...position } = answer.topics[0]?.partitions[0] ?? expect.unreachable();
  const part = {
    fetchOffset: 0,
    records: records ?? expect.unreachable(),
    aborted: position.aborted,
    position,
  };
  const piece = await createKafkaDecoder({ maxBatchBytes: 1_000_000 }).open(part).decodeNext(1_000_000);
  return (piece?.records ?? []).map(({ value }) => String(value));
}

describe("records are read over", () => {
  const links: readonly Link[] = [
    { to: "TLS", tls: "trusting" },
    { to: "MTLS", tls: "with a client certificate" },
    { to: "SASL", mechanism: "plain" },
    { to: "SASL", mechanism: "scram-sha-256" },
    { to: "SASLTLS", tls: "trusting", mechanism: "scram-sha-512" },
  ];
  test.each(links)("%j", async (link) => {
    expect(await valuesOf(wireOver(link))).toEqual(["one", "two"]);
  });
});

describe("what is wrong is said in words:", () => {
  test("a password, which is tried once, however many ask", async () => {
    const before = await secured.refusedLogins();
    const wire = wireOver({ to: "SASLTLS", tls: "trusting", mechanism: "scram-sha-512", password: "wrong" });
    const ask = () => rejection(wire.call(null, "Metadata", { topics: null }, QUESTION));
    for (const error of [...(await Promise.all([ask(), ask(), ask()])), await ask(), await ask()]) {
      expect(error).toMatchObject({ code: "kafka_refused" });
      expect(String(error)).toContain(
        `Kafka at ${secured.listener("SASLTLS")} refused the login (SCRAM-SHA-512) of user ${USER}`,
      );
    }
    expect((await secured.refusedLogins()) - before).toBe(1);
  });

  test.each([
    [
      "a certificate that has ended",
      { to: "EXPIRED", tls: "trusting" },
      /^the certificate of Kafka at @ expired on /,
    ],
    ["no client certificate", { to: "MTLS", tls: "trusting" }, /^Kafka at @ wants a client certificate/],
    ["no TLS", { to: "TLS" }, /^Kafka at @ wants TLS, and kafka\.ssl is not set/],
    [
      "no login",
      { to: "SASL" },
      /^Kafka at @ closed the connection at the first request: it may want a login/,
    ],
  ] as const)("%s", async (_name, link, says) => {
    const wire = wireOver(link);
    const error = (await rejection(wire.call(null, "Metadata", { topics: null }, QUESTION))) as Error;
    expect(error).toMatchObject({ code: "kafka_refused" });
    expect(error.message.replace(secured.listener(link.to), "@")).toMatch(says);
  });
});

test("sessions that end after 10 s are prolonged on every lane, also between long polls and beside other calls", async () => {
  const wire = wireOver({ to: "REAUTH", mechanism: "scram-sha-512" });
  const until = performance.now() + 23_000;
  const errors: unknown[] = [];
  let polls = 0;
  let questions = 0;
  const poll = async (): Promise<void> => {
    for (; performance.now() < until; polls += 1)
      await wire.call(NODE, "Fetch", fetchFrom(2, 500), { lane: "tail", timeoutMs: 5_000 });
  };
  const ask = async (): Promise<void> => {
    for (; performance.now() < until; questions += 1) {
      await wire.call(NODE, "Metadata", { topics: [topic] }, QUESTION);
      await Bun.sleep(50);
    }
  };
  await Promise.all(
    [poll(), ask(), ask(), ask()].map((work) => work.catch((error: unknown) => errors.push(error))),
  );
  expect(errors).toEqual([]);
  expect(polls).toBeGreaterThan(20);
  expect(questions).toBeGreaterThan(100);
}, 40_000);

test("a broker that is frozen is given up in time, and read again once it goes on", async () => {
  const wire = wireOver({ to: "SASL", mechanism: "plain" });
  expect(await valuesOf(wire)).toEqual(["one", "two"]);
  const open = { lane: "questions", timeoutMs: 1_000 } as const;
  await wire.call(NODE, "Metadata", { topics: [topic] }, open);
  secured.stack.kafka.freeze();
  try {
    const began = performance.now();
    const [poll, question] = await Promise.all([
      rejection(wire.call(NODE, "Fetch", fetchFrom(2, 1_000), { lane: "tail", timeoutMs: 500 })),
      rejection(wire.call(NODE, "Metadata", { topics: [topic] }, open)),
    ]);
    for (const error of [poll, question]) expect(error).toMatchObject({ code: "kafka_unavailable" });
    expect(performance.now() - began).toBeWithin(1_400, 4_000);
    // A new connection comes about, and says nothing.
    const silent = await rejection(wire.call(NODE, "Metadata", { topics: [topic] }, open));
    expect(silent).toMatchObject({ code: "kafka_unavailable", retryable: true });
  } finally {
    secured.stack.kafka.thaw();
  }
  await eventually("it answers again", async () => {
    const asked = wire.call(NODE, "Metadata", { topics: [topic] }, QUESTION);
    return asked.then(
      () => true,
      () => false,
    );
  });
  expect(await valuesOf(wire)).toEqual(["one", "two"]);
}, 40_000);
