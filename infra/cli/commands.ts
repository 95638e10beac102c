/** Every command of package.json, in the order they are shown: what it does in one line. */
export const COMMANDS: Readonly<Record<string, string>> = {
  host: "moves logs from Kafka topics into Elasticsearch",
  doctor: "tries a config: every server, topic and permission; says what is wrong and how to mend it",
  topics: "lists, adds and removes declarations in etcd; data views of them for Kibana",
  audit: "accounts for every record that was committed",
  replay: "brings dead letters back into Elasticsearch",
  demo: "shows all of it on real servers, with the logs they write",
  stack: "a real Kafka, Elasticsearch and etcd on this machine: up, status, down",
  help: "this list; with a command, its help",
  bench: "measures throughput, latency and what idle topics cost",
  "bench:reload": "measures how long a newly declared topic takes",
  "bench:template": "measures what the choices of the index template cost",
  test: "all tests, against real servers; arguments go to bun test",
  "test:unit": "the tests that need no servers",
  soak: "random faults one after another, every record counted at the end",
  compare: "the same faults for Penstock and rsyslog",
  check: "types, lint and format",
  format: "formats the source",
  schema: "writes the JSON Schema of the config file",
};

/** Those that answer `--help`. */
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
  "bench:reload",
  "bench:template",
  "soak",
  "compare",
  "schema",
];
