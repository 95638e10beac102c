import { expect, test } from "bun:test";
import { createTrial, type TrialDeps } from "../../../../../lib/adapters/elasticsearch/trial/trial.ts";
import { createBulkEncoder } from "../../../../../lib/rules/bulk/encoder.ts";
import { PenstockError } from "../../../../../lib/rules/base/errors.ts";
import { sourceRecord, specification } from "../../../../support/records.ts";

const { signal } = new AbortController();
const dayMs = 86_400_000;

/** An Elasticsearch without indices. @param aliases of every new index, from a template */
function fakeServer(aliases: readonly string[] = []) {
  const made = new Set<string>();
  const deleted: string[] = [];
  const client: TrialDeps["client"] = {
    ask({ method, path }) {
      const name = path.slice(1);
      if (method === "PUT") made.add(name);
      if (method === "DELETE") deleted.push(...name.split(","));
      if (path === "/_security/user/_has_privileges") return Promise.resolve({});
      if (path.startsWith("/_resolve")) return Promise.resolve({});
      if (path.endsWith("/_search")) return Promise.resolve({ hits: { hits: [] } });
      const all = Object.fromEntries(aliases.map((alias) => [alias, {}]));
      if (method === "GET" && made.has(name))
        return Promise.resolve({ [name]: { aliases: all, mappings: {} } });
      if (method !== "GET") return Promise.resolve({});
      const cause = { status: 404 };
      return Promise.reject(new PenstockError("elasticsearch_refused", "no such index", { cause }));
    },
    askForText: () => Promise.reject(new Error("no pipeline is declared")),
    bulk: (_, { operations }) =>
      Promise.resolve({
        items: Array.from({ length: operations }, () => ({ status: 201, result: "created", error: null })),
      }),
    newIndex: () => Promise.resolve({ mappings: {}, settings: {} }),
    tryTemplate: () => Promise.resolve(new Map()),
  };
  return { client, made, deleted };
}

const spec = specification({ index: "logs-{yyyy.MM.dd}" });
const suffixes = () => {
  let next = 0;
  return () => String((next += 1)).padStart(8, "0");
};
/** One record for each of so many days. */
const days = (count: number): Buffer =>
  createBulkEncoder(spec)(
    Array.from({ length: count }, (_, n) => sourceRecord("x", { offset: n, timestamp: n * dayMs })),
  ).bytes;

test("twenty targets get a scratch index each; documents for further ones are not tried, and said to be so", async () => {
  const { client, made, deleted } = fakeServer();
  const trial = createTrial(spec, { client, managed: true, now: () => 5, suffix: suffixes() });
  const answer = await trial.bulk(days(23), { pipeline: null, signal });
  const statuses = "items" in answer ? answer.items.map(({ status }) => status) : [];
  expect(statuses).toEqual([...Array.from({ length: 20 }, () => 201), 429, 429, 429]);
  const { documents, targets, unknown } = await trial.findings(signal);
  expect([documents.size, targets.length, unknown]).toEqual([23, 20, null]);
  expect([...documents.values()].filter(({ untried }) => untried !== null)).toHaveLength(3);
  expect(await trial.close()).toEqual([]);
  expect(deleted.toSorted()).toEqual([...made].toSorted());
  expect(made.size).toBe(20);
});

test("an index that a template puts into an alias is written to by no trial, and removed", async () => {
  const { client, made, deleted } = fakeServer(["everything"]);
  let bulks = 0;
  const counting = {
    ...client,
    bulk: (...about: Parameters<typeof client.bulk>) => ((bulks += 1), client.bulk(...about)),
  };
  const trial = createTrial(spec, { client: counting, managed: true, now: () => 5, suffix: suffixes() });
  expect(await trial.bulk(days(1), { pipeline: null, signal })).toHaveProperty("failure");
  expect((await trial.findings(signal)).unknown).toContain("into the alias everything");
  expect(await trial.close()).toEqual([]);
  expect({ bulks, deleted }).toEqual({ bulks: 0, deleted: [...made] });
  expect(made.size).toBe(1);
});

test("what cannot be removed is named", async () => {
  const { client } = fakeServer();
  const stuck: typeof client.ask = (question, until) =>
    question.method === "DELETE"
      ? Promise.reject(new PenstockError("elasticsearch_unavailable", "no answer"))
      : client.ask(question, until);
  const trial = createTrial(spec, {
    client: { ...client, ask: stuck },
    managed: false,
    now: () => 5,
    suffix: suffixes(),
  });
  await trial.bulk(days(1), { pipeline: null, signal });
  expect(await trial.close()).toEqual([
    "left behind: penstock-try-0000000000005-00000001, which a later trial removes: no answer",
  ]);
});

test("a busy master has as long for an index as Elasticsearch gives it; a host that stops does not wait so long for its end", async () => {
  const { client } = fakeServer();
  const waits = new Map<string, number>();
  const ask: typeof client.ask = (question, until) => {
    if (question.timeoutMs !== undefined) waits.set(question.method, question.timeoutMs);
    return client.ask(question, until);
  };
  const trial = createTrial(spec, {
    client: { ...client, ask },
    managed: false,
    now: () => 5,
    suffix: suffixes(),
  });
  await trial.bulk(days(1), { pipeline: null, signal });
  await trial.close();
  const [masterTimeoutMs, shutdownMs] = [30_000, 30_000];
  expect(waits.get("PUT")).toBeGreaterThan(masterTimeoutMs);
  expect(waits.get("DELETE")).toBeLessThan(shutdownMs);
});
