import { expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const TOPICS = 300;
/** A killed member's session takes 6 s to expire, and the machine may be busy. */
const SETTLE_WITHIN_MS = 90_000;

/** Longer than a host needs to follow its assignment. */
const ONCE_MORE_MS = 1_000;

const servers = useStack();

/**
 * How many topics each host owns, once the group has all hosts as members and each topic exactly one owner. Seen twice: the
 * broker knows the next assignment before hosts that are about to let go of some.
 */
async function settled(group: string, hosts: readonly TestHost[]): Promise<number[]> {
  let before = "";
  return eventually(
    `${hosts.length} hosts own ${TOPICS} partitions`,
    async () => {
      const groups = await servers.kafka.groups([group]);
      const stable = groups.every(
        ({ state, members }) => state === "Stable" && members.length === hosts.length,
      );
      if (!stable) {
        before = "";
        return null;
      }
      const owned = await Promise.all(
        hosts.map(async (host) =>
          (await host.topics()).flatMap(({ topic, partitions }) =>
            partitions.some((partition) => partition.owned) ? [topic] : [],
          ),
        ),
      );
      const all = owned.flat();
      const once = all.length === TOPICS && new Set(all).size === TOPICS;
      const isSeenAgain = JSON.stringify(owned) === before;
      before = JSON.stringify(owned);
      if (once && isSeenAgain) return owned.map((some) => some.length);
      await Bun.sleep(ONCE_MORE_MS);
      return null;
    },
    SETTLE_WITHIN_MS,
  );
}

test("300 topics of one partition are spread evenly over hosts that start and are killed", async () => {
  const run = uniqueName("spread");
  const topics = Array.from({ length: TOPICS }, (_, n) => `${run}-${n}`);
  const { admin } = servers.kafka;
  await using resources = new AsyncDisposableStack();
  await admin.createTopics({
    topics: topics.map((topic) => ({ topic, numPartitions: 1 })),
    waitForLeaders: false,
    timeout: 20_000,
  });
  resources.defer(() => admin.deleteTopics({ topics, timeout: 20_000 }));
  const start = async (): Promise<TestHost> =>
    resources.use(
      await startTestHost({
        ...servers.config,
        kafka: { ...servers.config.kafka, group: run },
        topics,
      }),
    );

  const lines: string[] = [];
  /** 25 to 42 % with three hosts: three quarters to five quarters of a fair share. */
  const expectFair = async (what: string, hosts: readonly TestHost[]): Promise<void> => {
    const from = performance.now();
    const owned = await settled(run, hosts);
    const seconds = ((performance.now() - from) / 1_000).toFixed(1);
    const shares = owned.map((count) => `${((100 * count) / TOPICS).toFixed(1)} %`).join(", ");
    lines.push(`${what.padEnd(40)}${shares.padEnd(34)}settled after ${seconds} s`);
    for (const count of owned) {
      expect((count / TOPICS) * hosts.length).toBeWithin(0.75, 1.26);
    }
  };
  const [first, second, third] = await Promise.all([start(), start(), start()]);
  await expectFair("three start at once", [first, second, third]);
  const fourth = await start();
  await expectFair("a fourth joins", [first, second, third, fourth]);
  first.signal("SIGKILL");
  await first.exited;
  await expectFair("one of the four is killed", [second, third, fourth]);
  process.stdout.write(`\n${lines.join("\n")}\n`);
}, 960_000);
