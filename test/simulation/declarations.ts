import type { Specification } from "../../lib/rules/model/declaration.ts";

/**
 * What is declared, as etcd holds it: read whole and as it is at that moment, by hosts that are told of a change sooner or
 * later, each in its own time.
 */
export interface SimulatedDeclarations {
  /** By topic. */
  readonly present: ReadonlyMap<string, Specification>;
  change(next: ReadonlyMap<string, Specification>): void;
  /** @returns ends it */
  watch(onChange: () => void): () => void;
}

export function createSimulatedDeclarations(): SimulatedDeclarations {
  let present: ReadonlyMap<string, Specification> = new Map();
  const watchers = new Set<() => void>();
  return {
    get present() {
      return present;
    },
    change(next) {
      present = next;
      for (const onChange of watchers) onChange();
    },
    watch(onChange) {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
  };
}
