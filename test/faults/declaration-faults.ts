import { describe, expect, test } from "bun:test";
import { Etcd3 } from "etcd3";
import { startStack } from "../../infra/stack/stack.ts";
import { eventually } from "../support/eventually.ts";
import type { Replica } from "../support/faults/replica.ts";
import { uniqueName } from "../support/kafka.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import type { Play, Stage } from "./play.ts";

/** Longer than the host's own limit for an answer of etcd. */
const FROZEN_MS = 8_000;

interface EtcdStage extends Stage {
  readonly etcd: Etcd3;
  readonly server: Awaited<ReturnType<typeof startStack>>["etcd"];
  /** Declares another existing topic in etcd, and waits until the host runs it. */
  readonly declareAnother: () => Promise<void>;
  /** Whether etcd's check of /readyz has this result. */
  readonly untilEtcd: (ok: boolean) => Promise<void>;
  /** Between the host and etcd. */
  readonly way: TcpProxy;
}

/** Declarations change, or their source is unreachable, while records move. */
export function describeDeclarationFaults(play: Play): void {
  /** A scene with its own etcd, so that several may run at once. */
  async function playWithEtcd(fault: string, inflict: (stage: EtcdStage) => Promise<void>): Promise<void> {
    await using stack = await startStack({ kafka: false, elasticsearch: false });
    const [endpoint = ""] = stack.etcd.endpoints;
    await using way = await startTcpProxy(endpoint);
    const key = uniqueName("key");
    const etcd = new Etcd3({ hosts: endpoint });
    try {
      await play({ fault, config: { etcd: { endpoints: [way.url], keys: [key] } } }, async (stage) => {
        const [{ host }] = stage.replicas;
        const declared: string[] = [];
        await inflict({
          ...stage,
          etcd,
          server: stack.etcd,
          way,
          declareAnother: async () => {
            const topic = uniqueName("fault-declared");
            await stage.world.kafka.createTopic(topic);
            declared.push(topic);
            await eventually("etcd takes it", async () => {
              await etcd.put(key).value(JSON.stringify(declared));
              return true;
            });
            await host.untilTopic(topic, "runs", ({ state }) => state === "running", 60_000);
          },
          untilEtcd: async (ok) => {
            await eventually(`etcd's check is ${ok ? "well" : "failing"}`, async () => {
              const { checks } = (await (await host.fetch("/readyz")).json()) as Readiness;
              return checks.etcd?.ok === ok;
            });
          },
        });
      });
    } finally {
      etcd.close();
    }
  }

  describe("declarations", () => {
    test.concurrent(
      "etcd is killed: its topics keep moving, and what changes after is seen",
      () =>
        playWithEtcd("etcd SIGKILL", async ({ server, declareAnother, untilEtcd, untilMoved, over }) => {
          await declareAnother();
          await server.kill();
          await untilEtcd(false);
          await untilMoved();
          await server.start();
          over();
          await declareAnother();
        }),
      1_200_000,
    );

    test.concurrent(
      "etcd stands still: its topics keep moving, and what changes after is seen",
      () =>
        playWithEtcd("etcd SIGSTOP", async ({ server, declareAnother, untilEtcd, untilMoved, over }) => {
          await declareAnother();
          server.freeze();
          const frozenAt = performance.now();
          await untilEtcd(false);
          await untilMoved();
          await Bun.sleep(Math.max(0, FROZEN_MS - (performance.now() - frozenAt)));
          server.thaw();
          over();
          await declareAnother();
        }),
      1_200_000,
    );

    test.concurrent(
      "etcd is compacted under the watch",
      () =>
        playWithEtcd("etcd compacted", async ({ etcd, way, declareAnother, untilMoved, over }) => {
          await declareAnother();
          // A change that the watch missed before the cut is compacted by the time it resumes.
          way.block();
          let revision = "0";
          for (let n = 0; n < 20; n += 1) {
            ({ revision } = (await etcd.put(uniqueName("other")).value("x")).header);
          }
          await etcd.kv.compact({ revision, physical: true });
          way.unblock();
          over();
          await untilMoved();
          await declareAnother();
        }),
      1_200_000,
    );

    test.concurrent(
      "the config file is rewritten: other topics come and go, and the settings of bulks change",
      () =>
        play({ fault: "config rewritten", topics: [{}, { partitions: 1 }] }, async (stage) => {
          const { plans, world, replicas, untilMoved } = stage;
          const [replica] = replicas;
          const declared = plans.map(({ topic, format }) => ({ topic, format }));
          const others = [0, 1, 2].map(() => uniqueName("fault-other"));
          for (const topic of others) await world.kafka.createTopic(topic);
          const bulks = [
            { maxDocuments: 100 },
            { concurrency: 1 },
            { maxBytes: "100kb" },
            { maxDocuments: 5_000, concurrency: 8 },
          ];
          for (const [n, bulk] of bulks.entries()) {
            const other = others[n % others.length] ?? "";
            await replica.configure({
              topics: [...declared, other],
              elasticsearch: { nodes: [replica.lane.elasticsearch.url], bulk },
            });
            await replica.host.untilTopic(other, "runs", ({ state }) => state === "running");
            await untilMoved();
            // The topic itself is deleted and created again, too.
            await replica.configure({ topics: [...declared.slice(1), other] });
            await untilGone(replica, declared[0]?.topic ?? "");
            await replica.configure({ topics: declared });
            await untilGone(replica, other);
            await untilMoved();
          }
          expect(replica.running).toBe(true);
        }),
      1_200_000,
    );
  });
}

function untilGone({ host }: Replica, topic: string): Promise<unknown> {
  return eventually(
    `${topic} is gone from the host`,
    async () => !(await host.topics()).some((status) => status.topic === topic),
  );
}

interface Readiness {
  readonly checks: { readonly etcd?: { readonly ok: boolean } };
}
