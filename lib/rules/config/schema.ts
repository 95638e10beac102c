import { z } from "zod";
import { isProxySetting, proxyRule } from "./proxy.ts";
import { isUnquoted, unquotedRule } from "./scalars.ts";
import { duration, flag, hostPorts, indexTemplate, listOf, mapping, nonEmptyText } from "./scalars.ts";
import { oneOf, serverUrls, size, text, topicName, topicPattern, wholeNumber } from "./scalars.ts";

/**
 * The shape of the config file. What one value decides is here; what several decide together is in `cross-checks.ts`.
 * Descriptions end up in the JSON Schema, and so in editors.
 */

const tls = mapping({
  ca: nonEmptyText
    .optional()
    .describe("Path of a PEM file: the authorities to trust. PEM files are watched."),
  cert: nonEmptyText.optional().describe("Path of a PEM file: our certificate; goes with key."),
  key: nonEmptyText.optional().describe("Path of a PEM file: our private key; goes with cert."),
});

const login = mapping({ username: nonEmptyText, password: nonEmptyText });

/** Each is looked for in every record. */
const mostFields = 10;
const fields = listOf(nonEmptyText)
  .min(1, "is empty: at least one field is needed")
  .max(mostFields, `has more than ${mostFields} fields`);
const fieldOrFields = z.union([nonEmptyText, fields], {
  error: ({ input }) => (isUnquoted(input) ? unquotedRule : "is neither a field's name nor a list of them"),
});

/** One entry of `topics`, or of the array in an etcd key, in its long form. */
export const declarationSchema = mapping({
  topic: topicName.optional().describe("The Kafka topic. Either this or pattern."),
  pattern: topicPattern.optional().describe("Topics by a glob with * and ?. Either this or topic."),
  path: nonEmptyText.optional().describe("Becomes log.file.path of the documents."),
  index: indexTemplate
    .optional()
    .describe(
      "The index; may hold {topic} and {yyyy.MM.dd} (UTC, the record's time). Default: the topic's name.",
    ),
  startAt: oneOf(["earliest", "latest"])
    .default("earliest")
    .describe("Where to begin while the group has no commit at all."),
  format: oneOf(["text", "json"]).default("text").describe("How a record's value becomes a document."),
  timestamp: fieldOrFields
    .optional()
    .describe(
      "The JSON field with the event's own time, or a list: the first that can be read; needs format: json.",
    ),
  message: nonEmptyText
    .optional()
    .describe("The JSON field with the line. Default: message, or what loggers call it; needs format: json."),
  pipeline: nonEmptyText.optional().describe("An Elasticsearch ingest pipeline."),
  rejected: oneOf(["flatten", "dead-letter"])
    .optional()
    .describe(
      "What becomes of a JSON record that the index's mapping refuses: flatten (default) puts its fields into the one " +
        "field kafka.value, and if that is refused all of it into message; needs format: json.",
    ),
});

/** One entry: a topic's name, or the long form. */
export const entrySchema = z.union([topicName, declarationSchema], {
  error: ({ input }) => (isUnquoted(input) ? unquotedRule : "is neither a topic name nor a mapping"),
});

const http = mapping({
  hostname: nonEmptyText.default("127.0.0.1").describe("Without a token: a loopback address."),
  port: wholeNumber(0, 65_535).default(8080).describe("0: any free port."),
  token: text
    .default("")
    .describe("Wanted as Authorization: Bearer. Empty: none. A secret: best ${file:/path}."),
  readOnlyToken: text.default("").describe("Lets in who may look and not change. Empty: none. A secret too."),
  openMetrics: flag.default(false).describe("True: GET /metrics needs no token."),
  tls: mapping({
    cert: nonEmptyText.describe(
      "Path of a PEM file: the certificate, and those between it and the authority.",
    ),
    key: nonEmptyText.describe("Path of a PEM file: its private key, without a passphrase."),
  })
    .optional()
    .describe("TLS 1.2 or 1.3 on the host's own port. Renewed files are taken over live."),
});

