import type { Scene } from "../scene.ts";
import { type FaultKind, type Inflicted, spread } from "./fault.ts";

/** Faults of record targets: indices, pipelines, the dead-letter topic. */
export const elasticsearchFaults: readonly FaultKind[] = [
  ...(
    ["busy", "failing", "refusing", "silent", "losing answers", "cutting answers", "belated", "slow"] as const
  ).map((trouble): FaultKind => ({
    kind: `Elasticsearch ${trouble}`,
    weight: 1.5,
    calm: false,
    inflict(scene) {
      const share = scene.dice.pick([0.3, 0.7, 1]);
      scene.elasticsearch.troubleCluster(trouble, share);
      const end = (): void => scene.elasticsearch.troubleCluster(null, 0);
      scene.later(spread(scene, 100, 6_000), end);
      return { to: `${share * 100} % of the bulks`, end };
    },
  })),
  ...(["unallocated", "blocked", "slow", "busy"] as const).map((trouble): FaultKind => ({
    kind: `index ${trouble}`,
    weight: 1.5,
    calm: false,
    inflict: (scene) =>
      withIndex(scene, (index) => {
        scene.elasticsearch.troubleIndex(index, trouble);
        const end = (): void => scene.elasticsearch.troubleIndex(index, null);
        scene.later(spread(scene, 200, 8_000), end);
        return { to: index, end };
      }),
  })),
  {
    kind: "index lost",
    weight: 1,
    calm: false,
    inflict: (scene) =>
      withIndex(scene, (index) => {
        scene.elasticsearch.loseIndex(index);
        return { to: index };
      }),
  },
  {
    kind: "rollover",
    weight: 3,
    calm: true,
    inflict: (scene) =>
      withIndex(scene, (index) => {
        const next = scene.elasticsearch.documents.rollOver(index);
        return next === null ? null : { to: `${index}, to ${next}` };
      }),
  },
  {
    kind: "former indices deleted",
    weight: 2,
    calm: false,
    inflict: (scene) =>
      withIndex(scene, (index) => {
        const deleted = scene.elasticsearch.loseFormer(index);
        return deleted === 0 ? null : { to: `${index}, ${deleted} of them` };
      }),
  },
  ...(["failing", "missing"] as const).map((trouble): FaultKind => ({
    kind: `pipeline ${trouble}`,
    weight: 1,
    calm: false,
    inflict(scene) {
      scene.elasticsearch.troublePipeline("pipe", trouble);
      const end = (): void => scene.elasticsearch.troublePipeline("pipe", null);
      scene.later(spread(scene, 200, 6_000), end);
      return { to: "pipe", end };
    },
  })),
  ...(["refusing", "losing answers", "slow"] as const).map((trouble): FaultKind => ({
    kind: `dead letters ${trouble}`,
    weight: 1,
    calm: trouble === "slow",
    inflict(scene) {
      scene.deadLetters.trouble(trouble);
      const end = (): void => scene.deadLetters.trouble(null);
      scene.later(spread(scene, 200, 5_000), end);
      return { to: "their topic", end };
    },
  })),
];

/** Long enough that records waiting for an outcome count as stalled. */
const LONG_MS = 66_000;

/** A long fault of Elasticsearch or a part of it. @returns when that ends */
export function inflictLong(scene: Scene, atMs: number): number {
  const untilMs = atMs + LONG_MS + scene.dice.next() * 8_000;
  const { elasticsearch, deadLetters, time, dice, story } = scene;
  const specs = [...scene.declarations.present.values()];
  const [begin, end] = dice.pick([
    [() => elasticsearch.troubleIndex(dice.pick(specs).index, "blocked"), () => elasticsearch.heal()],
    [() => elasticsearch.troubleCluster("failing", 1), () => elasticsearch.heal()],
    [() => elasticsearch.troubleCluster("silent", 1), () => elasticsearch.heal()],
    [() => elasticsearch.troublePipeline("pipe", "failing"), () => elasticsearch.heal()],
    [() => deadLetters.trouble("refusing"), () => deadLetters.trouble(null)],
  ] as const);
  time.after(atMs, () => {
    story.note("fault", "something of Elasticsearch's is in trouble for long");
    begin();
  });
  time.after(untilMs, end);
  return untilMs;
}

function withIndex(scene: Scene, inflict: (index: string) => Inflicted): Inflicted {
  const specs = [...scene.declarations.present.values()];
  return specs.length === 0 ? null : inflict(scene.dice.pick(specs).index);
}
