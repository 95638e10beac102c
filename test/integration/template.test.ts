import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startStack, type Stack } from "../../infra/stack/stack.ts";
import { createElasticsearch, type Elasticsearch } from "../../lib/adapters/elasticsearch/client.ts";
import { parseQuery } from "../../lib/rules/search/grammar/parse.ts";
import { searchClauses } from "../../lib/rules/search/query/search-clauses.ts";
import { defaultTemplate, type TemplateSettings } from "../../lib/rules/model/settings.ts";
import { fetchAgain } from "../support/elasticsearch.ts";
import { uniqueName } from "../support/kafka.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { settings } from "../support/settings.ts";
import { testStack } from "../support/stack.ts";

const signal = new AbortController().signal;
const logger = createMemoryLogger();

function clientOf(node: string, template: TemplateSettings = defaultTemplate): Elasticsearch {
  return createElasticsearch({ ...settings().elasticsearch, nodes: [node], template }, { logger });
}

/** Elasticsearch's answer to a literal body. */
async function call(url: string, method: string, body?: string): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  return (await fetchAgain(url, { method, headers, ...(body !== undefined && { body }) })).json();
}

/** Writes each one separately. @returns the reasons of refusal by text, without those accepted */
async function write(
  node: string,
  index: string,
  documents: readonly string[],
): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  for (const [at, document] of documents.entries()) {
    const { error } = Object(await call(`${node}/${index}/_create/${at}`, "PUT", document));
    if (error !== undefined) refused.set(document, JSON.stringify(error));
  }
  await call(`${node}/${index}/_refresh`, "POST");
  return refused;
}

/** The number of documents that the console's search finds. */
async function found(node: string, index: string, query: string): Promise<number> {
  const body = JSON.stringify({
    query: { bool: searchClauses(parseQuery(query), { fields: null, fieldOf: () => null }) },
  });
  return Object(await call(`${node}/${index}/_count`, "POST", body)).count;
}

/** Records of one topic, alone or in conflict with each other. */
const shapes = [
  ['{"err":{"message":"one"}}', '{"err":"two"}', '{"err":{"message":{"deep":"three"}}}', '{"err":5}'],
  ['{"user":{"id":1}}', '{"user":"bob"}', '{"user":[{"id":"x"}]}'],
  ['{"duration":3}', '{"duration":"-"}', '{"duration":3.5}', '{"duration":{"ms":1}}', '{"duration":true}'],
  ['{"ProcessId":4}', '{"ProcessId":"0x378"}', '{"ProcessId":1e400}'],
  ['{"time":1795923113}', '{"time":"2026-11-28T10:00:00Z"}', '{"time":[2026,11,28]}'],
  ['{"level":30}', '{"level":"info"}', '{"flag":true}', '{"flag":"maybe"}', '{"exception":["a"]}'],
  ['{"kubernetes":{"labels":{"app":"shop","app.kubernetes.io/name":"shop"}}}', '{"exception":"text"}'],
  ['{"a..b":1}', '{".a":1}', '{"a.":2}', '{"x":{".y":1}}', '{".":1}', '{"e.f":1,"e":{"f":{"g":2}}}'],
  ['{"big":123456789012345678901234567890}', '{"message":{"code":4}}', '{"geo":{"coordinates":[1,2]}}'],
].flat();

/** Refused by any mapping. The host changes the first three kinds, and resends the others once in another form. */
const hopeless = [
  '{"":1}',
  '{" ":1}',
  '{"_id":"x"}',
  '{"twice":1,"twice":2}',
  '{"mixed":[1,"a"]}',
  `{"number":${"1".repeat(1_001)}}`,
  `{"deep":${"[".repeat(1_100)}${"]".repeat(1_100)}}`,
  JSON.stringify({ ["n".repeat(1_001)]: 1 }),
];

