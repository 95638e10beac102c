import { z } from "zod";
import { recordsAlias } from "../../../rules/template/index-template.ts";
import { assertComplete } from "../ask-again.ts";
import type { Elasticsearch } from "../client.ts";
import { getFrom } from "../names/asking.ts";
import { resolveNames } from "../names/resolve.ts";
import { ofTopic } from "../sent/highest.ts";
import { shaped } from "../transport/shaped.ts";
import type { RebuildIndices } from "./rebuild-indices.ts";

const TIMEOUT_MS = 30_000;
const total = z.object({ count: z.number() });
const settings = z.record(
  z.string(),
  z.object({ settings: z.object({ index: z.object({ uuid: z.string() }) }) }),
);
const aliases = z.record(
  z.string(),
  z.object({ aliases: z.record(z.string(), z.record(z.string(), z.unknown())) }),
);

export function createRebuildIndices(elasticsearch: Pick<Elasticsearch, "ask">): RebuildIndices {
  const count = async (index: string, query: object, signal: AbortSignal): Promise<number> => {
    const path = `/${encodeURIComponent(index)}/_count`;
    const question = { method: "POST", path, body: { query }, timeoutMs: TIMEOUT_MS } as const;
    const answer = await elasticsearch.ask(question, signal);
    assertComplete(answer, `count of index "${index}"`);
    return shaped(total, answer, path).count;
  };
  const change = async (actions: readonly object[], signal: AbortSignal): Promise<void> => {
    if (actions.length === 0) return;
    const question = { method: "POST", path: "/_aliases", body: { actions }, timeoutMs: TIMEOUT_MS } as const;
    await elasticsearch.ask(question, signal);
  };
  const aliasesOf = async (
    index: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> => {
    const path = `/${encodeURIComponent(index)}/_alias`;
    const answer = await elasticsearch.ask({ method: "GET", path, timeoutMs: TIMEOUT_MS }, signal);
    return shaped(aliases, answer, path)[index]?.aliases ?? {};
  };

  return {
    resolve: (names, signal) => resolveNames(getFrom(elasticsearch, signal), names),
    async uuid(index, signal) {
      const path = `/${encodeURIComponent(index)}/_settings/index.uuid`;
      const querystring = { ignore_unavailable: "true", allow_no_indices: "true" };
      const question = { method: "GET", path, querystring, timeoutMs: TIMEOUT_MS } as const;
      const found = shaped(settings, await elasticsearch.ask(question, signal), path);
      return found[index]?.settings.index.uuid ?? null;
    },
    async create(index, signal) {
      const path = `/${encodeURIComponent(index)}`;
      await elasticsearch.ask({ method: "PUT", path, timeoutMs: TIMEOUT_MS }, signal);
    },
    async hide(index, signal) {
      if (recordsAlias in (await aliasesOf(index, signal)))
        await change([{ remove: { index, alias: recordsAlias } }], signal);
    },
    async documents(index, topic, signal) {
      const path = `/${encodeURIComponent(index)}/_refresh`;
      const answer = await elasticsearch.ask({ method: "POST", path, timeoutMs: TIMEOUT_MS }, signal);
      assertComplete(answer, `refresh of index "${index}"`);
      const own = await count(index, ofTopic(topic), signal);
      return { own, others: (await count(index, { match_all: {} }, signal)) - own };
    },
    async countBelow(index, topic, starts, signal) {
      const should = [...starts].flatMap(([partition, lt]) =>
        lt === 0
          ? []
          : {
              bool: {
                filter: [{ term: { "kafka.partition": partition } }, { range: { "kafka.offset": { lt } } }],
              },
            },
      );
      if (should.length === 0) return 0;
      return count(index, { bool: { filter: [ofTopic(topic)], should, minimum_should_match: 1 } }, signal);
    },
    async swap({ alias, from, to }, signal) {
      const there = await aliasesOf(from, signal);
      const moved = [alias, recordsAlias].filter((name) => name !== null && name in there);
      const actions = moved.flatMap((name) => [
        { remove: { index: from, alias: name } },
        { add: { index: to, alias: name, ...there[name ?? ""] } },
      ]);
      await change(actions, signal);
    },
  };
}
