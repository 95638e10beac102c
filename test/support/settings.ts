import { defaultTemplate } from "../../lib/rules/model/settings.ts";
import { Secret, secretOrNull } from "../../lib/rules/secrets/secret.ts";
import type { HttpSettings, KafkaSettings, Settings } from "../../lib/rules/model/settings.ts";

/** The settings of a short config file, with the given changes. */
export function settings(changes: Partial<Settings> = {}): Settings {
  return {
    http: httpSettings(),
    kafka: kafkaSettings(),
    elasticsearch: {
      nodes: ["http://127.0.0.1:9200"],
      proxies: {},
      auth: null,
      tls: null,
      bulk: { maxDocuments: 2000, maxBytes: 5_000_000, concurrency: 4, requestTimeoutMs: 30_000 },
      compression: "none",
      template: defaultTemplate,
      manageTemplates: true,
    },
    etcd: null,
    deadLetters: { topic: "penstock.dead-letters" },
    history: null,
    shutdown: { deadlineMs: 30_000 },
    log: { level: "info" },
    ...changes,
  };
}

/** Of `http`, with its secrets as plain texts. */
export interface PlainHttpSettings extends Partial<Omit<HttpSettings, "token" | "readOnlyToken" | "tls">> {
  readonly token?: string | null;
  readonly readOnlyToken?: string | null;
  readonly tls?: { readonly cert: string; readonly key: string } | null;
}

export function httpSettings(changes: PlainHttpSettings = {}): HttpSettings {
  const { token = null, readOnlyToken = null, tls = null, ...others } = changes;
  return {
    hostname: "127.0.0.1",
    port: 8080,
    advertised: null,
    openMetrics: false,
    ...others,
    token: secretOrNull(token),
    readOnlyToken: secretOrNull(readOnlyToken),
    tls: tls === null ? null : { cert: tls.cert, key: new Secret(tls.key) },
  };
}

export function kafkaSettings(changes: Partial<KafkaSettings> = {}): KafkaSettings {
  return {
    brokers: ["127.0.0.1:9092"],
    group: "penstock",
    rack: null,
    inFlightMaxBytes: 256 * 1024 * 1024,
    maxBatchBytes: 128 * 1024 * 1024,
    tls: null,
    sasl: null,
    ...changes,
  };
}
