import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ingestBatch, type IngestBatchResult } from "../../functions/ingest-batch.ts";
import { createElasticsearch, type Elasticsearch } from "../../lib/adapters/elasticsearch/client.ts";
import { findHolders } from "../../lib/adapters/elasticsearch/mending/holders.ts";
import { templateLockName } from "../../lib/adapters/elasticsearch/template/template-lock.ts";
import type { DeadLetter } from "../../lib/rules/dead-letters/dead-letter.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import { fetchAgain } from "../support/elasticsearch.ts";
import { settings } from "../support/settings.ts";
import { classifyItem } from "../../lib/rules/outcomes/outcome.ts";
import { sourceRecord, specification } from "../support/records.ts";
import { rejection } from "../support/rejection.ts";
import { testStack } from "../support/stack.ts";

/** This run uses its own names for everything, and deletes them at the end. */
const run = `es-${crypto.randomUUID().slice(0, 8)}`;
/** For indices without their shards: the template's would be in the alias in which other tests search. */
const outside = `outside-${run}`;
const signal = new AbortController().signal;
let node: string;
let elasticsearch: Elasticsearch;

beforeAll(async () => {
  node = (await testStack()).elasticsearchNode;
  elasticsearch = connect();
  await elasticsearch.probe(signal);
  await elasticsearch.ensureTemplate([`${run}-*`], signal);
});

afterAll(async () => {
  const found = Object.keys(Object(await call("GET", `/${run}-*?expand_wildcards=all`)));
  for (const index of found) await call("DELETE", `/${index}`);
  await call("DELETE", `/_ingest/pipeline/${run}`);
  await elasticsearch.close();
});

function connect(): Elasticsearch {
  const { elasticsearch: usual } = settings();
  return createElasticsearch({ ...usual, nodes: [node], bulk: { ...usual.bulk, concurrency: 1 } });
}

/** A manual request, for things that Penstock itself never does. */
async function call(method: string, path: string, body?: object): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  return (await fetchAgain(node + path, init)).json();
}

interface Ingested extends IngestBatchResult {
  readonly letters: readonly Readonly<Record<string, string>>[];
}

async function ingest(
  changes: Partial<Specification> & { readonly index: string },
  values: readonly (string | Buffer | SourceRecord)[],
): Promise<Ingested> {
  const records = values.map((value, offset) =>
    typeof value === "string" || Buffer.isBuffer(value) ? sourceRecord(value, { offset }) : value,
  );
  const letters: Readonly<Record<string, string>>[] = [];
  const result = await ingestBatch(
    {
      spec: specification({ topic: run, format: "json", ...changes }),
      records,
      attempt: 1,
      limits: { maxDocuments: 2000, maxBytes: 5_000_000 },
    },
    {
      bulk: (body, options) => elasticsearch.bulk(body, options),
      deadLetters: {
        store: async (stored: readonly DeadLetter[]) => {
          for (const { headers } of stored) {
            letters.push(Object.fromEntries(headers.map(({ name, value }) => [name, String(value)])));
          }
        },
      },
      now: () => 0,
      signal,
    },
  );
  // Other tests write as much as its indexing pressure allows.
  if (result.retry?.code === "too_many_requests" && result.outcomes.every((outcome) => outcome === null)) {
    await Bun.sleep(500);
    return ingest(changes, values);
  }
  return { ...result, letters };
}

async function sources(index: string, query: object = { match_all: {} }): Promise<Record<string, unknown>[]> {
  await call("POST", `/${index}/_refresh`);
  const answer = Object(
    await call("POST", `/${index}/_search`, { query, size: 100, sort: ["kafka.offset"] }),
  );
  return Object(answer.hits).hits.map((hit: unknown) => Object(hit)._source);
}

