import type { Scene } from "../scene.ts";
import { brokerFaults } from "./broker-faults.ts";
import { declarationFaults } from "./declaration-faults.ts";
import { elasticsearchFaults } from "./elasticsearch-faults.ts";
import type { Fault, FaultKind } from "./fault.ts";
import { hostFaults } from "./host-faults.ts";
import { backlog, logFaults } from "./log-faults.ts";

const KINDS: readonly FaultKind[] = [
  ...hostFaults,
  ...brokerFaults,
  ...logFaults,
  ...declarationFaults,
  ...elasticsearchFaults,
  backlog,
];

/** Handovers above all: what is sent twice by one is seen only where nothing else makes anybody send twice. */
const CALM_KINDS = KINDS.filter(({ calm }) => calm).map(oftenWhereHandover);

function oftenWhereHandover(one: FaultKind): FaultKind {
  const hands = one.kind === "host started" || one.kind === "host stopped";
  return hands ? { ...one, weight: one.weight * 4 } : one;
}

/** @returns the fault inflicted; null if none */
export function inflictFault(scene: Scene): Fault | null {
  const kinds = scene.calm ? CALM_KINDS : KINDS;
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
  let at = scene.dice.next() * total;
  const { kind, inflict } = kinds.find(({ weight }) => (at -= weight) < 0) ?? {
    kind: "",
    inflict: () => null,
  };
  const fault = inflict(scene);
  if (fault === null) return null;
  scene.story.note("fault", () => `${kind}: ${fault.to}`);
  return { kind, ...fault };
}
