import type { Specification } from "../../../lib/rules/model/declaration.ts";
import { otherNames, type Scene, TOPIC_NAMES } from "../scene.ts";
import { type FaultKind, type Inflicted, spread } from "./fault.ts";

/** Declarations change. */
export const declarationFaults: readonly FaultKind[] = [
  {
    kind: "topic undeclared",
    weight: 3,
    calm: true,
    inflict(scene) {
      const declared = [...scene.declarations.present.values()];
      if (declared.length < 2) return null;
      const gone = scene.dice.pick(declared);
      scene.declare(declared.filter((spec) => spec !== gone));
      const back = (): void => {
        if (!scene.declarations.present.has(gone.topic))
          scene.declare([...scene.declarations.present.values(), gone]);
      };
      if (scene.dice.below(3) > 0) scene.later(spread(scene, 20, 5_000), back);
      return { to: gone.topic };
    },
  },
  {
    kind: "topic declared",
    weight: 3,
    calm: true,
    inflict(scene) {
      const topic = TOPIC_NAMES.find((name) => !scene.declarations.present.has(name));
      if (topic === undefined) return null;
      scene.declare([...scene.declarations.present.values(), scene.specOf(topic)]);
      if (!scene.kafka.topics().has(topic))
        scene.later(spread(scene, 0, 1_500), () => {
          if (!scene.kafka.topics().has(topic)) scene.createTopic(topic, 1 + scene.dice.below(3));
        });
      return { to: topic };
    },
  },
  {
    kind: "settings changed",
    weight: 3,
    calm: true,
    inflict: (scene) => changeSpec(scene, (spec) => ({ ...spec, message: `m${scene.dice.below(1_000)}` })),
  },
  {
    kind: "index changed",
    weight: 2,
    calm: false,
    inflict: (scene) =>
      changeSpec(scene, (spec) => {
        return { ...spec, index: scene.dice.pick(otherNames(spec.topic)) };
      }),
  },
];

function changeSpec(scene: Scene, change: (spec: Specification) => Specification): Inflicted {
  const specs = [...scene.declarations.present.values()];
  if (specs.length === 0) return null;
  const changed = scene.dice.pick(specs);
  scene.declare(specs.map((spec) => (spec === changed ? change(spec) : spec)));
  return { to: changed.topic };
}
