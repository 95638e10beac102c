import { z } from "zod";
import { isProxySetting, proxyRule } from "./proxy.ts";
import { isObject } from "../json/object.ts";
import { retentionMs } from "../model/data-stream.ts";
import { historyTopicRule, isHistoryTopic } from "../model/names.ts";
import { isUnquoted, notOneOf, unquotedRule } from "./scalars.ts";
import { dataStreamTemplate, duration, flag, hostPorts, indexTemplate, listOf, mapping } from "./scalars.ts";
import {
  etcdKey,
  extensions,
  nonEmptyText,
  oneOf,
  retention,
  serverUrls,
  size,
  startAt,
  text,
  topicName,
  topicPattern,
  serverUrl,
  wholeNumber,
} from "./scalars.ts";

/**
 * The shape of the config file: the rules for single values. Rules between several values are in `cross-checks.ts`.
 * Editors show the descriptions, which become part of the JSON Schema.
 */

const tls = mapping({
  ca: nonEmptyText
    .optional()
    .describe("Path of a PEM file with the trusted CA certificates. PEM files are watched."),
  cert: nonEmptyText.optional().describe("Path of a PEM file with the client certificate; needs key."),
  key: nonEmptyText.optional().describe("Path of a PEM file with the private key; needs cert."),
});

const login = mapping({ username: nonEmptyText, password: nonEmptyText });

/** Limited because every record is searched for each field. */
const mostFields = 10;
const fields = listOf(nonEmptyText)
  .min(1, "is empty: at least one field is needed")
  .max(mostFields, `has more than ${mostFields} fields`);
const fieldOrFields = z.union([nonEmptyText, fields], {
  error: ({ input }) =>
    isUnquoted(input) ? unquotedRule : "is neither a field name nor a list of field names",
});

/** Limited because each topic that the pattern matches is compared with each glob. */
const mostGlobs = 100;

/** The long form of an entry of `topics`, or of the array in an etcd key. */
export const declarationSchema = mapping({
  topic: topicName.optional().describe("The Kafka topic. Use either this or pattern."),
  pattern: topicPattern
    .optional()
    .describe("A glob (*, ?) that topics must match. Use either this or topic."),
  exclude: listOf(topicPattern)
    .max(mostGlobs, `has more than ${mostGlobs} globs`)
    .optional()
    .describe("Globs of topics that the pattern does not cover; needs pattern."),
  path: nonEmptyText.optional().describe("The documents' log.file.path."),
  index: indexTemplate
    .optional()
    .describe(
      "The index; may contain {topic}, {yyyy.MM.dd} (UTC, the record's time) and, with format: json, fields such as " +
        "{kubernetes.namespace}: at most 100 indices, or 300 with {kubernetes.namespace:300}. Default: the topic's name.",
    ),
  dataStream: dataStreamTemplate
    .optional()
    .describe("Instead of index: a data stream, such as logs-app-prod; may contain {topic}."),
  retention: retention
    .optional()
    .describe(
      "How long the data stream keeps documents, such as 30d; needs dataStream. Default: as the cluster says, else forever.",
    ),
  startAt: startAt
    .default("earliest")
    .describe(
      "Where to start if the group has no commit of the topic yet: earliest, latest, a time with its zone such as " +
        "2026-11-28T10:00:00Z, or an age such as -2h.",
    ),
  format: oneOf(["text", "json"]).default("text").describe("How a record's value becomes a document."),
  timestamp: fieldOrFields
    .optional()
    .describe(
      "The JSON field with the event's own time, or a list of which the first readable one is used; needs format: json.",
    ),
  message: nonEmptyText
    .optional()
    .describe(
      "The JSON field with the log line. Default: message, or a name that loggers use for it; needs format: json.",
    ),
  pipeline: nonEmptyText.optional().describe("An Elasticsearch ingest pipeline."),
  rejected: oneOf(["flatten", "dead-letter"])
    .optional()
    .describe(
      "What to do with a JSON record that the index's mapping rejects: flatten (default) puts its fields into the single " +
        "field kafka.value or, if that is rejected too, the whole record into message; needs format: json.",
    ),
  hold: flag
    .optional()
    .describe("If true, the topic is not read; its position stays, and other topics notice nothing."),
});

