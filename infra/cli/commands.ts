/** The commands of package.json, each with one line for the help, in display order. */
export const COMMANDS: Readonly<Record<string, string>> = {
  host: "moves logs from Kafka topics into Elasticsearch",
  doctor: "checks a config: every server, topic and permission; says what is wrong and how to fix it",
  topics:
    "declares topics in etcd, and tries, holds, rewinds and rebuilds them; writes data views for Kibana",
  audit: "accounts for every committed record; compares a topic with an index that another tool filled",
  replay: "indexes dead letters again",
  demo: "shows everything on real servers, with their own logs",
  stack: "runs a real Kafka, Elasticsearch and etcd on this machine, or three of each: up, status, down",
  help: "shows this list, or the help of a command",
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
  schema: "writes the JSON Schema of the config file",
  patch: "assembles the kafkajs patch from its parts",
  supply: "lists Penstock's packages: a CycloneDX bill of materials, or by licence",
};

/** The commands that accept `--help`. */
export const WITH_HELP: readonly string[] = [
  "host",
  "doctor",
  "topics",
  "audit",
  "replay",
  "demo",
  "stack",
  "help",
  "bench",
  "corpus",
  "soak",
  "cluster",
  "simulate",
  "fuzz",
  "schema",
  "supply",
];
