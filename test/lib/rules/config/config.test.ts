import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig, type ParseOptions } from "../../../../lib/rules/config/config.ts";
import { ConfigError } from "../../../../lib/rules/yaml/problem.ts";
import { createAuthority } from "../../../support/certificates.ts";
import { revealed } from "../../../support/revealed.ts";
import { httpSettings } from "../../../support/settings.ts";
import { cpuMs } from "../../../support/cpu-time.ts";
import { defaultOptions } from "../../../support/declarations.ts";

await using authority = await createAuthority();
const [client, other] = await Promise.all([authority.issue("client"), authority.issue("other")]);
const pem = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n";
const files: Readonly<Record<string, string>> = {
  "/ca.pem": pem,
  "/cert.pem": client.cert,
  "/key.pem": client.key,
  "/other.pem": other.key,
  "/not.pem": "hello",
  "/secret": "from the file\n",
  "/empty": "",
  "/locked.pem": pem.replaceAll("CERTIFICATE", "ENCRYPTED PRIVATE KEY"),
};
const minimal = 'kafka: { brokers: ["k:9092"] }\nelasticsearch: { nodes: ["http://e:9200"] }\n';

function options(environment: Record<string, string> = {}): ParseOptions {
  return {
    file: "config.yaml",
    environment,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`no such file ${path}`), { code: "ENOENT" });
      return text;
    },
  };
}

function problemsOf(text: string, environment: Record<string, string> = {}): string[] {
  try {
    parseConfig(text, options(environment));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.code).toBe("config_invalid");
    const messages = error.problems.map((problem) => problem.message);
    const more = messages.length === 50 ? "(\n… and [0-9]+ more)?$" : "$";
    expect(error.message).toMatch(new RegExp(`^${RegExp.escape(messages.join("\n"))}${more}`));
    return messages;
  }
  throw new Error("the file was accepted");
}

