import type { Specification } from "../../lib/rules/model/declaration.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { counted } from "../../lib/rules/base/units.ts";
import { quoted } from "../../lib/rules/base/visible-text.ts";
import { isIndexName, leadsTo } from "../../lib/rules/model/names.ts";
import { fitsKafka, type RebuildOrder, rebuildOf } from "../../lib/rules/rebuild/rebuild.ts";
import { type RebuildWorld, undeclared } from "./look.ts";
import { writeOrder } from "./write-order.ts";

export interface BeginRebuild {
  readonly topic: string;
  /** The new index. */
  readonly index: string;
  /** Who orders it, for people. */
  readonly by: string;
  /** Whether to begin although Kafka no longer has all records of the live index, or another topic is written to it too. */
  readonly force: boolean;
}

export interface BeginDeps extends RebuildWorld {
  /** Covers the index by the template. @throws PenstockError `elasticsearch_refused` */
  ensureTemplate(index: string, signal: AbortSignal): Promise<void>;
  newId(): string;
}

/**
 * Creates the new index and orders the rebuild; hosts begin within seconds.
 * @throws PenstockError `usage`, naming what is in the way; `topic_missing`; if a server fails
 */
export async function beginRebuild(
  { topic, index, by, force }: BeginRebuild,
  deps: BeginDeps,
): Promise<RebuildOrder> {
  const { indices, signal } = deps;
  const spec = deps.specs.get(topic);
  if (spec === undefined) throw undeclared(topic);
  checkNames(spec, index);
  const running = rebuildOf(await deps.orders.read(signal), topic);
  if (running !== null) {
    const since = `since ${running.since}, by ${running.by}`;
    throw refused(topic, `it is rebuilt into index ${quoted(running.index)} already (${since})`);
  }
  const other = [...deps.specs.values()].find((one) => one.topic !== topic && leadsTo(one.index, index));
  if (other !== undefined)
    throw refused(topic, `${quoted(index)} is the index of topic ${quoted(other.topic)}`);
  const log = await deps.ranges(topic, signal);
  const { old, alias } = await liveTarget(spec, index, deps);

  const sharer = [...deps.specs.values()].find(
    (one) => one.topic !== topic && [old, spec.index].some((name) => leadsTo(one.index, name)),
  );
  if (sharer !== undefined && !force) {
    throw refused(
      topic,
      `index ${quoted(old)} is also that of topic ${quoted(sharer.topic)}, so after the swap a search of all topics would find the old records twice (force begins all the same)`,
    );
  }

  const starts = new Map([...log].map(([partition, { start }]) => [partition, start]));
  const gone = await indices.countBelow(old, topic, starts, signal);
  if (gone > 0 && !force) {
    throw refused(
      topic,
      `Kafka no longer has the records of ${counted(gone, "document")} of index ${quoted(old)}, so the new index would lack them (force begins all the same)`,
    );
  }

  const since = new Date(deps.now()).toISOString();
  const planned = { id: deps.newId(), index, old, alias, by, since, paused: false, both: false };
  if (!fitsKafka(topic, planned)) throw refused(topic, "the name of who orders it is too long");

  await deps.ensureTemplate(index, signal);
  if ((await indices.uuid(index, signal)) === null) {
    await indices.create(index, signal);
  } else {
    const { others } = await indices.documents(index, topic, signal);
    if (others > 0)
      throw refused(topic, `index ${quoted(index)} holds ${counted(others, "document")} of something else`);
  }
  await indices.hide(index, signal);
  const uuid = await indices.uuid(index, signal);
  if (uuid === null) throw new PenstockError("elasticsearch_refused", `index ${quoted(index)} was deleted`);

  const order = { ...planned, uuid };
  await writeOrder({ topic, action: "begin", by, force }, order, deps);
  return order;
}

/** @throws PenstockError `usage` */
function checkNames({ topic, index: target, dataStream }: Specification, index: string): void {
  if (dataStream !== null) {
    throw refused(
      topic,
      `it is written to data stream ${quoted(dataStream)}. New documents get a new mapping when the stream rolls over; for the old ones, reindex it in Elasticsearch`,
    );
  }
  if (!isOneIndex(target)) {
    throw refused(
      topic,
      `its index ${quoted(target)} stands for many indices. Declare the new name instead, then rewind the topic: its records are indexed there again`,
    );
  }
  if (!isOneIndex(index)) {
    throw refused(
      topic,
      `${quoted(index)} is not the name of one index (lower case, without placeholders, not starting with - _ + or .)`,
    );
  }
}

/** Whether the name is that of one index, whatever the record: without placeholders. */
function isOneIndex(name: string): boolean {
  return isIndexName(name) && !/[{}]/.test(name);
}

/** @throws PenstockError `usage` if there is nothing to swap */
async function liveTarget(
  { topic, index: target }: Specification,
  index: string,
  { indices, signal }: RebuildWorld,
): Promise<Pick<RebuildOrder, "old" | "alias">> {
  const found = await indices.resolve([target, index], signal);
  const [live, fresh] = [found.get(target), found.get(index)];
  if (live === undefined)
    throw refused(topic, `${quoted(target)} does not exist in Elasticsearch, so there is nothing to rebuild`);
  const [old, ...more] = live.indices;
  const isOne = old !== undefined && more.length === 0 && isIndexName(old) && live.stream === null;
  if (live.kind === "data stream" || !isOne)
    throw refused(topic, `${quoted(target)} is neither one index nor an alias of exactly one`);
  if (index === old || index === target) throw refused(topic, `${quoted(index)} is the live index`);
  if (fresh !== undefined && (fresh.kind !== "index" || fresh.stream !== null)) {
    const kind = fresh.kind === "alias" ? "an alias" : "a data stream";
    throw refused(topic, `${quoted(index)} exists already, as ${kind}`);
  }
  return { old, alias: live.kind === "alias" ? target : null };
}

/** Why a rebuild cannot be had, as an error of whoever asked. */
export function refused(topic: string, why: string): PenstockError {
  return new PenstockError("usage", `Topic ${quoted(topic)} cannot be rebuilt like this: ${why}`);
}
