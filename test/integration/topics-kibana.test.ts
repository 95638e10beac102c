import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { Etcd3 } from "etcd3";
import { outputOf } from "../support/command.ts";
import { useFolder } from "../support/folder.ts";
import { uniqueName } from "../support/kafka.ts";
import { testStack } from "../support/stack.ts";

// Kibana is not part of the stack: test/lib/rules/kibana.test.ts checks the output against its import format.

const COMMAND = join(import.meta.dir, "../../infra/cli/topics.ts");
const key = uniqueName("kibana");

let etcd: Etcd3;
const folder = useFolder();
const config = join(folder, "config.yaml");

beforeAll(async () => {
  const { etcdEndpoints } = await testStack();
  etcd = new Etcd3({ hosts: etcdEndpoints });
  await Bun.write(
    config,
    `kafka: { brokers: ["127.0.0.1:1"] }
elasticsearch: { nodes: ["http://127.0.0.1:1"] }
etcd: ${JSON.stringify({ endpoints: etcdEndpoints, keys: [key] })}
topics: [from_file, { topic: both, index: "file-{yyyy.MM.dd}" }]
`,
  );
});
afterAll(async () => {
  await etcd.delete().key(key);
  etcd.close();
});

const kibana = (...args: string[]) =>
  outputOf([process.execPath, COMMAND, "kibana", "--config", config, ...args]);

/** The index patterns of the data views in an NDJSON text, by id. */
function titlesOf(ndjson: string): Record<string, string> {
  const objects = ndjson
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; id: string; attributes: { title: string } });
  const views = objects.filter(({ type }) => type === "index-pattern");
  expect(objects).toHaveLength(2 * views.length);
  return Object.fromEntries(views.map(({ id, attributes }) => [id, attributes.title]));
}

test("has a data view for each current declaration of the file and etcd, without contacting Kafka or Elasticsearch", async () => {
  await etcd
    .put(key)
    .value(
      JSON.stringify([
        "both",
        { topic: "from_etcd" },
        { pattern: "app-*", index: "{topic}-{yyyy.MM.dd}" },
        { topic: 1 },
      ]),
    );
  const first = await kibana();
  expect(first).toMatchObject({ code: 0, error: expect.stringMatching(/^Left out: .*entry 4.*\n$/) });
  const declared = {
    "penstock-records": "penstock-records,penstock-streams",
    "penstock-topic-from_file": "from_file",
    "penstock-topic-both": "file-*",
    "penstock-topic-from_etcd": "from_etcd",
    "penstock-pattern-app-*": "app-*-*",
  };
  expect(titlesOf(first.out)).toEqual(declared);

  await etcd.put(key).value('["from_etcd", "added"]');
  const file = join(folder, "penstock.ndjson");
  const second = await kibana("--out", file);
  expect(second).toEqual({
    code: 0,
    error: "",
    out: `Wrote 5 data views, each with a search, to ${file}.\n`,
  });
  const { "penstock-pattern-app-*": _gone, ...stayed } = declared;
  expect(titlesOf(await Bun.file(file).text())).toEqual({ ...stayed, "penstock-topic-added": "added" });
}, 240_000);

test("accepts only its own arguments, and names a file it cannot write", async () => {
  expect(await kibana("--nope")).toMatchObject({ code: 2, out: "" });
  expect(await kibana("topic")).toMatchObject({ code: 2, out: "" });
  expect(await kibana("--out", "")).toMatchObject({ code: 2, error: expect.stringContaining("--out") });
  const nowhere = join(folder, "nowhere/penstock.ndjson");
  expect(await kibana("--out", nowhere)).toMatchObject({
    code: 1,
    out: "",
    error: expect.stringContaining(`--out ${nowhere} cannot be written`),
  });
}, 240_000);

test("without etcd it writes the file's topics, says that others are missing, and fails", async () => {
  const away = join(folder, "away.yaml");
  const text = await Bun.file(config).text();
  await Bun.write(
    away,
    text.replace(/^etcd: .*$/m, `etcd: { endpoints: ["http://127.0.0.1:1"], keys: [k] }`),
  );
  const { out, error, code } = await outputOf([process.execPath, COMMAND, "kibana", "--config", away]);
  expect(Object.keys(titlesOf(out))).toEqual([
    "penstock-records",
    "penstock-topic-from_file",
    "penstock-topic-both",
  ]);
  expect([error, code]).toEqual([
    expect.stringMatching(/^Note: only the config file's topics .*\n.*etcd/),
    1,
  ]);
  const whole = join(folder, "whole.ndjson");
  await Bun.write(whole, "of before");
  const kept = await outputOf([process.execPath, COMMAND, "kibana", "--config", away, "--out", whole]);
  expect([kept.out, kept.code, await Bun.file(whole).text()]).toEqual(["", 1, "of before"]);
}, 240_000);
