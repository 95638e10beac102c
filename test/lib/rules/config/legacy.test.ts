import { describe, expect, test } from "bun:test";
import { parseConfig, type ConfigDocument } from "../../../../lib/rules/config/config.ts";

/** The older program's own example, without its comments. */
const original = `
catsyslog:
  logpath: "D:/work/logcatchsys/logdata"
  loglevel: "debug"
collectlogs:
  - logpath: "D:/work/logcatchsys/logdir2/log.txt"
    logtopic: "logdir2"
  - logpath: "D:/work/logcatchsys/logdir3/log.txt"
    logtopic: "logdir3"
etcdkeys:
  - "collectlogkey1"
  - "collectlogkey2"
etcdconfig:
  - "localhost:2379"
  - "localhost:3379"
kafkaconfig:
  kafkaaddr: "localhost:9092"
`;

function parse(text: string): ConfigDocument {
  return parseConfig(text, { file: "config.yaml", environment: {}, readFile: () => "" });
}

test("the original file is accepted unchanged, with one notice", () => {
  const { settings, declarations, notices } = parse(original);
  expect(settings.kafka.brokers).toEqual(["localhost:9092"]);
  expect(settings.elasticsearch.nodes).toEqual(["http://localhost:9200"]);
  expect(settings.etcd).toMatchObject({
    endpoints: ["http://localhost:2379", "http://localhost:3379"],
    keys: ["collectlogkey1", "collectlogkey2"],
  });
  expect(settings.log.level).toBe("debug");
  expect(declarations.map(({ target, options, source }) => [target, options.path, source.entry])).toEqual([
    [{ kind: "topic", topic: "logdir2" }, "D:/work/logcatchsys/logdir2/log.txt", 0],
    [{ kind: "topic", topic: "logdir3" }, "D:/work/logcatchsys/logdir3/log.txt", 1],
  ]);
  expect(notices).toEqual([
    "config.yaml: the file has the older format and was translated; " +
      "elasticsearch.nodes defaults to http://localhost:9200; catsyslog.logpath is ignored",
  ]);
});

describe("viper's leniency:", () => {
  test.each([
    ["kafkaconfig: { kafkaaddr: ['a:1', 'b:2'] }", ["a:1", "b:2"]],
    ["kafkaconfig: { kafkaaddr: 'a:1, b:2' }", ["a:1", "b:2"]],
    ["KafkaConfig: { kafkaAddr: 'a:1' }", ["a:1"]],
    ["collectlogs: []", ["localhost:9092"]],
  ])("%s", (text, brokers) => {
    expect(parse(text).settings.kafka.brokers).toEqual(brokers);
  });

  test.each([
    ["{ elasticaddr: 'e:9200' }", ["http://e:9200"]],
    ["{ elasticaddr: ['https://e:9200', 'f:9200'] }", ["https://e:9200", "http://f:9200"]],
  ])("elasticconfig: %s", (section, nodes) => {
    expect(parse(`elasticconfig: ${section}`).settings.elasticsearch.nodes).toEqual(nodes);
  });

  test.each([
    ["'e:2379'", ["http://e:2379"]],
    ["{ etcdaddr: ['e:2379'], dialtimeout: 5 }", ["http://e:2379"]],
    ["{ endpoints: 'e:1,f:2' }", ["http://e:1", "http://f:2"]],
  ])("etcdconfig: %s", (section, endpoints) => {
    expect(parse(`etcdkeys: k\netcdconfig: ${section}`).settings.etcd).toMatchObject({
      endpoints,
      keys: ["k"],
    });
  });
});

test("an upper-case topic gets a lower-case index, and a topic of two files is read once", () => {
  const { declarations, notices } = parse(
    "collectlogs: [{ logpath: /a, logtopic: Log }, { logpath: /b, logtopic: Log }]",
  );
  expect(declarations.map(({ target, options }) => [target, options.index, options.path])).toEqual([
    [{ kind: "topic", topic: "Log" }, "log", "/a"],
  ]);
  expect(notices[0]).toContain(
    "; topic Log goes to the index log; topic Log is declared twice: its first logpath is used",
  );
});

test.each([
  [
    "collectlogs: []\nhttp: {}",
    "config.yaml:2:1 http: cannot be combined with keys of the older format: use either the older keys or the current ones",
  ],
  [
    "collectlogs: []\nkafkaconfig: { kafkaaddr: k }",
    'config.yaml:2:27 kafkaconfig.kafkaaddr: "k" is not host:port',
  ],
  [
    "kafkaconfig: { kafkaaddr: ['a:1', k] }",
    'config.yaml:1:35 kafkaconfig.kafkaaddr[1]: "k" is not host:port',
  ],
  [
    "collectlogs:\n  - logtopic: 5",
    "config.yaml:2:15 collectlogs[0].logtopic: 5 is not a string: put it in quotes",
  ],
  [
    "collectlogs:\n  - logtopic: a b",
    'config.yaml:2:15 collectlogs[0].logtopic: "a b" is not a Kafka topic name (1 to 249 of a-z A-Z 0-9 . _ -)',
  ],
  ["collectlogs:\n  - logpath: /a", "config.yaml:2:5 collectlogs[0]: needs a topic or a pattern"],
  ["collectlogs: 5", "config.yaml:1:14 collectlogs: 5 is not a list"],
  ["etcdkeys: [a]", "config.yaml:1:11 etcdkeys: needs etcdconfig with the addresses of etcd"],
])("%j is refused at its place in the file", (text, message) => {
  expect(() => parse(text)).toThrow(new Error(message));
});