describe("the template", () => {
  const patterns = async (): Promise<string[]> => {
    const answer = Object(await call("GET", "/_index_template/penstock"));
    return answer.index_templates[0].index_template.index_patterns;
  };

  test("requested many times at once, it covers all requests", async () => {
    const names = Array.from({ length: 10 }, (_, n) => `${run}-at-once-${n}`);
    await Promise.all(names.map((name) => elasticsearch.ensureTemplate([name], signal)));
    expect(await patterns()).toEqual(expect.arrayContaining(names));
  });

  test("written by several hosts at once, it covers all their indices", async () => {
    const hosts = Array.from({ length: 4 }, () => connect());
    const told: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const names = hosts.map((_, at) => `${run}-host-${at}-${round}`);
      await Promise.all(hosts.map((host, at) => host.ensureTemplate([names[at] ?? ""], signal)));
      told.push(...names);
      // A host that wrote without reading another's write has overwritten it by now.
      expect(await patterns()).toEqual(expect.arrayContaining(told));
    }
    await Promise.all(hosts.map((host) => host.close()));
  }, 240_000);

  test("is written by the next host even if one died holding the lock", async () => {
    const path = `/_component_template/${templateLockName}`;
    await call("PUT", path, { template: {}, _meta: { by: "a host that is gone" } });
    await elasticsearch.ensureTemplate([`${run}-orphan`], signal);
    expect(await patterns()).toContain(`${run}-orphan`);
  });

  test("grows and never shrinks", async () => {
    await elasticsearch.ensureTemplate([`${run}-x`], signal);
    await elasticsearch.ensureTemplate([`${run}-y`], signal);
    expect(await patterns()).toEqual(expect.arrayContaining([`${run}-*`, `${run}-x`, `${run}-y`]));
  });

  test("applies to a new index", async () => {
    const index = `${run}-template`;
    await ingest({ index }, ['{"date":"2026-01-02","message":"m"}']);
    const { aliases, mappings } = Object(await call("GET", `/${index}`))[index];
    expect(aliases).toHaveProperty("penstock-records");
    expect(mappings.properties).toMatchObject({
      date: { type: "keyword", ignore_above: 1024 },
      message: { type: "text", norms: false },
      "kafka.offset": { type: "long" },
      "kafka.headers": { type: "flattened" },
    });
    expect(mappings.properties.message.fields?.keyword).toBeUndefined();
  });
});

describe("documents", () => {
  test("are indexed once: the same batch again is all duplicates", async () => {
    const index = `${run}-twice`;
    const first = await ingest({ index, path: "/p" }, ['{"id":9007199254740993,"level":"info"}', "text"]);
    expect(first).toMatchObject({ outcomes: ["indexed", "indexed"], retry: null, letters: [] });
    const second = await ingest({ index, path: "/p" }, ['{"id":9007199254740993,"level":"info"}', "text"]);
    expect(second.outcomes).toEqual(["duplicate", "duplicate"]);
    const found = await sources(index);
    expect(found).toMatchObject([{ level: "info", log: { file: { path: "/p" } } }, { message: "text" }]);
    // Beyond the precision of a double: the index has it exactly.
    expect(await sources(index, { term: { id: "9007199254740993" } })).toHaveLength(1);
    expect(await sources(index, { term: { id: "9007199254740992" } })).toHaveLength(0);
  });

  test("with any bytes and any header names are accepted, and headers can be searched by name", async () => {
    const index = `${run}-bytes`;
    const headers = ["", "__proto__", "a.b", "a", ".", " ", "nul\0", "d.".repeat(100)].map((name) => ({
      name,
      value: Buffer.from(`value of ${name}`),
    }));
    const value = Buffer.from([0xff, 0x00, 0xc3]);
    const long = Buffer.alloc(50_000, "x");
    const record = sourceRecord(value, { key: long, headers: [...headers, { name: "long", value: long }] });
    expect((await ingest({ index }, [record])).outcomes).toEqual(["indexed"]);
    const query = { term: { "kafka.headers.a.b": "value of a.b" } };
    expect(await sources(index, query)).toMatchObject([{ event: { original: value.toString("base64") } }]);
  });

  test("with renamed fields are accepted", async () => {
    const index = `${run}-renamed`;
    const own = { kafka: "x", tags: { a: 1 }, log: "l", "@timestamp": "now", json: [1], event: "text" };
    expect((await ingest({ index, path: "/p" }, [JSON.stringify(own)])).outcomes).toEqual(["indexed"]);
    expect(await sources(index, { term: { tags: "json_field_renamed" } })).toHaveLength(1);
  });

  test("at both ends of the timestamp range", async () => {
    const index = `${run}-time`;
    const records = [0, 253_402_300_799_999].map((timestamp, offset) =>
      sourceRecord("m", { timestamp, offset }),
    );
    expect((await ingest({ index }, records)).outcomes).toEqual(["indexed", "indexed"]);
  });
});