describe("an index of the template", () => {
  const index = uniqueName("template");
  let node: string;
  let elasticsearch: Elasticsearch;

  beforeAll(async () => {
    node = (await testStack()).elasticsearchNode;
    elasticsearch = clientOf(node);
    await elasticsearch.ensureTemplate([`${index}-*`], signal);
  });
  afterAll(async () => {
    await call(`${node}/${index}-*?expand_wildcards=all`, "DELETE");
    await elasticsearch.close();
  });

  test.each([
    ["in one order", shapes],
    ["in the other", shapes.toReversed()],
  ])("refuses no shape, %s", async (_, documents) => {
    const name = `${index}-${documents === shapes ? "one" : "other"}`;
    expect(await write(node, name, documents)).toEqual(new Map());
  });

  test("refuses values that no mapping accepts, with an error that counts as the document's fault", async () => {
    const refused = await write(node, `${index}-hopeless`, hopeless);
    expect([...refused.keys()]).toEqual(hopeless);
  });

  test("stores values without a place, names them in _ignored, and finds the record by the rest", async () => {
    const name = `${index}-ignored`;
    await write(node, name, ['{"took":3}', '{"took":"a while","message":"slow answer"}']);
    const { hits } = Object(await call(`${node}/${name}/_search?q=answer`, "GET"));
    expect(hits.hits).toMatchObject([{ _ignored: ["took"], _source: { took: "a while" } }]);
  });

  test("finds text if a number or a flag came first, and numbers by their digits", async () => {
    const name = `${index}-unfit`;
    await write(node, name, [
      '{"status":404,"share":0.25,"done":true}',
      '{"status":"unreachable for long","share":"none yet","done":"maybe"}',
    ]);
    const words = ["404", "0.25", "true", "Unreachable", "long", "none", "maybe"];
    expect(await Promise.all(words.map((word) => found(node, name, word)))).toEqual(words.map(() => 1));
  });

  test("distinguishes epoch seconds from milliseconds, and sums fractions", async () => {
    const name = `${index}-double`;
    await write(node, name, ['{"ts":1795923113.25}', '{"ts":1795923113.5}']);
    const { count } = Object(
      await call(`${node}/${name}/_count`, "POST", '{"query":{"range":{"ts":{"gt":1795923113.25}}}}'),
    );
    expect(count).toBe(1);
  });

  test("finds a record by each of its words, split at punctuation, in any case and of any length", async () => {
    const name = `${index}-words`;
    const long = `${"word ".repeat(500)}tail`;
    await write(node, name, [
      '{"message":"WARNING:root:disk almost full"}',
      '{"event":"user_login_failed","peer":"10.0.0.1"}',
      '{"class":"NameSystem.addStoredBlock","path":"/var/log-files/app.log"}',
      JSON.stringify({ message: "\u001b[35mpayment\u001b[0m declined", stack: long }),
      JSON.stringify({ text: "データベース接続エラー 数据库", blob: "x".repeat(40_000) }),
      JSON.stringify({ kafka: { words: "flattened words", key: "order-77" } }),
    ]);
    await call(
      `${node}/${name}/_create/tagged?refresh=true`,
      "PUT",
      '{"tags":["mitre_execution","env:Prod","json_parse_failure"]}',
    );
    const words = ["warning", "Root", "disk", "LOGIN", "failed", "addStoredBlock", "files", "app", "payment"];
    const more = ["tail", "10.0.0.1", "user_login", "データベース接続エラ*", "数据", "flattened", "order"];
    const tagged = ["execution", "prod", '"env:prod"', "mitre_execution", "json_parse_failure"];
    const all = [...words, ...more, ...tagged];
    expect(await Promise.all(all.map((word) => found(node, name, word)))).toEqual(all.map(() => 1));
    // Words of our own tags say nothing about the record.
    expect(await found(node, name, "failure")).toBe(0);
    expect(await found(node, name, '"almost full"')).toBe(1);
    expect(await found(node, name, '"full almost"')).toBe(0);
    expect(await found(node, name, "absent")).toBe(0);
  });

  test("may contain the user's choices", async () => {
    const name = `${index}chosen`;
    const chosen = clientOf(node, {
      codec: "default",
      mode: "logsdb",
      wholeValues: "indexed",
      refreshIntervalMs: 5_000,
    });
    try {
      expect(await chosen.tryTemplate([name], signal)).toEqual(new Map());
    } finally {
      await chosen.close();
    }
  });
});

test("the template adapts to an older server, and still accepts every shape and finds the words its analyzers split", async () => {
  await using stack: Stack = await startStack({ kafka: false, etcd: false, elasticsearchBare: true });
  const { node } = stack.elasticsearch;
  const bare = clientOf(node);
  try {
    expect(await bare.tryTemplate(["bare-*"], signal)).toEqual(new Map());
    await bare.ensureTemplate(["bare-*"], signal);
    const told = logger.lines.filter(({ message }) =>
      message.includes("omitting what this Elasticsearch lacks"),
    );
    expect(told).toMatchObject([{ level: "info", fields: { lacks: "words" } }]);
    const { index_templates: templates } = Object(await call(`${node}/_index_template/penstock`, "GET"));
    expect(templates[0].index_template["_meta"].form).toEndWith("without words");
    expect(await write(node, "bare-shapes", shapes)).toEqual(new Map());
    await write(node, "bare-words", [
      '{"message":"WARNING:root:disk almost full from 10.0.0.1"}',
      '{"event":"user_login_failed"}',
    ]);
    const words = ["warning", "root", "login", "user_login", "10.0.0.1", '"almost full"'];
    expect(await Promise.all(words.map((word) => found(node, "bare-words", word)))).toEqual(
      words.map(() => 1),
    );
  } finally {
    await bare.close();
  }
}, 480_000);