describe("accepts", () => {
  test("the minimal file, with a default for everything else", () => {
    expect(parseConfig(minimal, options())).toEqual({
      settings: {
        http: httpSettings(),
        kafka: {
          brokers: ["k:9092"],
          group: "penstock",
          rack: null,
          inFlightMaxBytes: 268_435_456,
          maxBatchBytes: 134_217_728,
          tls: null,
          sasl: null,
        },
        elasticsearch: {
          nodes: ["http://e:9200"],
          proxies: {},
          auth: null,
          tls: null,
          bulk: { maxDocuments: 2000, maxBytes: 5_242_880, concurrency: 4, requestTimeoutMs: 30_000 },
          compression: "none",
          template: { codec: "default", mode: "standard", wholeValues: "scanned", refreshIntervalMs: null },
          manageTemplates: true,
        },
        etcd: null,
        deadLetters: { topic: "penstock.dead-letters" },
        history: { topic: "penstock.history", keepMs: 604_800_000 },
        shutdown: { deadlineMs: 30_000 },
        log: { level: "info" },
      },
      declarations: [],
      lastMayGoOn: false,
      notices: [],
    });
  });

  test("every setting", () => {
    const { settings, declarations } = parseConfig(
      `
http: { hostname: 0.0.0.0, port: "\${PORT}", token: "\${TOKEN}", openMetrics: true }
kafka:
  brokers: ["k1:9092", "[::1]:9093"]
  group: p
  rack: eu-1a
  inFlight: { maxBytes: 1gb }
  ssl: { ca: /ca.pem, cert: /cert.pem, key: /key.pem }
  sasl: { mechanism: scram-sha-512, username: u, password: "\${PW}" }
elasticsearch:
  nodes: ["https://e:9200/path"]
  proxy: http://q:3128
  auth: { username: u, password: "\${PW}" }
  tls: { ca: /ca.pem }
  bulk: { maxDocuments: 1, maxBytes: 1kb, concurrency: 1, requestTimeout: 500ms }
  compression: gzip
  manageTemplates: false
  template: { codec: best_compression, mode: logsdb, wholeValues: indexed, refreshInterval: 5s }
etcd:
  endpoints: ["http://127.0.0.1:2379"]
  keys: [k, "logs/"]
  auth: { username: root, password: "\${PW}" }
topics:
  - a
  - { topic: B, path: /b.log, index: "b-{yyyy.MM.dd}", startAt: latest, format: json, timestamp: time, pipeline: p, rejected: flatten }
  - { pattern: "app-*", index: "x-{topic}" }
deadLetters: { topic: dead }
history: { topic: team.penstock.history, keep: 36h }
shutdown: { deadline: 1m }
log: { level: debug }
`,
      // Digits only: a number for the port, but text for a password.
      options({ PORT: "0", TOKEN: "1234567890123456", PW: "0123" }),
    );
    expect(revealed(settings)).toEqual({
      http: revealed(
        httpSettings({ hostname: "0.0.0.0", port: 0, token: "1234567890123456", openMetrics: true }),
      ),
      kafka: {
        brokers: ["k1:9092", "[::1]:9093"],
        group: "p",
        rack: "eu-1a",
        inFlightMaxBytes: 1_073_741_824,
        maxBatchBytes: 134_217_728,
        tls: { ca: pem, cert: client.cert, key: client.key },
        sasl: { mechanism: "scram-sha-512", username: "u", password: "0123" },
      },
      elasticsearch: {
        nodes: ["https://e:9200/path"],
        proxies: {
          "https://e:9200/path": { url: "http://q:3128", login: null, from: "elasticsearch.proxy" },
        },
        auth: { kind: "basic", username: "u", password: "0123" },
        tls: { ca: pem, cert: null, key: null },
        bulk: { maxDocuments: 1, maxBytes: 1024, concurrency: 1, requestTimeoutMs: 500 },
        compression: "gzip",
        template: {
          codec: "best_compression",
          mode: "logsdb",
          wholeValues: "indexed",
          refreshIntervalMs: 5_000,
        },
        manageTemplates: false,
      },
      etcd: {
        endpoints: ["http://127.0.0.1:2379"],
        keys: ["k", "logs/"],
        auth: { username: "root", password: "0123" },
        tls: null,
      },
      deadLetters: { topic: "dead" },
      history: { topic: "team.penstock.history", keepMs: 129_600_000 },
      shutdown: { deadlineMs: 60_000 },
      log: { level: "debug" },
    });
    const at = (entry: number) => ({ kind: "config", name: "config.yaml", revision: null, entry }) as const;
    expect(declarations).toEqual([
      { target: { kind: "topic", topic: "a" }, options: defaultOptions, source: at(0) },
      {
        target: { kind: "topic", topic: "B" },
        options: {
          path: "/b.log",
          index: "b-{yyyy.MM.dd}",
          startAt: "latest",
          format: "json",
          timestamp: "time",
          message: null,
          pipeline: "p",
          dataStream: null,
          retention: null,
          rejected: "flatten",
          hold: false,
        },
        source: at(1),
      },
      {
        target: { kind: "pattern", pattern: "app-*" },
        options: { ...defaultOptions, index: "x-{topic}" },
        source: at(2),
      },
    ]);
  });

  test("a key without a value as absent and an empty token as none, and no value can inject YAML", () => {
    const { settings } = parseConfig(
      `${minimal}etcd:\ntopics:\nhttp: { token: "\${T:-}" }\ndeadLetters: { topic: dead }\nlog: { level: "\${L}" }\n`,
      options({ L: "info" }),
    );
    expect([settings.etcd, settings.http.token, settings.log.level]).toEqual([null, null, "info"]);
    expect(problemsOf(`${minimal}deadLetters: { topic: "\${X}" }`, { X: 'a", b: "c' })).toEqual([
      'config.yaml:3:23 deadLetters.topic: "${X}" is not a Kafka topic name (1 to 249 of a-z A-Z 0-9 . _ -)',
    ]);
  });

  test("ssl: true as TLS without files, and false as none", () => {
    const withSsl = (ssl: boolean) =>
      parseConfig(
        `kafka: { brokers: ["k:1"], ssl: ${ssl} }\nelasticsearch: { nodes: ["http://e"] }`,
        options(),
      );
    expect(withSsl(true).settings.kafka.tls).toEqual({ ca: null, cert: null, key: null });
    expect(withSsl(false).settings.kafka.tls).toBeNull();
  });

  test("the example config", async () => {
    await using authority = await createAuthority();
    const server = await authority.issue("server");
    const text = readFileSync(join(import.meta.dir, "../../../../infra/config.example.yaml"), "utf8");
    expect(parseConfig(text, options()).declarations.map(({ target }) => target)).toEqual([
      { kind: "topic", topic: "golang_log" },
      { kind: "topic", topic: "etcd_log" },
      { kind: "topic", topic: "Orders" },
      { kind: "topic", topic: "access_log" },
      { kind: "pattern", pattern: "app-*" },
    ]);
    // What is commented out must be valid too.
    const lines = text.split("\n").map((line) => line.replace(/^( *)# ((?:sasl|tls|auth): )/, "$1$2"));
    const etcd = 'etcd:\n  endpoints: ["http://e:2379"]\n  keys: [k]\n';
    const own = lines.join("\n").replaceAll("/etc/penstock", "").replaceAll("/client.pem", "/cert.pem");
    const all = own.replaceAll("/client.key", "/key.pem") + etcd;
    const { readFile } = options();
    const environment = { KAFKA_PASSWORD: "p", ES_API_KEY: "k", ES_PASSWORD: "p", ETCD_PASSWORD: "p" };
    const withServer: ParseOptions = {
      ...options(environment),
      readFile: (path) =>
        path === "/server.pem" ? server.cert : path === "/server.key" ? server.key : readFile(path),
    };
    expect(revealed(parseConfig(all, withServer).settings.elasticsearch.auth)).toEqual({
      kind: "apiKey",
      apiKey: "k",
    });
    const logins = [...text.matchAll(/^  #   (\{ mechanism: .* \})/gm)].map(([, login = ""]) => login);
    const mechanisms = logins.map((login) => {
      const config = `kafka: { brokers: ["k:1"], ssl: true, sasl: ${login} }\nelasticsearch: { nodes: ["http://e"] }`;
      return parseConfig(config, options({ KAFKA_SECRET: "s" })).settings.kafka.sasl?.mechanism;
    });
    expect(mechanisms).toEqual(["oauthbearer", "oauthbearer", "aws-msk-iam"]);
  });

  test("logins with tokens", () => {
    const saslOf = (login: string, environment = {}) => {
      const text = `kafka: { brokers: ["k:1"], ssl: true, sasl: ${login} }\nelasticsearch: { nodes: ["http://e"] }`;
      return revealed(parseConfig(text, options(environment)).settings.kafka.sasl);
    };
    const { SECRET, ...others } = { SECRET: "s", https_proxy: "http://p:3128" };
    expect(
      saslOf("{ mechanism: oauthbearer, tokenFile: /t, extensions: { logicalCluster: lkc-1 } }"),
    ).toEqual({
      mechanism: "oauthbearer",
      tokenFile: "/t",
      extensions: { logicalCluster: "lkc-1" },
    });
    const login =
      '{ mechanism: oauthbearer, tokenEndpoint: "https://e/t", clientId: c, clientSecret: "${SECRET}", scope: a b }';
    expect(saslOf(login, { SECRET, ...others })).toEqual({
      mechanism: "oauthbearer",
      tokenEndpoint: "https://e/t",
      clientId: "c",
      clientSecret: "s",
      scope: "a b",
      extensions: {},
      ca: null,
      proxy: { url: "http://p:3128", login: null, from: "https_proxy" },
    });
    expect(saslOf("{ mechanism: aws-msk-iam, region: r, profile: p }")).toEqual({
      mechanism: "aws-msk-iam",
      region: "r",
      roleArn: null,
      profile: "p",
    });
  });
});

test("splits address lists at commas, even those from a variable", () => {
  const text =
    'kafka: { brokers: ["${BROKERS}", "c:3"] }\nelasticsearch: { nodes: ["http://a:1, http://b:2"] }\n' +
    'etcd: { endpoints: ["${ENDPOINTS}"], keys: ["a,b"] }\n';
  const read = (environment: Record<string, string>) => parseConfig(text, options(environment)).settings;
  const { kafka, elasticsearch, etcd } = read({ BROKERS: "a:1,b:2,", ENDPOINTS: "http://e:1,http://e:2" });
  expect(kafka.brokers).toEqual(["a:1", "b:2", "c:3"]);
  expect(elasticsearch.nodes).toEqual(["http://a:1", "http://b:2"]);
  expect(etcd).toMatchObject({ endpoints: ["http://e:1", "http://e:2"], keys: ["a,b"] });
  for (const wrong of ["a:1,b", ",", "a:1 b:2"]) {
    expect(() => read({ BROKERS: wrong, ENDPOINTS: "http://e:1" })).toThrow(
      'kafka.brokers[0]: "${BROKERS}" is not host:port',
    );
  }
  expect(() => read({ BROKERS: "a:1", ENDPOINTS: "http://e:1,http://u:p@e:2" })).toThrow(
    "contains a user name or password: put them under auth",
  );
});

test("reports that a file may be cut off if it ends in its list of topics", () => {
  const ends = (text: string) => parseConfig(text, options()).lastMayGoOn;
  const older = 'kafkaconfig: { kafkaaddr: "k:9092" }\n';
  for (const cut of [
    `${minimal}topics:\n  - golang_log\n  - etcd_lo`,
    `${minimal}topics:\n  - topic: etcd_log\n    index: et`,
    `${minimal}topics:\n  - topic: etcd_log\n`,
    `${older}collectlogs:\n  - logtopic: etcd_log\n`,
  ]) {
    expect({ cut, ends: ends(cut) }).toEqual({ cut, ends: true });
  }
  for (const whole of [
    minimal,
    `${minimal}topics:\n  - golang_log\n  - { topic: etcd_log, index: x }\n`,
    `${minimal}topics: [{ topic: etcd_log }]`,
    `${minimal}topics:\n  - topic: etcd_log\n    index: x\nlog: { level: info }\n`,
    JSON.stringify({
      kafka: { brokers: ["k:9092"] },
      elasticsearch: { nodes: ["http://e:9200"] },
      topics: ["a"],
    }),
  ]) {
    expect({ whole, ends: ends(whole) }).toEqual({ whole, ends: false });
  }
});

const topicRule = "is not a Kafka topic name (1 to 249 of a-z A-Z 0-9 . _ -)";
const streamRule =
  'is not the name of an Elasticsearch data stream (lower case, no \\ / * ? " < > | , # : or white space, not starting with - _ + or ., at most 233 bytes)';
const retentionRule = "is not a retention (a whole number from 1 to 999999 and d, h, m or s, such as 30d)";
const indexRule =
  "cannot be used as an Elasticsearch index name (lower case, not starting with - _ + or ., at most 255 bytes): declare an index";

const ownNameRule = "may lead to an index or alias of Penstock's own (penstock-*): declare another index";

describe("one fault after a valid beginning, with its place, value and rule", () => {
  test.each([
    ["topics: [0123]", "10 topics[0]: 0123 is not a string: put it in quotes"],
    ["topics: [1e3]", "10 topics[0]: 1e3 is not a string: put it in quotes"],
    ["topics: [{ topic: 1e3 }]", "19 topics[0].topic: 1e3 is not a string: put it in quotes"],
    ["topics: a", '9 topics: "a" is not a list'],
    ["topics: [[a]]", "10 topics[0]: (a list) is neither a topic name nor a mapping"],
    ["topics: [a b]", `10 topics[0]: "a b" ${topicRule}`],
    ["topics: [..]", `10 topics[0]: ".." ${topicRule}`],
    ["topics: [Foo]", `10 topics[0]: "Foo" ${indexRule}`],
    ["topics: [_a]", `10 topics[0]: "_a" ${indexRule}`],
    ["topics: [penstock-names]", `10 topics[0]: "penstock-names" ${ownNameRule}`],
    [
      "topics: [{ topic: penstock, format: json, index: '{topic}-{app}' }]",
      `19 topics[0].topic: "penstock" ${ownNameRule}`,
    ],
    ["topics: [{ pattern: App-* }]", `21 topics[0].pattern: "App-*" ${indexRule}`],
    ["topics: [{ topic: A, index: 'x-{topic}' }]", `19 topics[0].topic: "A" ${indexRule}`],
    ["topics: [a, a]", '13 topics[1]: "a" is already declared at topics[0]'],
    ["topics: [a, { topic: a }]", '22 topics[1].topic: "a" is already declared at topics[0]'],
    ["topics: [__a]", '10 topics[0]: "__a" is an internal Kafka topic (__*), which is not moved'],
    [
      "topics: [penstock.dead-letters]",
      '10 topics[0]: "penstock.dead-letters" is the dead-letter topic, which is not moved',
    ],
    ["topics: [{}]", "10 topics[0]: needs a topic or a pattern"],
    [
      "topics: [{ topic: a, pattern: b }]",
      '31 topics[0].pattern: "b" cannot be combined with topic: an entry has one or the other',
    ],
    [
      "topics: [{ pattern: 'a b' }]",
      '21 topics[0].pattern: "a b" is not a topic pattern (1 to 249 of a-z A-Z 0-9 . _ - * ?)',
    ],
    [
      "topics: [{ topic: a, dataStream: 'logs-{topic}-{yyyy.MM.dd}' }]",
      `34 topics[0].dataStream: "logs-{topic}-{yyyy.MM.dd}" contains {yyyy.MM.dd}, but a data stream begins new indices by itself: leave the date out`,
    ],
    [
      "topics: [{ topic: a, dataStream: 'logs-{host}' }]",
      '34 topics[0].dataStream: "logs-{host}" contains a placeholder other than {topic}',
    ],
    ["topics: [{ topic: a, dataStream: Logs }]", `34 topics[0].dataStream: "Logs" ${streamRule}`],
    ["topics: [{ topic: a, dataStream: .ds-logs }]", `34 topics[0].dataStream: ".ds-logs" ${streamRule}`],
    [
      "topics: [{ topic: a, dataStream: b, index: c }]",
      '34 topics[0].dataStream: "b" cannot be combined with index: an entry has one or the other',
    ],
    [
      "topics: [{ topic: A, dataStream: 'logs-{topic}' }]",
      '19 topics[0].topic: "A" cannot be used as the name of an Elasticsearch data stream (lower case, not starting with - _ + or ., at most 233 bytes): declare another dataStream',
    ],
    [
      "topics: [{ topic: a, retention: 30d }]",
      '33 topics[0].retention: "30d" needs dataStream: an index has no retention',
    ],
    ["topics: [{ topic: a, dataStream: b, retention: 0d }]", `48 topics[0].retention: "0d" ${retentionRule}`],
    ["topics: [{ topic: a, dataStream: b, retention: 30 }]", `48 topics[0].retention: 30 ${retentionRule}`],
    [
      "topics: [{ topic: a, dataStream: b, retention: 9ms }]",
      `48 topics[0].retention: "9ms" ${retentionRule}`,
    ],
    ["topics: [{ topic: a, rejected: flatten }]", '32 topics[0].rejected: "flatten" needs format: json'],
    ["topics: [{ topic: a, timestamp: t }]", '33 topics[0].timestamp: "t" needs format: json'],
    [
      "topics: [{ topic: a, format: json, timestamp: [] }]",
      "47 topics[0].timestamp: (a list) is empty: at least one field is needed",
    ],
    [
      "topics: [{ topic: a, format: json, timestamp: [a, b, a] }]",
      '54 topics[0].timestamp[2]: "a" is already listed at timestamp[0]',
    ],
    ["topics: [{ topic: a, format: json, timestamp: [a, ''] }]", '51 topics[0].timestamp[1]: "" is empty'],
    [
      "topics: [{ topic: a, format: json, timestamp: [a, 5] }]",
      "51 topics[0].timestamp[1]: 5 is not a string: put it in quotes",
    ],
    [
      "topics: [{ topic: a, format: json, timestamp: [a, b, c, d, e, f, g, h, i, j, k] }]",
      "47 topics[0].timestamp: (a list) has more than 10 fields",
    ],
    [
      "topics: [{ topic: a, format: json, timestamp: { a: b } }]",
      "47 topics[0].timestamp: (a mapping) is neither a field name nor a list of field names",
    ],
    ["topics: [{ topic: a, message: m }]", '31 topics[0].message: "m" needs format: json'],
    [
      "topics: [{ topic: a, overflow: flatten }]",
      '22 topics[0].overflow: unknown key; it is now called "rejected"',
    ],
    ["topics: [{ topic: a, formt: json }]", '22 topics[0].formt: unknown key; did you mean "format"?'],
    ["topics: [{ topic: a, format: xml }]", '30 topics[0].format: "xml" is not one of text or json'],
    [
      "topics: [{ topic: a, index: 'x-{yyyy}' }]",
      '29 topics[0].index: "x-{yyyy}" contains {yyyy}, which looks like a date: the only one is {yyyy.MM.dd}',
    ],
    [
      "topics: [{ topic: a, index: 'x-{a.b}' }]",
      '29 topics[0].index: "x-{a.b}" takes {a.b} from the record, which needs format: json',
    ],
    [
      "topics: [{ topic: a, format: json, index: '{a.b}' }]",
      '43 topics[0].index: "{a.b}" begins with a placeholder: a name that fields choose needs a fixed beginning, such as logs-, or it could be any index',
    ],
    ["http: { port: 65536 }", "15 http.port: 65536 is not a whole number from 0 to 65535"],
    ["http: { port: 1.5 }", "15 http.port: 1.5 is not a whole number from 0 to 65535"],
    ["http: { port: '80' }", '15 http.port: "80" is not a whole number from 0 to 65535'],
    [
      "http: { hostname: 0.0.0.0 }",
      '19 http.hostname: "0.0.0.0" is not a loopback address: set http.token, without which the host listens on loopback only',
    ],
    ["http: { openMetrics: yes }", '22 http.openMetrics: "yes" is not true or false'],
    ["http: []", "7 http: (a list) is not a mapping"],
    [
      "shutdown: { deadline: 30 }",
      "23 shutdown.deadline: 30 is not a duration (a whole number and ms, s, m or h, such as 30s)",
    ],
    ["shutdown: { deadline: 0s }", '23 shutdown.deadline: "0s" is not between 1ms and 24h'],
    [
      "deadLetters: { topic: __d }",
      '23 deadLetters.topic: "__d" is a name reserved for internal Kafka topics (__*)',
    ],
    ["log: { level: loud }", '15 log.level: "loud" is not one of trace, debug, info, warn or error'],
    ["topic: [a]", '1 topic: unknown key; did you mean "topics"?'],
    [
      "zzz: 1",
      "1 zzz: unknown key (known: http, kafka, elasticsearch, etcd, topics, deadLetters, history, shutdown, log)",
    ],
    [
      "etcd: { endpoints: ['e:2379'], keys: [a] }",
      '21 etcd.endpoints[0]: "e:2379" is not an http:// or https:// URL',
    ],
    [
      "etcd: { endpoints: ['http://e'], keys: [] }",
      "40 etcd.keys: (a list) is empty: at least one key is needed",
    ],
    [
      "etcd: { endpoints: ['http://e'], keys: [a, a] }",
      '44 etcd.keys[1]: "a" is already listed at etcd.keys[0]',
    ],
    ...["*", "a*b", "a**", "*a"].map((key): [string, string] => [
      `etcd: { endpoints: ['http://e'], keys: ['${key}'] }`,
      `41 etcd.keys[0]: "${key}" may have a * only at its end, where it makes the key a prefix, and not alone: that would be all of etcd`,
    ]),
    [
      "topics: [{ topic: a, exclude: [b] }]",
      "31 topics[0].exclude: (a list) needs a pattern: a topic is declared by name or not at all",
    ],
    ["topics: [{ pattern: 'a*', exclude: 'b' }]", '36 topics[0].exclude: "b" is not a list'],
    [
      "topics: [{ pattern: 'a*', exclude: [''] }]",
      '37 topics[0].exclude[0]: "" is not a topic pattern (1 to 249 of a-z A-Z 0-9 . _ - * ?)',
    ],
    [
      "topics: [{ pattern: 'a*', exclude: [a, b, a] }]",
      '43 topics[0].exclude[2]: "a" is already listed at exclude[0]',
    ],
    [
      "topics: [{ pattern: 'a*', exclude: ['a/*'] }]",
      '37 topics[0].exclude[0]: "a/*" is not a topic pattern (1 to 249 of a-z A-Z 0-9 . _ - * ?)',
    ],
    [
      "etcd: { endpoints: ['http://u:pw@e'], keys: [a] }",
      '21 etcd.endpoints[0]: "http://(hidden)@e" contains a user name or password: put them under auth',
    ],
    [
      "etcd: { endpoints: ['https://e'], keys: [a], tls: { ca: /none.pem } }",
      '57 etcd.tls.ca: "/none.pem" names a file that cannot be read (ENOENT)',
    ],
    [
      "etcd: { endpoints: ['https://e'], keys: [a], tls: { ca: /not.pem } }",
      '57 etcd.tls.ca: "/not.pem" names a file without PEM text',
    ],
    [
      "etcd: { endpoints: ['https://e'], keys: [a], tls: { cert: /cert.pem, key: /other.pem } }",
      "75 etcd.tls.key: (hidden) names a private key that does not match the certificate in cert",
    ],
    [
      "http: { token: '${file:/gone}' }",
      "16 http.token: (hidden) needs the file /gone, which cannot be read (ENOENT)",
    ],
    [
      "deadLetters: { topic: '${file:/empty}' }",
      '23 deadLetters.topic: "${file:/empty}" needs the file /empty, which is empty',
    ],
    [
      "deadLetters: { topic: '${file:/secret}' }",
      '23 deadLetters.topic: "${file:/secret}" is not a Kafka topic name (1 to 249 of a-z A-Z 0-9 . _ -)',
    ],
    [
      "etcd: { endpoints: ['https://e'], keys: [a], tls: { cert: /ca.pem, key: /locked.pem } }",
      "73 etcd.tls.key: (hidden) names an encrypted key: decrypt it, because there is no setting for a passphrase",
    ],
    [
      "etcd: { endpoints: ['https://e'], keys: [a], tls: { cert: /ca.pem } }",
      "51 etcd.tls: has a cert without a key",
    ],
    [
      "deadLetters: { topic: '${NOPE}' }",
      '23 deadLetters.topic: "${NOPE}" needs the environment variable NOPE, which is not set',
    ],
    [
      "http: { token: '${NOPE}' }",
      "16 http.token: (hidden) needs the environment variable NOPE, which is not set",
    ],
    [
      "http: { token: fifteen-letters }",
      "16 http.token: (hidden) has fewer than 16 characters and could be guessed: generate one with openssl rand -hex 24",
    ],
    [
      "http: { token: sixteen-letters., readOnlyToken: short }",
      "49 http.readOnlyToken: (hidden) has fewer than 16 characters and could be guessed: generate one with openssl rand -hex 24",
    ],
    ["http: { token: 5 }", "16 http.token: (hidden) is not a string: put it in quotes"],
    [
      "http: { readOnlyToken: sixteen-letters. }",
      "24 http.readOnlyToken: (hidden) needs http.token: without it, anyone who reaches the host may change everything",
    ],
    [
      "http: { token: sixteen-letters., readOnlyToken: sixteen-letters. }",
      "49 http.readOnlyToken: (hidden) is the same as http.token, which gives full access: use another one",
    ],
    ["http: { tls: { cert: /ca.pem } }", "9 http.tls.key: is required"],
    [
      "http: { tls: { cert: /none.pem, key: /key.pem } }",
      '22 http.tls.cert: "/none.pem" names a file that cannot be read (ENOENT)',
    ],
    [
      "http: { tls: { cert: /ca.pem, key: /key.pem } }",
      '22 http.tls.cert: "/ca.pem" names a file without a certificate (ERR_CRYPTO_INVALID_STATE)',
    ],
    ["kafka: 1", '1 the key "kafka" appears twice in this mapping'],
    ["log: &l {}\nhttp: *l", "7 aliases (*name) are not allowed; a value that begins with * needs quotes"],
    ["log: !x {}", "9 tags (!name) are not allowed; a value that begins with ! needs quotes"],
    ["log: !!map {}", "12 tags (!name) are not allowed; a value that begins with ! needs quotes"],
  ])("%s", (text, expected) => {
    const line = expected.includes("aliases") ? 4 : 3;
    expect(problemsOf(`${minimal}${text}`)).toEqual([`config.yaml:${line}:${expected}`]);
  });

  test.each([
    ["kafka: {}", "config.yaml:1:1 kafka.brokers: is required"],
    [
      "kafka: { brokers: [] }",
      "config.yaml:1:19 kafka.brokers: (a list) is empty: at least one broker is needed",
    ],
    ['kafka: { brokers: ["k"] }', 'config.yaml:1:20 kafka.brokers[0]: "k" is not host:port'],
    ['kafka: { brokers: ["k:0"] }', 'config.yaml:1:20 kafka.brokers[0]: "k:0" is not host:port'],
    [
      'kafka: { brokers: ["http://k:1"] }',
      'config.yaml:1:20 kafka.brokers[0]: "http://k:1" is not host:port',
    ],
    [
      'kafka: { brokers: ["k:1"], inFlight: { maxBytes: 0b } }',
      'config.yaml:1:50 kafka.inFlight.maxBytes: "0b" is not between 1b and 8388607gb',
    ],
    [
      'kafka: { brokers: ["k:1"], sasl: { mechanism: md5, username: u, password: p } }',
      'config.yaml:1:47 kafka.sasl.mechanism: "md5" is not one of plain, scram-sha-256, scram-sha-512, oauthbearer or aws-msk-iam',
    ],
    ['kafka: { brokers: ["k:1"], sasl: plain }', 'config.yaml:1:34 kafka.sasl: "plain" is not a mapping'],
    [
      'kafka: { brokers: ["k:1"], sasl: { username: u, password: p } }',
      "config.yaml:1:28 kafka.sasl.mechanism: is required",
    ],
    [
      'kafka: { brokers: ["k:1"], sasl: { mechanism: plain, username: u } }',
      "config.yaml:1:28 kafka.sasl.password: is required",
    ],
    [
      'kafka: { brokers: ["k:1"], sasl: { mechanism: oauthbearer } }',
      "config.yaml:1:34 kafka.sasl: needs either a tokenFile or a tokenEndpoint",
    ],
    [
      'kafka: { brokers: ["k:1"], sasl: { mechanism: oauthbearer, tokenFile: t, tokenEndpoint: "http://e" } }',
      "config.yaml:1:34 kafka.sasl: needs either a tokenFile or a tokenEndpoint",
    ],
    [
      'kafka: { brokers: ["k:1"], sasl: { mechanism: oauthbearer, tokenFile: t, scope: s } }',
      'config.yaml:1:81 kafka.sasl.scope: "s" needs tokenEndpoint: a tokenFile already holds the token',
    ],
    [
      'kafka: { brokers: ["k:1"], sasl: { mechanism: oauthbearer, tokenEndpoint: "https://e", clientId: c } }',
      "config.yaml:1:34 kafka.sasl: needs a clientId and a clientSecret for its tokenEndpoint",
    ],
    [
      'kafka: { brokers: ["k:1"], sasl: { mechanism: oauthbearer, tokenEndpoint: e, clientId: c, clientSecret: d } }',
      'config.yaml:1:75 kafka.sasl.tokenEndpoint: "e" is not an http:// or https:// URL',
    ],
    [
      'kafka: { brokers: ["k:1"], sasl: { mechanism: oauthbearer, tokenFile: t, extensions: { auth: x } } }',
      'config.yaml:1:94 kafka.sasl.extensions.auth: "x" has a name that no extension may have (only letters, and not auth)',
    ],
    [
      'kafka: { brokers: ["k:1"], sasl: { mechanism: oauthbearer, tokenFile: t, username: u } }',
      "config.yaml:1:74 kafka.sasl.username: unknown key (known: mechanism, tokenFile, tokenEndpoint, clientId, clientSecret, scope, tls, extensions)",
    ],
    [
      'kafka: { brokers: ["k:1"], sasl: { mechanism: aws-msk-iam, region: r } }',
      'config.yaml:1:47 kafka.sasl.mechanism: "aws-msk-iam" needs kafka.ssl: Amazon MSK takes IAM logins only over TLS',
    ],
    [
      'kafka: { brokers: ["k:1"], ssl: true, sasl: { mechanism: aws-msk-iam, region: r, roleArn: a, profile: p } }',
      'config.yaml:1:103 kafka.sasl.profile: "p" cannot be combined with roleArn: a login has one or the other',
    ],
    [
      'kafka: { brokers: ["k:1"], ssl: 1 }',
      "config.yaml:1:33 kafka.ssl: 1 is neither true, false nor a mapping",
    ],
    [
      'kafka: { brokers: ["k:1"], ssl: { cax: a } }',
      'config.yaml:1:35 kafka.ssl.cax: unknown key; did you mean "ca"?',
    ],
  ])("%s", (kafka, expected) => {
    expect(problemsOf(`${kafka}\nelasticsearch: { nodes: ["http://e"] }`)).toEqual([expected]);
  });

  test("an auth of neither form", () => {
    const text = 'kafka: { brokers: ["k:1"] }\nelasticsearch: { nodes: ["http://e"], auth: { username: u } }';
    expect(problemsOf(text)).toEqual([
      "config.yaml:2:45 elasticsearch.auth: needs either an apiKey, or a username and a password",
    ]);
  });
});

describe("the file as a whole", () => {
  test.each([
    ["", ["config.yaml:1:1 kafka: is required", "config.yaml:1:1 elasticsearch: is required"]],
    ["- a", ["config.yaml:1:1 (a list) is not a mapping"]],
    [
      "a: [",
      [
        "config.yaml:1:5 not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
      ],
    ],
    ["a: 1\n---\nb: 2", ["config.yaml:2:1 the file contains more than one YAML document"]],
    ["x".repeat(1024 * 1024 + 1), ["config.yaml:1:1 the file is larger than 1 MiB"]],
  ])("%.20j", (text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  test("deep nesting is refused without recursion", () => {
    const problems = problemsOf(`${minimal}log: ${"[".repeat(40)}${"]".repeat(40)}`);
    expect(problems.at(-1)).toEndWith("(a list) is nested deeper than 32 levels");
    // 30,000 levels: the parser overflows the stack or reports a missing bracket; either is a ConfigError.
    expect(problemsOf("[".repeat(30_000))).not.toBeEmpty();
  });

  test("of many problems only the first are listed, with the number of the rest", () => {
    const keys = Array.from({ length: 1_000 }, (_, n) => `key${n}: 1\n`).join("");
    expect(problemsOf(minimal + keys)).toHaveLength(50);
    expect(() => parseConfig(minimal + keys, options())).toThrow("… and 950 more");
    expect(problemsOf("{a: 1,".repeat(60_000))).toEqual([
      "config.yaml:1:1 the file has more than 250000 tokens",
    ]);
  });

  test("control characters are shown as their codes", () => {
    expect(problemsOf(`${minimal}"\\u202E\\e[2J": 1`)).toEqual([
      expect.stringContaining('["\\u202e\\u001b[2J"]: unknown key'),
    ]);
  });

  test("the former groupPrefix is refused, and the current name given", () => {
    const text =
      'kafka: { brokers: ["k:9092"], groupPrefix: p }\nelasticsearch: { nodes: ["http://e:9200"] }';
    expect(problemsOf(text)).toEqual([
      'config.yaml:1:31 kafka.groupPrefix: unknown key; it is now called "group"',
    ]);
  });

  test("all problems at once, in the file's order", () => {
    expect(
      problemsOf('elasticsearch: { nodes: [x] }\nkafka: { brokers: [y], zz: 1 }\ntopics: [A, "b c"]'),
    ).toEqual([
      'config.yaml:1:26 elasticsearch.nodes[0]: "x" is not an http:// or https:// URL',
      'config.yaml:2:20 kafka.brokers[0]: "y" is not host:port',
      "config.yaml:2:24 kafka.zz: unknown key (known: brokers, group, rack, inFlight, maxBatchBytes, ssl, sasl)",
      `config.yaml:3:10 topics[0]: "A" ${indexRule}`,
      `config.yaml:3:13 topics[1]: "b c" ${topicRule}`,
    ]);
  });

  test.each([
    'http: { token: "s3cr3t',
    'http: { token: "a" }s3cr3t',
    'http:\n  token: "a" s3cr3t',
    "http:\n  token: *s3cr3t",
    "http:\n  token: !s3cr3t x",
    "http:\n  token: @s3cr3t",
    "http:\n  token: `s3cr3t",
    "http:\n  token: %s3cr3t: x: y",
    'http:\n  token: "\\s3cr3t"',
    "http:\n  token: |s3cr3t",
    "http:\n  token: ]s3cr3t",
    "http:\n  token: a\n s3cr3t",
    "http:\n  token: a\ns3cr3t",
    "http: { token: [s3cr3t] }",
    "http: { token: { a: s3cr3t } }",
    "elasticsearch: { nodes: ['http://u:s3/s3cr3t@e'] }",
  ])("no message contains a secret, however the file is broken: %j", (text) => {
    expect(problemsOf(text).join("\n")).not.toContain("s3cr3t");
  });

  test("no message contains text from the environment", () => {
    const secret = "s3cr3t value";
    const text = `
http: { hostname: "\${S}" }
kafka: { brokers: ["\${S}"], group: "\${S}", ssl: { ca: "\${S}" }, sasl: { mechanism: "\${S}", username: u } }
elasticsearch: { nodes: ["\${S}"], auth: { apiKey: "\${S}", username: x }, bulk: { maxBytes: "\${S}" } }
topics: ["\${S}", { topic: "\${S}", index: "\${S}" }]
deadLetters: { topic: "\${S}" }`;
    const message = problemsOf(text, { S: secret }).join("\n");
    expect(message).toContain('kafka.brokers[0]: "${S}" is not host:port');
    expect(message).not.toContain(secret);
  });
});

test("a long value of slashes is read fast, and shown shortened", () => {
  const startedAt = cpuMs();
  const problems = (hostname: string): string =>
    problemsOf(`${minimal}http: { hostname: "${hostname}" }`).join("\n");
  expect(problems("/".repeat(1_000_000))).toContain(`${"/".repeat(100)}…" is not a loopback address`);
  expect(cpuMs() - startedAt).toBeLessThan(2_000);
  expect(problems("http://a//user:pass@word@b")).toContain('"http://(hidden)@b" is not');
  expect(problems("a@b//c")).toContain('"a@b//c" is not');
});

test("a login before a broker is hidden, an ordinary @ is not", () => {
  const shown = (broker: string): string =>
    problemsOf(`kafka: { brokers: ["${broker}"] }\nelasticsearch: { nodes: ["http://e:9200"] }`).join("\n");
  expect(shown("user:s3cr3t@k:9092")).toContain('"(hidden)@k:9092" is not host:port');
  expect(shown("user:s3/cr@3t@k:9092")).toContain('"(hidden)@k:9092" is not host:port');
  expect(shown("user@k:9092")).toContain('"user@k:9092" is not host:port');
  expect(shown("a: b@k")).toContain('"a: b@k" is not host:port');
});

test("etcd.tls with an endpoint without TLS is refused", () => {
  const text = [
    "kafka: { brokers: ['127.0.0.1:9092'] }",
    "elasticsearch: { nodes: ['http://127.0.0.1:9200'] }",
    "etcd:",
    "  endpoints: ['https://a:2379', 'http://b:2379']",
    "  keys: [k]",
    "  tls: { ca: ca.pem }",
  ].join("\n");
  expect(() => parseConfig(text, { file: "c.yaml", environment: {}, readFile: () => "PEM" })).toThrow(
    'c.yaml:4:33 etcd.endpoints[1]: "http://b:2379" must begin with https:// because etcd.tls is set',
  );
});
