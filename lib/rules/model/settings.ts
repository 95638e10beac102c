import type { Secret } from "../secrets/secret.ts";

/**
 * The settings of a host: the config file after defaults, substitution and validation.
 * Durations are in milliseconds, as their names say, and sizes in bytes. Whatever must stay hidden is a `Secret`.
 */

/** TLS as a client: PEM texts (not paths), read together with the config. */
export interface TlsSettings {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: Secret | null;
}

export interface Login {
  readonly username: string;
  readonly password: Secret;
}

export type SaslSettings = PasswordSasl | TokenSasl;

export interface PasswordSasl extends Login {
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
}

/** Logins with a bearer token, which is SASL OAUTHBEARER (RFC 7628) on the wire. */
export type TokenSasl = TokenFileSasl | TokenEndpointSasl | AwsSasl;

export function isTokenSasl(sasl: SaslSettings): sasl is TokenSasl {
  return sasl.mechanism === "oauthbearer" || sasl.mechanism === "aws-msk-iam";
}

export interface TokenFileSasl {
  readonly mechanism: "oauthbearer";
  /** Read at each login: whoever issues the token replaces it there. */
  readonly tokenFile: string;
  readonly extensions: SaslExtensions;
}

/** The client credentials grant of OAuth 2 (RFC 6749, section 4.4). */
export interface TokenEndpointSasl {
  readonly mechanism: "oauthbearer";
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly scope: string | null;
  readonly extensions: SaslExtensions;
  /** PEM text with the authorities to trust at the endpoint; null for the system's. */
  readonly ca: string | null;
  /** Null if the endpoint is reached directly. */
  readonly proxy: NodeProxy | null;
}

/** Sent beside the token; services such as Confluent Cloud require some. */
export type SaslExtensions = Readonly<Record<string, string>>;

/** Amazon MSK's IAM access control: a token that we sign with AWS credentials. */
export interface AwsSasl {
  readonly mechanism: "aws-msk-iam";
  readonly region: string;
  /** The role to assume, or the profile of AWS's config files; both null for the default chain of credentials. */
  readonly roleArn: string | null;
  readonly profile: string | null;
}

export interface HttpSettings {
  readonly hostname: string;
  readonly port: number;
  /** Null if not set: the host then listens on loopback only. */
  readonly token: Secret | null;
  /** Allows reading only; null if not set. Needs `token`, and always differs from it. */
  readonly readOnlyToken: Secret | null;
  /** The origin under which the other hosts of the group reach this one; null: derived from the two above. */
  readonly advertised: string | null;
  /** True if GET /metrics needs no token. */
  readonly openMetrics: boolean;
  /** Null for plain HTTP. */
  readonly tls: ServerTlsSettings | null;
}

/** TLS on the host's own port: PEM texts, read together with the config. */
export interface ServerTlsSettings {
  /** The certificate, followed by any intermediate certificates. */
  readonly cert: string;
  readonly key: Secret;
}

export interface KafkaSettings {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  /** The consumer group of all topics. */
  readonly group: string;
  /** This host's rack (`broker.rack`), so that it reads from the nearest replica; null if not set. */
  readonly rack: string | null;
  /** Limit of decoded record bytes in memory, for all topics together. */
  readonly inFlightMaxBytes: number;
  /** Limit of one decompressed record batch in memory. */
  readonly maxBatchBytes: number;
  /** Null for no TLS. */
  readonly tls: TlsSettings | null;
  readonly sasl: SaslSettings | null;
}

export type ElasticsearchAuth =
  | { readonly kind: "apiKey"; readonly apiKey: Secret }
  | ({ readonly kind: "basic" } & Login);

export interface BulkSettings {
  readonly maxDocuments: number;
  readonly maxBytes: number;
  /** Bulk requests in flight at once, for all topics together. */
  readonly concurrency: number;
  readonly requestTimeoutMs: number;
}

/** The HTTP proxy in front of a node. */
export interface NodeProxy {
  /** `http://host:port`, or `https://`. */
  readonly url: string;
  readonly login: Login | null;
  /** The setting it comes from: `elasticsearch.proxy`, or an environment variable. */
  readonly from: string;
}

export interface ElasticsearchSettings {
  /** URLs. */
  readonly nodes: readonly string[];
  /** By node URL; nodes without a proxy are absent. */
  readonly proxies: Readonly<Record<string, NodeProxy>>;
  readonly auth: ElasticsearchAuth | null;
  readonly tls: TlsSettings | null;
  readonly bulk: BulkSettings;
  /** For the bodies of bulk requests and of their responses. */
  readonly compression: "gzip" | "none";
  /** False if the user maintains the index templates, and Penstock writes none. */
  readonly manageTemplates: boolean;
  readonly template: TemplateSettings;
}

/** The user's choices for the index template; each has a cost. */
export interface TemplateSettings {
  readonly codec: "default" | "best_compression";
  readonly mode: "standard" | "logsdb";
  /** Whether filters for whole values of a record's own fields use an index or scan doc values. */
  readonly wholeValues: "scanned" | "indexed";
  /** Null for Elasticsearch's default. */
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
  /** Exact keys, or prefixes if they end in `/` or `*`, in order of precedence. */
  readonly keys: readonly string[];
  readonly auth: Login | null;
  readonly tls: TlsSettings | null;
}

export interface HistorySettings {
  /** The Kafka topic with what happened and with the figures of the last days. */
  readonly topic: string;
  readonly keepMs: number;
}

export interface Settings {
  readonly http: HttpSettings;
  readonly kafka: KafkaSettings;
  readonly elasticsearch: ElasticsearchSettings;
  /** Null if declarations come from the config file alone. */
  readonly etcd: EtcdSettings | null;
  /** The Kafka topic for rejected records. */
  readonly deadLetters: { readonly topic: string };
  /** Null if the history is kept in memory only. */
  readonly history: HistorySettings | null;
  readonly shutdown: { readonly deadlineMs: number };
  /** pino's level names. */
  readonly log: { readonly level: "trace" | "debug" | "info" | "warn" | "error" };
}
