import type { SeededRandom } from "../../../infra/bench/kit/random.ts";
import type { Replica } from "./replica.ts";
import type { Scene } from "./scene.ts";

/** A fault that can happen to any scene at any time. */
export interface RandomFault {
  readonly name: string;
  /** Resolves when it is over, with everything restored and running again. */
  inflict(scene: Scene): Promise<void>;
}

/** Minimum and maximum seconds that something is frozen or unreachable. */
export type Span = readonly [fewest: number, most: number];

/** Draws the next fault with all its random choices, so that the same seed gives the same fault. */
export function drawFault(random: SeededRandom, replicas: number, span: Span): RandomFault {
  const n = random.below(replicas);
  const [fewest, most] = span;
  const seconds = fewest + random.below(most - fewest + 1);
  const ofHost = (scene: Scene): Replica => {
    const replica = scene.replicas[n];
    if (replica === undefined) throw new Error(`there is no host ${n}`);
    return replica;
  };
  const wait = (): Promise<void> => Bun.sleep(seconds * 1_000);
  const host = `host ${n}`;
  const during = `for ${seconds} s`;

  const faults: readonly RandomFault[] = [
    {
      name: `${host} SIGKILL`,
      async inflict(scene) {
        await ofHost(scene).end("SIGKILL");
        await ofHost(scene).start();
      },
    },
    {
      name: `${host} SIGTERM`,
      async inflict(scene) {
        await ofHost(scene).end("SIGTERM");
        await ofHost(scene).start();
      },
    },
    {
      name: `${host} SIGSTOP ${during}`,
      async inflict(scene) {
        ofHost(scene).host.signal("SIGSTOP");
        await wait();
        ofHost(scene).host.signal("SIGCONT");
      },
    },
    {
      name: `${host} configured anew`,
      async inflict(scene) {
        const replica = ofHost(scene);
        const bulk = { maxDocuments: 100 + random.below(3_000), concurrency: 1 + random.below(6) };
        await replica.configure({ elasticsearch: { nodes: [replica.lane.elasticsearch.url], bulk } });
      },
    },
    ...(["Elasticsearch", "Kafka"] as const).flatMap((name): RandomFault[] => {
      const server = (scene: Scene) =>
        name === "Kafka" ? scene.world.stack.kafka : scene.world.stack.elasticsearch;
      const way = (scene: Scene) => {
        const { lane } = ofHost(scene);
        return name === "Kafka" ? lane.kafka : lane.elasticsearch;
      };
      const lose = (what: "requests" | "answers"): RandomFault => ({
        name: `${host}'s ${what} ${what === "requests" ? "to" : "of"} ${name} lost ${during}`,
        async inflict(scene) {
          way(scene).block(what);
          await wait();
          way(scene).unblock();
        },
      });
      return [
        {
          name: `${name} SIGKILL`,
          async inflict(scene) {
            await server(scene).kill();
            await server(scene).start();
          },
        },
        {
          name: `${name} SIGSTOP ${during}`,
          async inflict(scene) {
            server(scene).freeze();
            await wait();
            server(scene).thaw();
          },
        },
        {
          name: `${host}'s connections to ${name} cut`,
          async inflict(scene) {
            way(scene).cut();
            way(scene).cutInAnswer();
            return Promise.resolve();
          },
        },
        {
          name: `${host}'s connections to ${name} half-open`,
          async inflict(scene) {
            way(scene).halfOpen();
            return Promise.resolve();
          },
        },
        {
          name: `${host} 200 ms away from ${name} ${during}`,
          async inflict(scene) {
            way(scene).delay(200);
            await wait();
            way(scene).delay(0);
          },
        },
        lose("requests"),
        lose("answers"),
      ];
    }),
  ];
  return random.pick(faults);
}
