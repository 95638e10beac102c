import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { outputOf } from "../support/command.ts";
import { useFolder } from "../support/folder.ts";

/** Runs the host until it exits by itself. */
const runHost = (args: readonly string[], cwd = process.cwd()) =>
  outputOf([process.execPath, join(import.meta.dir, "../../infra/host/main.ts"), ...args], {
    cwd,
    env: { PATH: process.env["PATH"], BIG: "70000" },
  });

const base = `kafka: { brokers: ["127.0.0.1:9"] }
elasticsearch: { nodes: ["http://127.0.0.1:9"] }
`;

/** The fault; the file after its first two, valid lines (or all of it); the message after the file name. */
const badConfigs: readonly (readonly [string, string, string])[] = [
  ["an unknown key", `${base}topic: [a]\n`, ':3:1 topic: unknown key; did you mean "topics"?'],
  [
    "an unknown key of an entry",
    `${base}topics: [{ topic: a, paht: b }]\n`,
    ':3:22 topics[0].paht: unknown key; did you mean "path"?',
  ],
  [
    "a wrong type",
    `${base}http: { port: "many" }\n`,
    ':3:15 http.port: "many" is not a whole number from 0 to 65535',
  ],
  ["a number as topic", `${base}topics: [0123]\n`, ":3:10 topics[0]: 0123 is not a string: put it in quotes"],
  [
    "a topic twice",
    `${base}topics: [a, { topic: a }]\n`,
    ':3:22 topics[1].topic: "a" is already declared at topics[0]',
  ],
  [
    "a missing variable",
    `${base}http: { token: "\${NOWHERE}" }\n`,
    ":3:16 http.token: (hidden) needs the environment variable NOWHERE, which is not set",
  ],
  [
    "a variable out of range",
    `${base}http: { port: "\${BIG}" }\n`,
    ':3:15 http.port: "${BIG}" is not a whole number from 0 to 65535',
  ],
  [
    "YAML that ends early",
    `${base}topics: [a\n`,
    ":4:1 not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
  ["a key twice", `${base}topics: []\ntopics: []\n`, ':4:1 the key "topics" appears twice in this mapping'],
  [
    "an index in capitals",
    `${base}topics: [{ topic: a, index: A }]\n`,
    ':3:29 topics[0].index: "A" is not an Elasticsearch index name',
  ],
  [
    "an unknown placeholder",
    `${base}topics: [{ topic: a, index: "a-{day}" }]\n`,
    ':3:29 topics[0].index: "a-{day}"',
  ],
  [
    "a topic in capitals",
    `${base}topics: [Payments]\n`,
    ':3:10 topics[0]: "Payments" cannot be used as an Elasticsearch index name (lower case, not starting with - _ + or ., at most 255 bytes): declare an index',
  ],
  [
    "the dead-letter topic",
    `${base}topics: [penstock.dead-letters]\n`,
    ':3:10 topics[0]: "penstock.dead-letters" is the dead-letter topic, which is not moved',
  ],
  [
    "an internal Kafka topic",
    `${base}topics: [__consumer_offsets]\n`,
    `:3:10 topics[0]: "__consumer_offsets" is an internal Kafka topic (__*), which is not moved`,
  ],
  [
    "a broker without a port",
    `kafka: { brokers: [localhost] }\nelasticsearch: { nodes: ["http://127.0.0.1:9"] }\n`,
    ':1:20 kafka.brokers[0]: "localhost" is not host:port',
  ],
  [
    "an open address without a token",
    `${base}http: { hostname: 0.0.0.0 }\n`,
    ':3:19 http.hostname: "0.0.0.0" is not a loopback address: set http.token, without which the host listens on loopback only',
  ],
  ["an empty file", "", ":1:1 kafka: is required"],
];

describe("bad input stops the start", () => {
  const folder = useFolder();

  test.each(badConfigs)("%s: exit code 78 and where it stands", async (_what, text, answer) => {
    const file = join(folder, `${Bun.randomUUIDv7()}.yaml`);
    await writeFile(file, text);
    const { code, out, error } = await runHost(["--config", file]);
    expect(error).toContain(`${file}${answer}`);
    expect(error).not.toContain("    at ");
    expect({ code, out }).toEqual({ code: 78, out: "" });
  });

  test("several faults are all reported, in the file's order", async () => {
    const file = join(folder, "several.yaml");
    await writeFile(file, `${base}topics: [A, "a b"]\nlogs: 1\n`);
    const { code, error } = await runHost(["--config", file]);
    expect(code).toBe(78);
    const places = error
      .trimEnd()
      .split("\n")
      .map((line) => line.slice(file.length).split(" ")[0]);
    expect(places).toEqual([":3:10", ":3:13", ":4:1"]);
  });

  test.each([
    ["no such file", ["--config", "/nowhere/config.yaml"], 78, "cannot read /nowhere/config.yaml: "],
    ["a folder", ["--config", "/"], 78, "cannot read /: it is a folder, not a regular file"],
    ["no file named and none here", [], 78, "cannot read config.yaml: "],
    ["an unknown option", ["--nope"], 2, "Unknown option: --nope (known: --config, --help)"],
    ["an argument too many", ["config.yaml"], 2, "Unexpected argument 'config.yaml'"],
    ["an option without its value", ["--config"], 2, "--config"],
  ] as const)("%s", async (_what, args, code, message) => {
    const answer = await runHost(args, folder);
    expect(answer.error).toContain(message);
    expect(answer.error).not.toContain("    at ");
    expect(answer.code).toBe(code);
  });

  test("a port in use: exit code 1, and the log names it", async () => {
    using taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const file = join(folder, "port.yaml");
    await writeFile(file, `${base}http: { port: ${taken.port} }\n`);
    const { code, out } = await runHost(["--config", file]);
    expect(code).toBe(1);
    expect(JSON.parse(out.trim().split("\n").at(-1) ?? "")).toMatchObject({
      level: "error",
      msg: "the host does not start",
      error: expect.stringContaining(`127.0.0.1:${taken.port}`),
    });
  });
});
