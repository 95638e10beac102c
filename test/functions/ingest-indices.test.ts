import { expect, test } from "bun:test";
import { ingestBatch } from "../../functions/ingest-batch.ts";
import type { SentEarlier } from "../../functions/ingest-batch/bulk-attempt.ts";
import { IndexBound } from "../../lib/adapters/elasticsearch/names/index-bound.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { admitNames, type TakenNames } from "../../lib/rules/model/index-fields.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { specification } from "../support/records.ts";
import { created, input, unreadable, world } from "./ingest-world.ts";

const spec = specification({ index: "logs-{app:1}", format: "json" });
const records = [{ app: "a" }, { app: "b" }, {}].map((fields) => JSON.stringify(fields));

/** @param taken the list that Elasticsearch holds */
function bounded(ask: () => Promise<readonly string[]>) {
  const takeNames = async (
    wanted: Parameters<typeof admitNames>[2] & { names: readonly string[] },
  ): Promise<TakenNames> => admitNames(await ask(), wanted.names, wanted);
  const indices = new IndexBound(spec, { sent: { takeNames }, logger: createMemoryLogger() });
  const sent: SentEarlier = { indices, mayMove: false, find: () => Promise.resolve(new Set()) };
  const written: string[][] = [];
  const deps = (refused = 0) => {
    const { deps: given, letters } = world(() => ({ items: [] }), { sent });
    return {
      letters,
      deps: {
        ...given,
        bulk: (body: Buffer) => {
          const lines = body.toString().trimEnd().split("\n");
          const indexOf = (action: string): string => /"_index":"([^"]+)"/.exec(action)?.[1] ?? "";
          const names = lines.filter((_, at) => at % 2 === 0).map(indexOf);
          written.push(names);
          return Promise.resolve({
            items: names.map(() => (written.length <= refused ? unreadable : created)),
          });
        },
      },
    };
  };
  return { deps, written };
}

test("what is sent goes only to indices that were decided on", async () => {
  const { deps, written } = bounded(() => Promise.resolve([]));
  const { outcomes } = await ingestBatch(input(records, { spec }), deps().deps);
  expect(outcomes).toEqual(["indexed", "indexed", "indexed"]);
  expect(written).toEqual([["logs-a", "logs-other", "logs-other"]]);
});

test("nothing is sent as long as that cannot be decided, and all of it is retried", async () => {
  const error = new PenstockError("elasticsearch_unavailable", "no node answers", { retryable: true });
  const { deps, written } = bounded(() => Promise.reject(error));
  const result = await ingestBatch(input(records, { spec }), deps().deps);
  expect(result).toMatchObject({ outcomes: [null, null, null], unsure: null, retry: { code: "connection" } });
  expect(result.retry?.message).toBe("which indices the topic may have cannot be decided: no node answers");
  expect(written).toEqual([]);
});

test("a record keeps its index in every form, and a letter names it", async () => {
  const { deps, written } = bounded(() => Promise.resolve(["logs-b"]));
  const { deps: refusing, letters } = deps(9);
  const { outcomes } = await ingestBatch(input(records.slice(1, 2), { spec }), refusing);
  expect(outcomes).toEqual(["dead-lettered"]);
  expect(new Set(written.flat())).toEqual(new Set(["logs-b"]));
  expect(written.length).toBeGreaterThan(1);
  const index = letters[0]?.headers?.find((header) => header.name === "penstock.index");
  expect(String(index?.value)).toBe("logs-b");
});