const kafka = mapping({
  brokers: listOf(hostPorts)
    .min(1, "is empty: at least one broker is needed")
    .describe("Each text may name several, with commas between; so may those of nodes and endpoints."),
  group: text
    .regex(/^[a-zA-Z0-9._-]{1,200}$/, "is not a consumer group (1 to 200 of a-z A-Z 0-9 . _ -)")
    .default("penstock")
    .describe("The consumer group of all topics and hosts."),
  rack: nonEmptyText
    .optional()
    .describe("Where this host is, as the brokers name their racks: it reads from the nearest replica."),
  inFlight: mapping({
    maxBytes: size.prefault("256mb").describe("Record bytes that all topics together may hold in memory."),
  }).prefault({}),
  maxBatchBytes: size
    .prefault("128mb")
    .describe("What a record batch may take in memory, decompressed; a larger one becomes one dead letter."),
  ssl: z.union([flag, tls], { error: "is neither true, false nor a mapping" }).optional(),
  sasl: mapping({
    mechanism: oneOf(["plain", "scram-sha-256", "scram-sha-512"]),
    username: nonEmptyText,
    password: nonEmptyText,
  }).optional(),
});

const elasticsearch = mapping({
  nodes: listOf(serverUrls).min(1, "is empty: at least one node is needed"),
  auth: mapping({
    apiKey: nonEmptyText.optional(),
    username: nonEmptyText.optional(),
    password: nonEmptyText.optional(),
  })
    .optional()
    .describe("Either apiKey, or username and password."),
  tls: tls.optional(),
  proxy: nonEmptyText
    .refine(isProxySetting, proxyRule)
    .optional()
    .describe(
      "The URL of a proxy before all nodes, or none. Absent: as the environment says (http_proxy, …).",
    ),
  bulk: mapping({
    maxDocuments: wholeNumber(1, 100_000).default(2000),
    maxBytes: size.prefault("5mb"),
    concurrency: wholeNumber(1, 256)
      .default(4)
      .describe("Bulk requests in flight at once, of all topics together."),
    requestTimeout: duration.prefault("30s"),
  }).prefault({}),
  compression: oneOf(["gzip", "none"])
    .default("none")
    .describe("gzip: bulk requests and their answers take a quarter to a fifth of the bytes, and more CPU."),
  manageTemplates: flag.default(true).describe("False: you keep the index templates yourself."),
  template: mapping({
    codec: oneOf(["default", "best_compression"])
      .default("default")
      .describe("Of what an index stores: best_compression takes a quarter less disk."),
    mode: oneOf(["standard", "logsdb"])
      .default("standard")
      .describe("logsdb: indices are sorted by host.name and time; needs Elasticsearch 8.17."),
    wholeValues: oneOf(["scanned", "indexed"])
      .default("scanned")
      .describe(
        "Of the records' own fields: indexed, filters for a whole value are fast over any span of time, and cost disk and CPU.",
      ),
    refreshInterval: duration.optional().describe("Absent: as Elasticsearch does it."),
  })
    .prefault({})
    .describe("Of indices made from then on."),
});

const etcd = mapping({
  endpoints: listOf(serverUrls).min(1, "is empty: at least one endpoint is needed"),
  keys: listOf(nonEmptyText)
    .min(1, "is empty: at least one key is needed")
    .describe("In order of precedence. A key that ends in / is a prefix."),
  auth: login.optional(),
  tls: tls.optional(),
});

export const configSchema = mapping({
  http: http.prefault({}),
  kafka,
  elasticsearch,
  etcd: etcd.optional().describe("Declarations in etcd, besides those below."),
  topics: listOf(entrySchema)
    .default([])
    .describe("Topics to move; a name alone is short for { topic: name }."),
  deadLetters: mapping({
    topic: topicName.default("penstock.dead-letters").describe("Where rejected records go; made if missing."),
  }).prefault({}),
  shutdown: mapping({ deadline: duration.prefault("30s") }).prefault({}),
  log: mapping({ level: oneOf(["trace", "debug", "info", "warn", "error"]).default("info") }).prefault({}),
});

export type ConfigInput = z.infer<typeof configSchema>;
export type DeclarationInput = z.infer<typeof declarationSchema>;
