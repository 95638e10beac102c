import { expect } from "bun:test";
import { eventually } from "./eventually.ts";
import { allHits } from "./elasticsearch.ts";
import { startTestHost } from "./host.ts";
import type { StackClients } from "./stack-clients.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

/** Records that a killed host has sent without learning the result. */
export interface InFlightOptions {
  /** The topic's name, and the group's. The topic is created. */
  readonly topic: string;
  /** What the topic is declared with, before and after the kill; equal by default. */
  readonly declared?: object;
  readonly declaredAfter?: object;
  /** Timestamps of the records in milliseconds; by default the present. */
  readonly timestamp?: number;
  /** Names and patterns of everything that may hold documents of the topic. */
  readonly searched: string;
  /** Happens while no host runs, with the records in Elasticsearch that nobody was told of. */
  readonly change: () => Promise<unknown>;
}

/** What is true at the end, when the next host has caught up. */
export interface Landed {
  /** Offsets of the records by partition and offset, with the indices of their documents. */
  readonly indicesOf: ReadonlyMap<string, readonly string[]>;
  /** Where the group stood when the host was killed, by partition. */
  readonly committed: ReadonlyMap<number, number>;
  /** Documents that were in Elasticsearch when it was killed, beyond those committed. */
  readonly unknown: number;
  /** `partition/offset` of records that exist more than once, of those committed and of the others that do not exist. */
  readonly doubled: readonly string[];
  readonly missing: { readonly committed: number; readonly others: readonly string[] };
}

const PARTITIONS = 2;
const FIRST = 400;
const IN_FLIGHT = 2_000;
const AFTERWARDS = 100;

/** Kills a host whose answers from Elasticsearch are lost, changes the target, and lets another host go on. */
export async function landInFlight(servers: StackClients, options: InFlightOptions): Promise<Landed> {
  const { topic, declared = {}, declaredAfter = declared, searched } = options;
  const { kafka, elasticsearch } = servers;
  await using proxy = await startTcpProxy(servers.config.elasticsearch.nodes[0] ?? "");
  const configWith = (own: object): object => ({
    ...servers.config,
    elasticsearch: { nodes: [proxy.url] },
    kafka: { ...servers.config.kafka, group: topic },
    deadLetters: { topic: `${topic}.dead` },
    topics: [{ topic, ...own }],
  });
  const { timestamp } = options;
  const produce = (count: number): Promise<void> =>
    kafka.produce(
      topic,
      Array.from({ length: count }, (_, n) => ({
        value: `line ${n}`,
        partition: n % PARTITIONS,
        ...(timestamp !== undefined && { timestamp: String(timestamp) }),
      })),
    );
  await kafka.createTopic(topic, PARTITIONS);
  await produce(FIRST);
  let unknown: number;
  {
    await using host = await startTestHost(configWith(declared));
    await host.untilCaughtUp(topic, PARTITIONS, 60_000);
    proxy.block("answers");
    await produce(IN_FLIGHT);
    await eventually(
      "documents nobody was told of",
      async () => (await elasticsearch.count(searched)) > FIRST,
    );
    host.signal("SIGKILL");
    await host.exited;
    // What it sent and Elasticsearch still executes is over before its target changes.
    unknown = await eventually("Elasticsearch is done with what was sent", async () => {
      const before = await elasticsearch.count(searched);
      await Bun.sleep(300);
      const now = await elasticsearch.count(searched);
      return now === before ? now - FIRST : null;
    });
  }
  const committed = new Map(await kafka.committed(topic, topic));
  await options.change();
  await produce(AFTERWARDS);
  proxy.unblock();
  {
    await using host = await startTestHost(configWith(declaredAfter));
    await host.untilCaughtUp(topic, PARTITIONS, 60_000);
    expect(await host.stop()).toBe(0);
  }
  return { ...(await whereAre(servers, topic, searched, committed)), committed, unknown };
}

/** Compares a topic's records with its documents. @param committed as of the time from which on records must exist */
export async function whereAre(
  { kafka, elasticsearch }: StackClients,
  topic: string,
  searched: string,
  committed: ReadonlyMap<number, number>,
): Promise<Pick<Landed, "indicesOf" | "doubled" | "missing">> {
  const indicesOf = new Map<string, string[]>();
  const sort = ["kafka.partition", "kafka.offset", "_index"];
  for await (const { _id, _index } of allHits<Hit>(elasticsearch, searched, { sort })) {
    const [, partition, offset] = _id.split(":");
    const place = `${partition}/${offset}`;
    indicesOf.set(place, [...(indicesOf.get(place) ?? []), _index]);
  }
  const others: string[] = [];
  let missingCommitted = 0;
  for (const [partition, end] of await kafka.ends(topic)) {
    for (let offset = 0; offset < end; offset += 1) {
      if (indicesOf.has(`${partition}/${offset}`)) continue;
      if (offset < (committed.get(partition) ?? 0)) missingCommitted += 1;
      else others.push(`${partition}/${offset}`);
    }
  }
  const doubled = [...indicesOf].flatMap(([place, { length }]) => (length > 1 ? [place] : []));
  return { indicesOf, doubled, missing: { committed: missingCommitted, others } };
}

interface Hit {
  readonly _id: string;
  readonly _index: string;
  readonly sort: unknown[];
}
