import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { shownCertificate } from "../../lib/adapters/certificate.ts";
import { createKafkaCluster, type KafkaCluster } from "../../lib/adapters/kafka/cluster.ts";
import { createDeadLetters } from "../../lib/adapters/kafka/dead-letters.ts";
import { createReader } from "../../lib/adapters/kafka/reader/reader.ts";
import { createKafkaDecoder } from "../../lib/adapters/kafka/records/kafka-decoder.ts";
import { createKafkaWire } from "../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { systemTime } from "../../lib/adapters/system-time.ts";
import { collectingSink } from "../support/collecting-sink.ts";
import { createRecordReader } from "../../lib/adapters/kafka/record-reader.ts";
import { Secret, secretOrNull } from "../../lib/rules/secret.ts";
import type { KafkaSettings, SaslSettings, TlsSettings } from "../../lib/rules/settings.ts";
import type { PenstockError } from "../../lib/rules/errors.ts";
import type { TopicStatus } from "../../lib/rules/status.ts";
import { createAuthority, type TestAuthority } from "../support/certificates.ts";
import { diagnosed } from "../support/doctor-command.ts";
import { testElasticsearch, type TestElasticsearch } from "../support/elasticsearch.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import {
  PASSWORD,
  type SecuredKafka,
  type SecuredListener,
  startSecuredKafka,
  USER,
} from "../support/secured-kafka.ts";
import { kafkaSettings } from "../support/settings.ts";
import { rejection } from "../support/rejection.ts";
import { testStack } from "../support/stack.ts";

