import { describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

/**
 * Where an `_id` is unique per backing index only, records may be written twice: once by a host that was killed before
 * it heard of it, and once more by the next one, to another index. Real servers, with answers lost on purpose.
 */
const stack = useStack();

const PARTITIONS = 3;
const EACH = 20;

interface Crossing {
  /** The target of the declaration. */
  readonly target: (name: string) => object;
  /** Its target after the crash; absent: the same. */
  readonly afterwards?: (name: string) => object;
  readonly prepare?: (name: string) => Promise<void>;
  /** Happens between the lost answer and the second attempt. */
  readonly meanwhile: (name: string) => Promise<void>;
  /** Everything that may hold documents. */
  readonly places: (name: string) => string;
  readonly isKilled: boolean;
}

const ask = async (method: string, path: string, body?: object): Promise<void> => {
  const answer = await stack.elasticsearch.request(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
};
const withAlias = (name: string) =>
  ask("PUT", `/${name}-000001`, { aliases: { [name]: { is_write_index: true } } });
const rollOver = (name: string) => ask("POST", `/${name}/_rollover`);
const moveAlias = async (name: string): Promise<void> => {
  await ask("PUT", `/${name}-next`);
  await ask("POST", "/_aliases", {
    actions: [
      { remove: { index: `${name}-000001`, alias: name } },
      { add: { index: `${name}-next`, alias: name } },
    ],
  });
};
const nothing = (): Promise<void> => Promise.resolve();

/** @returns how many documents there are, and how many different ones */
async function cross(crossing: Crossing): Promise<{ readonly documents: number; readonly ids: number }> {
  const { kafka, config, addresses } = stack;
  const name = uniqueName("sent").toLowerCase();
  await crossing.prepare?.(name);
  await kafka.createTopic(name, PARTITIONS);
  let written = 0;
  const produce = async (): Promise<void> => {
    const messages = Array.from({ length: PARTITIONS * EACH }, (_, at) => ({
      value: `line ${written + at}`,
      partition: at % PARTITIONS,
    }));
    await kafka.produce(name, messages);
    written += messages.length;
  };
  await using proxy = await startTcpProxy(addresses.elasticsearchNode);
  const declared = (target: object) => ({
    ...config,
    kafka: { ...config.kafka, group: name },
    elasticsearch: { nodes: [proxy.url] },
    topics: [{ topic: name, ...target }],
  });
  const isDone = (host: TestHost) =>
    host.untilTopic(
      name,
      `all ${written} are committed`,
      ({ partitions }) => partitions.reduce((sum, { committed }) => sum + (committed ?? 0), 0) === written,
      60_000,
    );
  const idsThere = async (): Promise<readonly string[]> => {
    const found = await stack.elasticsearch.documents(crossing.places(name));
    return found.map(({ _id: id }) => id);
  };

  await using first = await startTestHost(declared(crossing.target(name)));
  await produce();
  await isDone(first);
  proxy.block("answers");
  await produce();
  await eventually(
    "documents that the host was not told of",
    async () => (await idsThere()).length === written,
    90_000,
  );
  if (crossing.isKilled) {
    first.signal("SIGKILL");
    await first.exited;
  }
  await crossing.meanwhile(name);
  proxy.unblock();
  const afterwards = crossing.afterwards ?? crossing.target;
  await using second = crossing.isKilled ? await startTestHost(declared(afterwards(name))) : null;
  await produce();
  await isDone(second ?? first);
  const ids = await idsThere();
  expect(new Set(ids).size).toBe(written);
  return { documents: ids.length, ids: written };
}

const once = { documents: 3 * PARTITIONS * EACH, ids: 3 * PARTITIONS * EACH };
const onIndex = (name: string) => ({ index: name });
const onStream = (name: string) => ({ dataStream: `logs-${name}-test` });
const streamOf = (name: string): string => `logs-${name}-test`;

describe("a host is killed with answers on their way, and each record is there once, although", () => {
  test.concurrent.each<[string, Omit<Crossing, "isKilled">]>([
    [
      "its data stream rolled over",
      { target: onStream, meanwhile: (name) => rollOver(streamOf(name)), places: streamOf },
    ],
    [
      "its alias rolled over",
      { target: onIndex, prepare: withAlias, meanwhile: rollOver, places: (name) => `${name}-*` },
    ],
    [
      "its alias was moved by hand, and the former index was taken out",
      { target: onIndex, prepare: withAlias, meanwhile: moveAlias, places: (name) => `${name}-*` },
    ],
    [
      "the declaration names another index",
      {
        target: onIndex,
        afterwards: (name) => ({ index: `${name}-renamed` }),
        meanwhile: nothing,
        places: (name) => `${name}*`,
      },
    ],
    [
      "the declaration names a data stream instead of a dated index",
      {
        target: (name) => ({ index: `${name}-{yyyy.MM.dd}` }),
        afterwards: onStream,
        meanwhile: nothing,
        places: (name) => `${name}-*,${streamOf(name)}*`,
      },
    ],
  ])(
    "%s",
    async (_, crossing) => {
      expect(await cross({ ...crossing, isKilled: true })).toEqual(once);
    },
    480_000,
  );
});

describe("answers are lost, and each record is there once, although", () => {
  test.concurrent.each<[string, Omit<Crossing, "isKilled">]>([
    [
      "the data stream rolled over before the next attempt",
      { target: onStream, meanwhile: (name) => rollOver(streamOf(name)), places: streamOf },
    ],
    [
      "the alias was moved by hand before the next attempt, and the former index was taken out",
      { target: onIndex, prepare: withAlias, meanwhile: moveAlias, places: (name) => `${name}-*` },
    ],
  ])(
    "%s",
    async (_, crossing) => {
      expect(await cross({ ...crossing, isKilled: false })).toEqual(once);
    },
    480_000,
  );
});
