import type { Secret } from "../secrets/secret.ts";

/**
 * The settings of a host, as the config file declares them after defaults, substitution and validation.
 * Units are in the names: every duration is in milliseconds, every size in bytes. What nobody may see is a `Secret`.
 */

/** TLS towards a server: PEM texts (not paths), read when the config is read. */
export interface TlsSettings {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: Secret | null;
}

export interface Login {
  readonly username: string;
  readonly password: Secret;
}

export interface SaslSettings extends Login {
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
}

export interface HttpSettings {
  readonly hostname: string;
  readonly port: number;
  /** Null: no token, the host answers on loopback only. */
  readonly token: Secret | null;
  /** Lets in who may look and not change; null: none. Never the same as `token`, and never without it. */
  readonly readOnlyToken: Secret | null;
  /** True: GET /metrics needs no token. */
  readonly openMetrics: boolean;
  /** Null: no TLS. The two belong together. */
  readonly tls: ServerTlsSettings | null;
}

/** TLS of our own port: PEM texts, read when the config is read. */
export interface ServerTlsSettings {
  /** The certificate, and those between it and the authority. */
  readonly cert: string;
  readonly key: Secret;
}

export interface KafkaSettings {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  /** The consumer group of all topics. */
  readonly group: string;
  /** Where this host is, as brokers name their racks, so that it reads from the nearest replica; null: nobody said. */
  readonly rack: string | null;
  /** Decoded record bytes that all topics together may hold in memory. */
  readonly inFlightMaxBytes: number;
  /** What one record batch may take in memory, decompressed. */
  readonly maxBatchBytes: number;
  /** Null: no TLS. */
  readonly tls: TlsSettings | null;
  readonly sasl: SaslSettings | null;
}

export type ElasticsearchAuth =
  | { readonly kind: "apiKey"; readonly apiKey: Secret }
  | ({ readonly kind: "basic" } & Login);

export interface BulkSettings {
  readonly maxDocuments: number;
  readonly maxBytes: number;
  /** Bulk requests in flight at once, of all topics together. */
  readonly concurrency: number;
  readonly requestTimeoutMs: number;
}

/** What stands between us and a node. */
export interface NodeProxy {
  /** `http://host:port`, or `https://`. */
  readonly url: string;
  readonly login: Login | null;
  /** What names it: `elasticsearch.proxy`, or a variable of the environment. */
  readonly from: string;
}

export interface ElasticsearchSettings {
  /** URLs. */
  readonly nodes: readonly string[];
  /** By node, as above; those that are asked directly are absent. */
  readonly proxies: Readonly<Record<string, NodeProxy>>;
  readonly auth: ElasticsearchAuth | null;
  readonly tls: TlsSettings | null;
  readonly bulk: BulkSettings;
  /** Of the bodies of bulks, and of their answers. */
  readonly compression: "gzip" | "none";
  /** False: the user keeps the index templates; Penstock writes none. */
  readonly manageTemplates: boolean;
  readonly template: TemplateSettings;
}

/** What of the index template is the user's to choose; each has its price. */
export interface TemplateSettings {
  readonly codec: "default" | "best_compression";
  readonly mode: "standard" | "logsdb";
  /** Whether filters for a whole value of a record's own field have an index, or look through its column. */
  readonly wholeValues: "scanned" | "indexed";
  /** Null: as Elasticsearch does it. */
  readonly refreshIntervalMs: number | null;
}

export const defaultTemplate: TemplateSettings = {
  codec: "default",
  mode: "standard",
  wholeValues: "scanned",
  refreshIntervalMs: null,
};

export interface EtcdSettings {
  /** URLs. */
  readonly endpoints: readonly string[];
  /** Exact keys, or prefixes where the name ends in `/`; in order of precedence. */
  readonly keys: readonly string[];
  readonly auth: Login | null;
  readonly tls: TlsSettings | null;
}

export interface Settings {
  readonly http: HttpSettings;
  readonly kafka: KafkaSettings;
  readonly elasticsearch: ElasticsearchSettings;
  /** Null: declarations come from the config file alone. */
  readonly etcd: EtcdSettings | null;
  /** The Kafka topic that rejected records go to. */
  readonly deadLetters: { readonly topic: string };
  readonly shutdown: { readonly deadlineMs: number };
  /** pino's level names. */
  readonly log: { readonly level: "trace" | "debug" | "info" | "warn" | "error" };
}