/** A way to the broker, as the config file says it. */
interface Link {
  readonly name: string;
  readonly to: SecuredListener | "PLAINTEXT";
  readonly tls?: () => { readonly ca: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: SaslSettings;
}

const WRONG = "the-Wr0ng-password";

let secured: SecuredKafka;
let stranger: TestAuthority;
let elasticsearch: TestElasticsearch;
let elasticsearchNode: string;
const hosts: TestHost[] = [];

beforeAll(async () => {
  ({ elasticsearchNode } = await testStack());
  elasticsearch = testElasticsearch(elasticsearchNode);
  stranger = await createAuthority("Stranger");
  secured = await startSecuredKafka();
}, 90_000);
afterAll(async () => {
  await Promise.all(hosts.map((host) => host[Symbol.asyncDispose]()));
  await secured?.[Symbol.asyncDispose]();
  await stranger?.[Symbol.asyncDispose]();
});

const login = (mechanism: SaslSettings["mechanism"], password = PASSWORD, username = USER): SaslSettings => ({
  mechanism,
  username,
  password: new Secret(password),
});
const trusting = () => ({ ca: secured.authority.caFile });
const withClient = () => ({ ...trusting(), cert: secured.client.certFile, key: secured.client.keyFile });
const withExpiredClient = () => ({
  ...trusting(),
  cert: secured.expiredClient.certFile,
  key: secured.expiredClient.keyFile,
});

const addressOf = ({ to }: Link): string =>
  to === "PLAINTEXT" ? (secured.stack.kafka.brokers[0] ?? "") : secured.listener(to);

/** For a config file. */
function configOf(link: Link, topics: readonly string[]) {
  return {
    kafka: {
      brokers: [addressOf(link)],
      ...(link.tls && { ssl: link.tls() }),
      ...(link.sasl && { sasl: { ...link.sasl, password: link.sasl.password.reveal() } }),
    },
    elasticsearch: { nodes: [elasticsearchNode] },
    deadLetters: { topic: uniqueName("dead") },
    topics,
  };
}

/** For an adapter. */
function clusterOf(settings: KafkaSettings): KafkaCluster {
  const logger = createMemoryLogger();
  return createKafkaCluster(createKafkaWire(settings, logger), logger);
}

function settingsOf(link: Link): KafkaSettings {
  const files = link.tls?.();
  const textOf = (file: string | undefined): string | null =>
    file === undefined ? null : readFileSync(file, "utf8");
  const tls: TlsSettings | null =
    files === undefined
      ? null
      : { ca: textOf(files.ca), cert: textOf(files.cert), key: secretOrNull(textOf(files.key)) };
  return kafkaSettings({
    brokers: [addressOf(link)],
    group: uniqueName("secured"),
    tls,
    sasl: link.sasl ?? null,
  });
}

async function newTopic(...lines: string[]): Promise<string> {
  const topic = uniqueName("secured");
  await secured.kafka.createTopic(topic);
  if (lines.length > 0)
    await secured.kafka.produce(
      topic,
      lines.map((value) => ({ value })),
    );
  return topic;
}

async function hostOf(config: object): Promise<TestHost> {
  const host = await startTestHost(config);
  hosts.push(host);
  return host;
}

const mechanisms = ["plain", "scram-sha-256", "scram-sha-512"] as const;
const links: readonly Link[] = [
  { name: "TLS", to: "TLS", tls: trusting },
  { name: "TLS with a client certificate", to: "MTLS", tls: withClient },
  ...mechanisms.map((mechanism): Link => ({ name: mechanism, to: "SASL", sasl: login(mechanism) })),
  ...mechanisms.map((mechanism): Link => ({
    name: `TLS and ${mechanism}`,
    to: "SASLTLS",
    tls: trusting,
    sasl: login(mechanism),
  })),
];

describe("what a host does with Kafka works over", () => {
  for (const link of links) {
    test(
      link.name,
      async () => {
        const settings = settingsOf(link);
        const logger = createMemoryLogger();
        const topic = await newTopic("one", "two");
        const signal = AbortSignal.timeout(15_000);
        const cluster = createKafkaCluster(createKafkaWire(settings, logger), logger);
        const letters = createDeadLetters(settings, topic, logger);
        const reader = createRecordReader(settings, logger);
        const wire = createKafkaWire(settings, logger);
        const lanes = createReader({ wire, rack: "", time: systemTime, logger });
        try {
          expect((await cluster.listTopics(signal)).get(topic)).toBe(1);

          // Both were produced together, so that one fetch brings them.
          const sink = collectingSink(() => 2);
          sink.read = lanes.open(topic, 0, 0, sink);
          const part = await eventually("they are read", () => sink.parts[0] ?? null);
          const decoder = createKafkaDecoder({ maxBatchBytes: settings.maxBatchBytes });
          const piece = await decoder.open(part).decodeNext(1024 * 1024);
          expect(piece?.records.map(({ value }) => String(value))).toEqual(["one", "two"]);

          await letters.store([{ key: null, value: Buffer.from("three"), headers: [] }], signal);
          expect(await reader.ranges(topic, signal)).toEqual(new Map([[0, { start: 0, end: 3 }]]));
          const audited: string[] = [];
          await reader.readSpans(
            topic,
            new Map([[0, { start: 0, end: 3 }]]),
            async ({ records }) => void audited.push(...records.map(({ value }) => String(value))),
            signal,
          );
          expect(audited).toEqual(["one", "two", "three"]);
        } finally {
          await lanes.close();
          await Promise.all([cluster.close(), letters.close(), wire.close()]);
        }
      },
      30_000,
    );
  }
});

describe("a whole host moves records over", () => {
  for (const link of links.filter(({ name }) =>
    ["TLS and scram-sha-512", "TLS with a client certificate", "plain"].includes(name),
  )) {
    test(
      link.name,
      async () => {
        const topic = await newTopic("one", "two", "three");
        const host = await hostOf(configOf(link, [topic]));
        await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 3);
        expect(await elasticsearch.count(topic)).toBe(3);
        expect((await host.fetch("/readyz")).status).toBe(200);
      },
      30_000,
    );
  }
});

/** The day before, as the certificates' authority has it. */
const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000).toISOString().slice(0, 10);

interface Fault extends Link {
  /** `@` stands for the broker's address. */
  readonly says: string;
  readonly remedy: string;
  readonly mended: Link;
  /** A host of its own is started on it too. */
  readonly whole?: true;
}