/** An entry: a topic name, or the long form. */
export const entrySchema = z.union([topicName, declarationSchema], {
  error: ({ input }) => (isUnquoted(input) ? unquotedRule : "is neither a topic name nor a mapping"),
});

const passwordMechanisms = ["plain", "scram-sha-256", "scram-sha-512"] as const;

const http = mapping({
  hostname: nonEmptyText
    .default("127.0.0.1")
    .describe("The address to listen on. Must be a loopback address unless token is set."),
  port: wholeNumber(0, 65_535).default(8080).describe("0 for any free port."),
  token: text
    .default("")
    .describe("Clients send it as Authorization: Bearer. Empty for none. Secret: best as ${file:/path}."),
  readOnlyToken: text.default("").describe("A token that allows reading only. Empty for none. Secret."),
  advertised: serverUrl
    .refine((url) => URL.parse(url)?.origin === url, "is not only a scheme, a host and a port")
    .optional()
    .describe(
      "Where the other hosts of the group reach this one, such as http://10.0.0.7:8080. Default: hostname, or the machine's name if that is 0.0.0.0, with port.",
    ),
  openMetrics: flag.default(false).describe("If true, GET /metrics needs no token."),
  tls: mapping({
    cert: nonEmptyText.describe(
      "Path of a PEM file with the certificate, followed by any intermediate certificates.",
    ),
    key: nonEmptyText.describe("Path of a PEM file with its private key, without a passphrase."),
  })
    .optional()
    .describe("TLS 1.2 or 1.3 on the host's own port. Renewed files are loaded live."),
});

const kafka = mapping({
  brokers: listOf(hostPorts)
    .min(1, "is empty: at least one broker is needed")
    .describe("Each entry may list several, separated by commas; the same applies to nodes and endpoints."),
  group: text
    .regex(/^[a-zA-Z0-9._-]{1,200}$/, "is not a consumer group (1 to 200 of a-z A-Z 0-9 . _ -)")
    .default("penstock")
    .describe("The consumer group, the same for all topics and hosts."),
  rack: nonEmptyText
    .optional()
    .describe("This host's rack, named as in broker.rack, to read from the nearest replica."),
  inFlight: mapping({
    maxBytes: size.prefault("256mb").describe("Limit of record bytes in memory, for all topics together."),
  }).prefault({}),
  maxBatchBytes: size
    .prefault("128mb")
    .describe("Limit of a decompressed record batch in memory; a larger one becomes one dead letter."),
  ssl: z.union([flag, tls], { error: "is neither true, false nor a mapping" }).optional(),
  sasl: z
    .discriminatedUnion(
      "mechanism",
      [
        mapping({ mechanism: oneOf(passwordMechanisms), username: nonEmptyText, password: nonEmptyText }),
        mapping({
          mechanism: z.literal("oauthbearer"),
          tokenFile: nonEmptyText
            .optional()
            .describe("Path of a file with a token, read at each login. Use either this or tokenEndpoint."),
          tokenEndpoint: serverUrl
            .optional()
            .describe("The token endpoint of an OIDC provider, asked with clientId and clientSecret."),
          clientId: nonEmptyText.optional(),
          clientSecret: nonEmptyText.optional().describe("Secret: best as ${file:/path}."),
          scope: nonEmptyText.optional(),
          tls: mapping({
            ca: nonEmptyText.optional().describe("Path of a PEM file with the endpoint's CA certificates."),
          }).optional(),
          extensions: extensions
            .optional()
            .describe("Sent beside the token, such as Confluent Cloud's logicalCluster and identityPoolId."),
        }),
        mapping({
          mechanism: z.literal("aws-msk-iam"),
          region: nonEmptyText.describe("The cluster's AWS region, such as eu-central-1."),
          roleArn: nonEmptyText.optional().describe("The IAM role to assume."),
          profile: nonEmptyText.optional().describe("A profile of AWS's config files."),
        }),
      ],
      {
        error: ({ input }) => {
          if (!isObject(input)) return "is not a mapping";
          return "mechanism" in input
            ? notOneOf([...passwordMechanisms, "oauthbearer", "aws-msk-iam"])
            : "is required";
        },
      },
    )
    .optional(),
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
      "The URL of an HTTP proxy for all nodes, or none. Default: the environment's proxy (http_proxy, …).",
    ),
  bulk: mapping({
    maxDocuments: wholeNumber(1, 100_000).default(2000),
    maxBytes: size.prefault("5mb"),
    concurrency: wholeNumber(1, 256)
      .default(4)
      .describe("Bulk requests in flight at once, for all topics together."),
    requestTimeout: duration.prefault("30s"),
  }).prefault({}),
  compression: oneOf(["gzip", "none"])
    .default("none")
    .describe("gzip shrinks bulk requests and responses to a quarter or a fifth, and costs CPU."),
  manageTemplates: flag.default(true).describe("If false, you maintain the index templates yourself."),
  template: mapping({
    codec: oneOf(["default", "best_compression"])
      .default("default")
      .describe("Compression of stored fields: best_compression takes a quarter less disk."),
    mode: oneOf(["standard", "logsdb"])
      .default("standard")
      .describe("logsdb sorts indices by host.name and time; needs Elasticsearch 8.17."),
    wholeValues: oneOf(["scanned", "indexed"])
      .default("scanned")
      .describe(
        "indexed makes filters for whole values of the records' own fields fast over any time span, and costs disk and CPU.",
      ),
    refreshInterval: duration.optional().describe("Default: Elasticsearch's own."),
  })
    .prefault({})
    .describe("Settings of indices that are created from then on."),
});