describe("the record's own fault", () => {
  test("a mapping conflict, too many fields; but not deep nesting, nor an empty name", async () => {
    const index = `${run}-conflict`;
    const fields = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`f${at}`, at]));
    const deep = `${'{"a":'.repeat(30)}1${"}".repeat(30)}`;
    const values = ['{"n":1}', '{"n":"abc"}', JSON.stringify(fields), deep, '{"":1}', '{"n":2}'];
    // An index of ours stores such a record in a modified form; this one does not.
    const n = { type: "long", ignore_malformed: false };
    const settings = { "index.mapping.total_fields.ignore_dynamic_beyond_limit": false };
    await call("PUT", `/${index}`, { settings, mappings: { properties: { n } } });
    const { outcomes, letters, retry } = await ingest({ index, rejected: "dead-letter" }, values);
    const dead = "dead-lettered";
    expect({ outcomes, retry }).toEqual({
      outcomes: ["indexed", dead, dead, "indexed", "indexed", "indexed"],
      retry: null,
    });
    for (const letter of letters) {
      expect(letter).toMatchObject({
        "penstock.error.type": "document_parsing_exception",
        "penstock.status": "400",
        "penstock.index": index,
      });
    }
    expect(letters[0]?.["penstock.error.reason"]).toContain("failed to parse field [n] of type [long]");
    expect(letters[1]?.["penstock.error.reason"]).toContain("Limit of total fields");
  });

  test("is ruled out if two values give a new field two types", async () => {
    const index = `${run}-race`;
    const { outcomes, letters } = await ingest({ index }, ['{"q":[1,"a"]}', '{"ok":1}']);
    expect({ outcomes, letters }).toEqual({ outcomes: ["indexed", "indexed"], letters: [] });
  });

  test("one that a pipeline cannot read fails its whole request, and is found", async () => {
    const index = `${run}-pipeline`;
    await call("PUT", `/_ingest/pipeline/${run}`, { processors: [] });
    const tooDeep = `{"a":${"[".repeat(2000)}${"]".repeat(2000)}}`;
    const declared = { index, pipeline: run, rejected: "dead-letter" } as const;
    const { outcomes, letters } = await ingest(declared, ['{"a":1}', tooDeep, '{"b":1}', '{"c":1}']);
    expect(outcomes).toEqual(["indexed", "dead-lettered", "indexed", "indexed"]);
    expect(letters).toHaveLength(1);
  });

  test("one that exceeds the request limit", async () => {
    const index = `${run}-large`;
    const { outcomes, letters } = await ingest({ index }, [
      "small",
      Buffer.alloc(101 * 1024 * 1024, "x"),
      "small too",
    ]);
    expect(outcomes).toEqual(["indexed", "dead-lettered", "indexed"]);
    expect(letters).toMatchObject([
      { "penstock.error.type": "document_too_large", "penstock.status": "413" },
    ]);
  }, 240_000);
});