const [overTls, overMtls, , , overSasl] = links as readonly [Link, Link, Link, Link, Link];
const overSaslTls = links[7] as Link;
const faults: readonly Fault[] = [
  {
    ...overSaslTls,
    name: "a wrong password (SCRAM over TLS)",
    whole: true,
    sasl: login("scram-sha-512", WRONG),
    says: `Kafka at @ refused the login (SCRAM-SHA-512) of user ${USER}: Authentication failed`,
    remedy: "correct kafka.sasl",
    mended: overSaslTls,
  },
  {
    ...overSasl,
    name: "a wrong password (PLAIN)",
    sasl: login("plain", WRONG),
    says: `Kafka at @ refused the login (PLAIN) of user ${USER}: Authentication failed: Invalid username or password; not tried again before 20`,
    remedy: "correct kafka.sasl",
    mended: { ...overSasl, sasl: login("plain") },
  },
  {
    ...overSasl,
    name: "a mechanism that the broker does not offer",
    to: "REAUTH",
    sasl: login("plain"),
    says: "Kafka at @ does not offer PLAIN, which kafka.sasl.mechanism names",
    remedy: "correct kafka.sasl",
    mended: { ...overSasl, to: "REAUTH" },
  },
  {
    ...overTls,
    name: "an expired certificate of the broker",
    whole: true,
    to: "EXPIRED",
    says: `the certificate of Kafka at @ expired on ${yesterday}`,
    remedy: "give the broker a new certificate",
    mended: overTls,
  },
  {
    ...overTls,
    name: "a certificate of another host",
    to: "OTHERNAME",
    says: "the certificate of Kafka at @ names other.example, not 127.0.0.1",
    remedy: "use one of these names",
    mended: overTls,
  },
  {
    ...overTls,
    name: "an authority that is not trusted",
    tls: () => ({ ca: stranger.caFile }),
    says: "the certificate of Kafka at @ is signed by an authority (Test authority) that kafka.ssl.ca does not hold",
    remedy: "name the PEM file of that authority in kafka.ssl.ca",
    mended: overTls,
  },
  {
    ...overMtls,
    name: "no client certificate",
    whole: true,
    tls: trusting,
    says: "Kafka at @ wants a client certificate: kafka.ssl.cert and kafka.ssl.key are not set",
    remedy: "set kafka.ssl.cert and kafka.ssl.key",
    mended: overMtls,
  },
  {
    ...overMtls,
    name: "an expired client certificate",
    tls: withExpiredClient,
    says: `Kafka at @ refused our client certificate (expired-client): it expired on ${yesterday}`,
    remedy: "set kafka.ssl.cert and kafka.ssl.key",
    mended: overMtls,
  },
  {
    name: "a plain client on a port for TLS",
    whole: true,
    to: "TLS",
    says: "Kafka at @ wants TLS, and kafka.ssl is not set",
    remedy: "set kafka.ssl",
    mended: overTls,
  },
  {
    ...overTls,
    name: "a client with TLS on a plain port",
    to: "PLAINTEXT",
    says: "Kafka at @ does not speak TLS on this port, it closed the connection in the handshake; kafka.ssl is set",
    remedy: "take kafka.ssl away",
    mended: overTls,
  },
  {
    ...overSasl,
    name: "a login on a port without logins",
    to: "PLAINTEXT",
    says: "Kafka at @ takes no login on this port, and kafka.sasl is set",
    remedy: "take kafka.sasl away",
    mended: overSasl,
  },
  {
    name: "no login on a port that wants one",
    to: "SASL",
    says: "Kafka at @ closed the connection at the first request: it may want a login, and kafka.sasl is not set",
    remedy: "correct kafka.sasl",
    mended: overSasl,
  },
];

/** Everything that a host prints and answers. */
async function everythingOf(host: TestHost): Promise<string> {
  const paths = ["/topics", "/readyz", "/metrics", "/"];
  const answers = await Promise.all(paths.map(async (path) => (await host.fetch(path)).text()));
  const plan = await host.fetch("/reconcile?dryRun=true", { method: "POST" });
  return [...answers, await plan.text(), JSON.stringify(host.log())].join("\n");
}

describe("what Kafka and a host disagree about is named in words:", () => {
  for (const fault of faults) {
    test(
      fault.name,
      async () => {
        const cluster = clusterOf(settingsOf(fault));
        try {
          const asked = cluster.listTopics(AbortSignal.timeout(15_000));
          const error = (await rejection(asked)) as PenstockError;
          expect(error.code).toBe("kafka_refused");
          expect(error.message).toStartWith(fault.says.replace("@", addressOf(fault)));
        } finally {
          await cluster.close();
        }
      },
      30_000,
    );
  }
});