const etcd = mapping({
  endpoints: listOf(serverUrls).min(1, "is empty: at least one endpoint is needed"),
  keys: listOf(etcdKey)
    .min(1, "is empty: at least one key is needed")
    .describe("In order of precedence. A key ending in / or * is a prefix (logs/, collect_log_*)."),
  auth: login.optional(),
  tls: tls.optional(),
});

const dayMs = 86_400_000;

export const configSchema = mapping({
  http: http.prefault({}),
  kafka,
  elasticsearch,
  etcd: etcd.optional().describe("Where to read more declarations, in addition to topics."),
  topics: listOf(entrySchema)
    .default([])
    .describe("Topics to move; a plain name is short for { topic: name }."),
  deadLetters: mapping({
    topic: topicName
      .default("penstock.dead-letters")
      .describe("The topic for rejected records; created if missing."),
  }).prefault({}),
  history: mapping({
    enabled: flag.default(true).describe("If false, it is kept in memory only."),
    topic: topicName
      .refine(isHistoryTopic, historyTopicRule)
      .default("penstock.history")
      .describe("The Kafka topic for it; created if missing. Its name ends with penstock.history."),
    keep: retention
      .refine((keep) => (retentionMs(keep) ?? dayMs) >= dayMs, "is shorter than 1d")
      .refine((keep) => (retentionMs(keep) ?? dayMs) <= 30 * dayMs, "is longer than 30d")
      .default("7d")
      .describe("How long it is kept; becomes the topic's retention.ms when it is created."),
  })
    .prefault({})
    .describe("What happened, and the figures of the last days, which outlive a restart."),
  shutdown: mapping({ deadline: duration.prefault("30s") }).prefault({}),
  log: mapping({ level: oneOf(["trace", "debug", "info", "warn", "error"]).default("info") }).prefault({}),
});

export type ConfigInput = z.infer<typeof configSchema>;
export type DeclarationInput = z.infer<typeof declarationSchema>;
