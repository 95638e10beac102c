/** What ships: `penstock COMMAND`, and all but `version` also `bun run COMMAND`. One line each for the help, in display order. */
export const SHIPPED = {
  host: "moves logs from Kafka topics into Elasticsearch",
  doctor: "checks a config: every server, topic and permission; says what is wrong and how to fix it",
  topics:
    "declares topics in etcd, and tries, holds, rewinds and rebuilds them; writes data views for Kibana",
  plan: "shows what would start, stop and change with a config, compared with the running host",
  top: "a live table of all hosts and topics",
  tap: "follows the records of a topic in Kafka, or the documents they become",
  logs: "searches the logs, as Explore does",
  explain: "says everything about one topic: how it fares and why, what mends it, and until when it is safe",
  audit: "accounts for every committed record; compares a topic with an index that another tool filled",
  replay: "indexes dead letters again",
  schema: "writes the JSON Schema of the config file",
  help: "shows this list, or the help of a command",
  version: "shows the version",
} as const;
export type ShippedCommand = keyof typeof SHIPPED;

/** What needs a checkout: `bun run COMMAND`. */
export const DEVELOPMENT: Readonly<Record<string, string>> = {
  demo: "shows everything on real servers, with their own logs",
  stack: "runs a real Kafka, Elasticsearch and etcd on this machine, or three of each: up, status, down",
  bench: "measures throughput, latency and the cost of idle topics",
  corpus: "measures how other programs' records arrive: accepted, dated, found by a word",
  test: "runs all tests, against real servers; arguments go to bun test",
  "test:unit": "runs the tests that need no servers",
  fuzz: "tries hostile config files, etcd values and records, generated from a seed",
  simulate:
    "runs hosts, brokers and Elasticsearch in virtual time, from seeds; prints the story of a failing one",
  soak: "causes random faults, one after the other, and counts every record at the end",
  cluster: "takes down one broker or Elasticsearch node of three, and counts every record at the end",
  check: "checks types, lint and format",
  format: "formats the source",
  patch: "assembles the kafkajs patch from its parts",
  supply: "lists Penstock's packages: a CycloneDX bill of materials, or by licence",
};

/** All of them. */
export const COMMANDS: Readonly<Record<string, string>> = { ...SHIPPED, ...DEVELOPMENT };

/** Those that accept no `--help` of their own. */
const WITHOUT_HELP: ReadonlySet<string> = new Set([
  "version",
  "test",
  "test:unit",
  "check",
  "format",
  "patch",
]);

/** The commands that accept `--help`. */
export const WITH_HELP: readonly string[] = Object.keys(COMMANDS).filter(
  (command) => !WITHOUT_HELP.has(command),
);