describe("a host says so in /topics, in /readyz and once in its log, and goes on when the config is mended:", () => {
  for (const fault of faults.filter(({ whole }) => whole)) {
    test(
      fault.name,
      async () => {
        const topic = await newTopic("a record");
        const config = { ...configOf(fault, [topic]), log: { level: "debug" } };
        const host = await hostOf(config);
        const says = fault.says.replace("@", addressOf(fault));

        const isSaid = ({ reason }: TopicStatus): boolean => reason?.includes(says) === true;
        const { state } = await host.untilTopic(topic, "says why", isSaid);
        expect(state).toBe("pending");
        const status = await eventually("readiness says why", async () => {
          const answer = await host.fetch("/readyz");
          return (await answer.text()).includes(says) && answer.status;
        });
        expect(status).toBe(503);
        const told = () => host.log().filter(({ msg }) => msg === "Kafka cannot be asked for its topics");
        // The monitor's line; a topic may have said so before.
        const lines = await eventually("it is in the log", () => (told().length > 0 ? told() : null));
        expect(lines.map(({ level, reason }) => [level, reason])).toEqual([["warn", "kafka_refused"]]);
        expect(String(lines[0]?.["error"])).toStartWith(says);

        const broken = await everythingOf(host);
        await host.writeConfig({ ...configOf(fault.mended, [topic]), deadLetters: config.deadLetters });
        await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 1);
        const everything = broken + (await everythingOf(host));
        expect(everything).toContain(says);
        for (const secret of [PASSWORD, WRONG, "PRIVATE KEY"]) expect(everything).not.toContain(secret);
        await host[Symbol.asyncDispose]();
      },
      60_000,
    );
  }
});

describe("doctor says the same, with a remedy:", () => {
  for (const fault of faults.filter(({ name }) =>
    /^(a wrong password .SCRAM|a certificate of|no client)/.test(name),
  )) {
    test(
      fault.name,
      async () => {
        const { code, find, out, error } = await diagnosed(configOf(fault, []));
        expect(code).toBe(1);
        expect(find(`broker ${addressOf(fault)}`)).toMatchObject({
          state: "failed",
          seen: expect.stringContaining(fault.says.replace("@", addressOf(fault))),
          remedy: expect.stringContaining(fault.remedy),
        });
        for (const secret of [PASSWORD, WRONG]) expect(out + error).not.toContain(secret);
      },
      30_000,
    );
  }
});

