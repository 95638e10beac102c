import type { KafkaSettings, Settings } from "../../lib/rules/settings.ts";

/** Settings as a short config file gives them, changed as given. */
export function settings(changes: Partial<Settings> = {}): Settings {
  return {
    http: { hostname: "127.0.0.1", port: 8080, token: null, openMetrics: false },
    kafka: kafkaSettings(),
    elasticsearch: {
      nodes: ["http://127.0.0.1:9200"],
      auth: null,
      tls: null,
      bulk: { maxDocuments: 2000, maxBytes: 5_000_000, concurrency: 4, requestTimeoutMs: 30_000 },
      manageTemplates: true,
    },
    etcd: null,
    deadLetters: { topic: "penstock.dead-letters" },
    shutdown: { deadlineMs: 30_000 },
    log: { level: "info" },
    ...changes,
  };
}

export function kafkaSettings(changes: Partial<KafkaSettings> = {}): KafkaSettings {
  return {
    brokers: ["127.0.0.1:9092"],
    groupPrefix: "penstock",
    inFlightMaxBytes: 256 * 1024 * 1024,
    tls: null,
    sasl: null,
    ...changes,
  };
}