describe("an index that refuses writes", () => {
  const templated = (name: string): string => `${run}-${name}-{yyyy.MM.dd}`;
  const concrete = (name: string): string => `${run}-${name}-2026.01.02`;

  test("closed: retried, but dead-lettered if a date led to it", async () => {
    const index = concrete("closed");
    await call("PUT", `/${index}`);
    await call("POST", `/${index}/_close`);
    expect(await ingest({ index }, ["m"])).toMatchObject({
      outcomes: [null],
      retry: { code: "cluster_block" },
    });
    const { outcomes, letters } = await ingest({ index: templated("closed") }, ["m"]);
    expect(outcomes).toEqual(["dead-lettered"]);
    expect(letters).toMatchObject([
      { "penstock.error.type": "index_closed_exception", "penstock.index": index },
    ]);
  });

  test("write-blocked: the same", async () => {
    const index = concrete("blocked");
    await call("PUT", `/${index}`, { settings: { "index.blocks.write": true } });
    expect(await ingest({ index }, ["m"])).toMatchObject({
      outcomes: [null],
      retry: { code: "cluster_block" },
    });
    expect((await ingest({ index: templated("blocked") }, ["m"])).outcomes).toEqual(["dead-lettered"]);
  });

  test("blocked by a full disk: retried, even with a date", async () => {
    const index = concrete("full");
    await call("PUT", `/${index}`, { settings: { "index.blocks.read_only_allow_delete": true } });
    for (const target of [index, templated("full")]) {
      expect(await ingest({ index: target }, ["m"])).toMatchObject({
        outcomes: [null],
        retry: { code: "cluster_block" },
      });
    }
  });

  test("an alias without a write index, a missing pipeline, an impossible name: retried", async () => {
    const alias = { aliases: { [`${run}-alias`]: {} } };
    await call("PUT", `/${run}-one`, alias);
    await call("PUT", `/${run}-two`, alias);
    for (const [changes, code] of [
      [{ index: `${run}-alias` }, "other"],
      [{ index: `${run}-one`, pipeline: `${run}-missing` }, "other"],
      [{ index: `${run}-UPPER` }, "other"],
    ] as const) {
      expect(await ingest(changes, ["m", "n"])).toMatchObject({
        outcomes: [null, null],
        retry: { code },
        letters: [],
      });
    }
  });

  test("without a node for its primary shard: retried, naming the shard but not the node, and nothing of the record", async () => {
    const index = `${outside}-no-primary`;
    await call("PUT", `/${index}?wait_for_active_shards=0`, {
      settings: { "index.routing.allocation.require._name": "nobody" },
    });
    try {
      const body = `{"create":{"_index":"${index}","_id":"1"}}\n{"password":"hunter2"}\n`;
      // Elasticsearch does not wait for the shard; a busy one has all its time for the answer.
      const answer = await elasticsearch.bulk(body, {
        pipeline: null,
        operations: 1,
        shardTimeoutMs: 1_000,
        signal,
      });
      const item = "items" in answer ? answer.items[0] : undefined;
      expect(item?.status).toBe(503);
      const verdict = item && classifyItem(item, { index, dated: false, lastChance: false });
      expect(verdict).toMatchObject({
        kind: "retry",
        reason: { message: expect.stringContaining("primary shard is not active") },
      });
      expect(JSON.stringify(verdict)).not.toContain("hunter2");
    } finally {
      // Other tests share the cluster, and some look at its health.
      await call("DELETE", `/${index}`);
    }
  });

  test("a lost shard of another index does not hide which index has a document, and is said", async () => {
    const [kept, lost] = [`${run}-kept`, `${outside}-lost`];
    await call("PUT", `/${kept}/_doc/${run}-1?refresh=true`, { message: "m" });
    await call("PUT", `/${lost}?wait_for_active_shards=0`, {
      settings: { "index.routing.allocation.require._name": "nobody" },
    });
    try {
      for (const [indices, shards] of [
        [null, "\\d+"],
        [[kept, lost], "2"],
      ] as const) {
        const { holders, problems } = await findHolders(
          elasticsearch,
          indices,
          [`${run}-1`, `${run}-2`],
          signal,
        );
        expect([...holders]).toEqual([[`${run}-1`, kept]]);
        // Of all indices, some of other tests may fail for other reasons.
        expect(problems).toEqual([
          expect.stringMatching(
            new RegExp(`^\\d+ of ${shards} shards failed: .*no_shard_available_action_exception`),
          ),
        ]);
      }
      expect(await rejection(findHolders(elasticsearch, [lost], ["1"], signal))).toMatchObject({
        code: "elasticsearch_unavailable",
      });
    } finally {
      await call("DELETE", `/${lost}`);
    }
  });

  test("an index that must not be created automatically: retried", async () => {
    // This affects no other name.
    const setting = (value: string | null) =>
      call("PUT", "/_cluster/settings", { persistent: { "action.auto_create_index": value } });
    await setting(`-${run}-forbidden,*`);
    try {
      const result = await ingest({ index: `${run}-forbidden` }, ["m"]);
      expect(result).toMatchObject({ outcomes: [null], retry: { code: "not_found" }, letters: [] });
    } finally {
      await setting(null);
    }
  });
});
