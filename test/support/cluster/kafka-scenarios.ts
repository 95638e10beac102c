import { electPreferredWithJava } from "../java-producer.ts";
import { eventually } from "../eventually.ts";
import { busiestBroker, member, withAdmin } from "./places.ts";
import type { ClusterScene, Scenario } from "./scene.ts";
import { DEAD_MS, freeze } from "./timing.ts";
import { CONNECTIONS_PER_ADDRESS, NEW_CONNECTIONS_PER_SECOND } from "./world.ts";

/** Longer than a consumer's session, and than kafkajs' few retries. */
const SILENT_MS = 25_000;
/** Longer than a session. */
const CUT_OFF_MS = 25_000;
const UNREACHABLE_MS = 30_000;
const MOVED_WITHIN_MS = 60_000;
/** New leaders serve this long before the next fault. */
const REST_MS = 5_000;

export const kafkaScenarios: readonly Scenario[] = [
  {
    name: "killed-broker",
    about: "broker that leads and coordinates SIGKILL",
    async inflict({ world, kafka, topics, groups }) {
      const broker = member(world.stack.members.kafka, await busiestBroker(kafka, topics, groups));
      await broker.kill();
      await Bun.sleep(DEAD_MS);
      await broker.start();
    },
  },
  {
    name: "silent-broker",
    about: `first broker of the list SIGSTOP ${SILENT_MS / 1_000} s`,
    async inflict({ world }) {
      await freeze(world.stack.kafka, SILENT_MS);
    },
  },
  {
    name: "rolling-brokers",
    about: "brokers restarted one after the other",
    async inflict({ world, random }) {
      const first = random.below(world.stack.members.kafka.length);
      const brokers = [
        ...world.stack.members.kafka.slice(first),
        ...world.stack.members.kafka.slice(0, first),
      ];
      for (const broker of brokers) {
        await broker.restart();
        await world.untilInSync();
      }
    },
  },
  {
    name: "moved-leaders",
    about: "replicas reassigned, preferred leaders elected, twice",
    async inflict(scene) {
      for (let turn = 0; turn < 2; turn += 1) {
        await reassign(scene);
        await electPreferredWithJava(scene.world.brokers, scene.world.kafkaVersion);
        await Bun.sleep(REST_MS);
      }
    },
  },
  {
    name: "unreachable-broker",
    about: `a broker's advertised address is dead for ${UNREACHABLE_MS / 1_000} s, for all hosts`,
    way: "own",
    // A third of the partitions cannot be read.
    unready: ["kafka", "progress"],
    async inflict({ world, hosts, random }) {
      const broker = random.below(world.brokers.length);
      const proxies = hosts.flatMap((host) => world.routeOf(host).proxies.slice(broker, broker + 1));
      await Promise.all(proxies.map((proxy) => proxy.refuse()));
      await Bun.sleep(UNREACHABLE_MS);
      await Promise.all(proxies.map((proxy) => proxy.reset()));
    },
  },
  {
    name: "cut-off-host",
    about: `one host cut off from Kafka alone for ${CUT_OFF_MS / 1_000} s, longer than its session`,
    way: "own",
    unready: ["kafka", "progress"],
    async inflict({ world, hosts, random }) {
      const { proxies } = world.routeOf(random.pick(hosts));
      for (const proxy of proxies) {
        proxy.halfOpen();
        proxy.block();
      }
      await Bun.sleep(CUT_OFF_MS);
      for (const proxy of proxies) proxy.unblock();
    },
  },
  {
    name: "few-connections",
    about: `${CONNECTIONS_PER_ADDRESS} connections an address and ${NEW_CONNECTIONS_PER_SECOND} new ones a second, 60 topics more, all cut once`,
    way: "narrow",
    idleTopics: 60,
    unready: ["kafka"],
    async inflict({ world }) {
      for (const proxy of world.narrowRoute.proxies) proxy.cut();
      await Bun.sleep(REST_MS);
    },
  },
];

/** Rotates the replicas of each partition to change the preferred one; first reduces them to two, so that data moves too. */
async function reassign({ kafka, topics }: ClusterScene): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics, "__consumer_offsets"] });
    for (const count of [2, 3]) {
      const wanted = found.map(({ name, partitions }) => ({
        topic: name,
        partitionAssignment: partitions.map(({ partitionId, replicas: [first = 0, ...others] }) => ({
          partition: partitionId,
          replicas: [...others, first].slice(0, count),
        })),
      }));
      await admin.alterPartitionReassignments({ topics: wanted });
      await eventually(
        "no reassignment is under way",
        async () => (await admin.listPartitionReassignments({})).topics.length === 0,
        MOVED_WITHIN_MS,
      );
    }
  });
}
