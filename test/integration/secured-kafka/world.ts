import { readFileSync } from "node:fs";
import { createKafkaCluster, type KafkaCluster } from "../../../lib/adapters/kafka/queries/cluster.ts";
import { createKafkaWire } from "../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import type { KafkaWire } from "../../../lib/adapters/kafka/protocol/wire.ts";
import { Secret, secretOrNull } from "../../../lib/rules/secrets/secret.ts";
import type {
  KafkaSettings,
  PasswordSasl,
  SaslSettings,
  TlsSettings,
} from "../../../lib/rules/model/settings.ts";
import { createAuthority, type TestAuthority } from "../../support/certificates.ts";
import { testElasticsearch, type TestElasticsearch } from "../../support/elasticsearch.ts";
import { startTestHost, type TestHost } from "../../support/host.ts";
import { uniqueName } from "../../support/kafka.ts";
import { createMemoryLogger } from "../../support/memory-logger.ts";
import {
  PASSWORD,
  type SecuredKafka,
  type SecuredListener,
  startSecuredKafka,
  USER,
} from "../../support/secured-kafka.ts";
import { kafkaSettings } from "../../support/settings.ts";
import { testStack } from "../../support/stack.ts";

/** A way to the broker, as in the config file. */
export interface Link {
  readonly name: string;
  readonly to: SecuredListener | "PLAINTEXT";
  readonly tls?: () => { readonly ca: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: SaslSettings;
}

export const WRONG = "the-Wr0ng-password";
/** The day before, relative to the certificates' authority. */
export const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000).toISOString().slice(0, 10);

interface Opened {
  readonly secured: SecuredKafka;
  readonly stranger: TestAuthority;
  readonly elasticsearch: TestElasticsearch;
  readonly elasticsearchNode: string;
}

export type SecuredWorld = ReturnType<typeof createSecuredWorld>;

/** A broker that wants TLS and logins, and what may be led to it, once it is open. */
export function createSecuredWorld() {
  let opened: Opened | null = null;
  const closing = new AsyncDisposableStack();
  const hosts: TestHost[] = [];
  const own = (): Opened => {
    if (opened === null) throw new Error("the servers are not there yet");
    return opened;
  };

  const login = (
    mechanism: PasswordSasl["mechanism"],
    password = PASSWORD,
    username = USER,
  ): PasswordSasl => ({
    mechanism,
    username,
    password: new Secret(password),
  });
  const trusting = () => ({ ca: own().secured.authority.caFile });
  const withClient = () => ({
    ...trusting(),
    cert: own().secured.client.certFile,
    key: own().secured.client.keyFile,
  });
  const withExpiredClient = () => ({
    ...trusting(),
    cert: own().secured.expiredClient.certFile,
    key: own().secured.expiredClient.keyFile,
  });

  const addressOf = ({ to }: Link): string =>
    to === "PLAINTEXT" ? (own().secured.stack.kafka.brokers[0] ?? "") : own().secured.listener(to);

  /** For a config file. */
  function configOf(link: Link, topics: readonly string[]) {
    return {
      kafka: {
        brokers: [addressOf(link)],
        ...(link.tls && { ssl: link.tls() }),
        ...(link.sasl && { sasl: inFile(link.sasl) }),
      },
      elasticsearch: { nodes: [own().elasticsearchNode] },
      deadLetters: { topic: uniqueName("dead") },
      topics,
    };
  }

  /** For an adapter. */
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
    await own().secured.kafka.createTopic(topic);
    if (lines.length > 0)
      await own().secured.kafka.produce(
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

  function clusterOf(settings: KafkaSettings): KafkaCluster {
    const logger = createMemoryLogger();
    return createKafkaCluster(createKafkaWire(settings, logger), logger);
  }

  function wireOver(link: Link): KafkaWire {
    const wire = createKafkaWire(settingsOf(link), createMemoryLogger());
    closing.defer(() => wire.close());
    return wire;
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

  return {
    async open(): Promise<void> {
      const { elasticsearchNode } = await testStack();
      const stranger = closing.use(await createAuthority("Stranger"));
      const secured = closing.use(await startSecuredKafka());
      opened = { secured, stranger, elasticsearch: testElasticsearch(elasticsearchNode), elasticsearchNode };
    },
    async close(): Promise<void> {
      await Promise.all(hosts.map((host) => host[Symbol.asyncDispose]()));
      await closing.disposeAsync();
    },
    get secured() {
      return own().secured;
    },
    get stranger() {
      return own().stranger;
    },
    get elasticsearch() {
      return own().elasticsearch;
    },
    login,
    trusting,
    withExpiredClient,
    addressOf,
    configOf,
    settingsOf,
    clusterOf,
    wireOver,
    newTopic,
    hostOf,
    links,
  };
}

/** A login as the config file has it: secrets as plain texts, no key for what is not set. */
function inFile(sasl: SaslSettings): object {
  const plain = Object.entries(sasl).map(([key, value]: [string, unknown]) => [
    key,
    value instanceof Secret ? value.reveal() : value,
  ]);
  return Object.fromEntries(plain.filter(([, value]) => value !== null));
}