describe("passwords", () => {
  test("a user that is not there yet is tried seldom, whatever the number of topics, and works once it is there", async () => {
    const user = uniqueName("late");
    const topics = await Promise.all(Array.from({ length: 10 }, () => newTopic("a record")));
    const before = await secured.refusedLogins();
    const link: Link = { name: "", to: "SASL", sasl: login("scram-sha-256", PASSWORD, user) };
    const host = await hostOf(configOf(link, topics));
    await Bun.sleep(3_000);
    // At once, and 2 to 4 s later; then after longer and longer pauses.
    expect((await secured.refusedLogins()) - before).toBeWithin(1, 3);
    await secured.setUser("scram-sha-256", user, PASSWORD);
    for (const topic of topics)
      await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 1);
    expect((await secured.refusedLogins()) - before).toBeWithin(1, 5);
  }, 60_000);

  test.concurrent("a new one is tried before anything is touched, and every topic goes on with it", async () => {
    const user = uniqueName("rotated");
    const [old, next] = ["the-Old-password", "the-Next-password"];
    const topics = await Promise.all(Array.from({ length: 5 }, () => newTopic("first")));
    await secured.setUser("scram-sha-512", user, old);
    const link = (password: string): Link => ({
      name: "",
      to: "SASLTLS",
      tls: trusting,
      sasl: login("scram-sha-512", password, user),
    });
    const config = configOf(link(old), topics);
    const host = await hostOf(config);
    const untilCommitted = async (count: number): Promise<void> => {
      for (const topic of topics)
        await host.untilTopic(topic, `has committed ${count}`, (status) => {
          return status.partitions[0]?.committed === count && status.state === "running";
        });
    };
    await untilCommitted(1);

    const change = (password: string): Promise<void> =>
      host.writeConfig({ ...configOf(link(password), topics), deadLetters: config.deadLetters });
    await change(WRONG);
    const refusal = "the new kafka settings do not work, the old ones are kept";
    await eventually("the wrong one is refused", async () =>
      (await (await host.fetch("/readyz")).text()).includes(refusal),
    );
    await Promise.all(topics.map((topic) => secured.kafka.produce(topic, [{ value: "second" }])));
    await untilCommitted(2);

    await secured.setUser("scram-sha-512", user, next);
    await change(next);
    await eventually("it is taken", async () => (await host.fetch("/readyz")).status === 200);
    await Promise.all(topics.map((topic) => secured.kafka.produce(topic, [{ value: "third" }])));
    await untilCommitted(3);
    for (const { counts } of await host.topics())
      expect(counts).toEqual({ indexed: 3, duplicate: 0, deadLettered: 0, skipped: 0 });
    const everything = await everythingOf(host);
    for (const secret of [old, next]) expect(everything).not.toContain(secret);
  }, 90_000);

  test.concurrent("sessions that end after 10 s are prolonged: nothing is cut, lost or doubled", async () => {
    const topic = await newTopic();
    const link: Link = { name: "", to: "REAUTH", sasl: login("scram-sha-512") };
    const host = await hostOf({ ...configOf(link, [topic]), log: { level: "debug" } });
    await host.untilTopic(topic, "runs", ({ state }) => state === "running");
    const until = Date.now() + 12_000;
    let sent = 0;
    for (; Date.now() < until; sent += 1) {
      await secured.kafka.produce(topic, [{ value: `line ${sent}` }]);
      await Bun.sleep(250);
    }
    const { counts } = await host.untilTopic(
      topic,
      "has all",
      (status) => status.partitions[0]?.committed === sent,
    );
    expect(counts).toEqual({ indexed: sent, duplicate: 0, deadLettered: 0, skipped: 0 });
    expect(host.log().filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
    // kafkajs would tell of a connection that was closed.
    const noise = host.log().filter((line) => /[Cc]onnection|crash/i.test(String(line["message"])));
    expect(noise.filter((line) => !String(line["message"]).startsWith("Response"))).toEqual([]);
  }, 60_000);
});

test.concurrent("a broker's certificate is renewed while a host runs; an expired one is told by its new connections", async () => {
  const { authority } = secured;
  const topic = await newTopic("first");
  const host = await hostOf(configOf(overTls, [topic]));
  await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 1);
  const ask = async (): Promise<unknown> => {
    const cluster = clusterOf(settingsOf(overTls));
    try {
      return (await cluster.listTopics(AbortSignal.timeout(10_000))).get(topic);
    } finally {
      await cluster.close();
    }
  };
  const shown = () => shownCertificate(addressOf(overTls), AbortSignal.timeout(2_000));
  const names = ["127.0.0.1", "localhost"];
  const renew = async (expired: boolean): Promise<void> =>
    secured.renew("TLS", await authority.issue("broker", { hosts: names, expired }));

  const before = await shown();
  await renew(false);
  await eventually("it is shown", async () => (await shown())?.validFromMs !== before?.validFromMs);
  expect(await ask()).toBe(1);
  await secured.kafka.produce(topic, [{ value: "second" }]);
  await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 2);

  await renew(true);
  await eventually("it is shown", async () => ((await shown())?.validToMs ?? Infinity) < Date.now());
  const says = `the certificate of Kafka at ${addressOf(overTls)} expired on ${yesterday}`;
  // Each of the broker's network threads takes it over by itself.
  const refusal = () => ask().catch((error: unknown) => (error as Error).message);
  await eventually("new connections are shown it", async () => (await refusal()) === says);
  await renew(false);
  await eventually("a new connection comes about", async () => (await ask()) === 1);
  await secured.kafka.produce(topic, [{ value: "third" }]);
  await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 3);
}, 60_000);
