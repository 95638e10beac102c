import type { Specification } from "../../lib/rules/model/declaration.ts";

/**
 * The declarations in etcd: hosts read them as a whole, in their current state, and are notified of a change sooner or
 * later, each at its own time.
 */
export interface SimulatedDeclarations {
  /** By topic. */
  readonly present: ReadonlyMap<string, Specification>;
  change(next: ReadonlyMap<string, Specification>): void;
  /** @returns a function that ends it */
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
