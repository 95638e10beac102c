import { createLineLevelReader } from "../level/line-level.ts";
import { hasLevelSign, type Level, levelOf, levelOrder } from "../level/log-level.ts";
import type { ContainerLine } from "./container.ts";
import type { RecordObject } from "./record-object.ts";

/** Limits the part of a container's text that is searched for a level. */
export const CONTAINER_HEAD_BYTES = 160;

export interface LevelFinder {
  ofText(line: Uint8Array): Level | null;
  /** The level from a field, or else from the head of a container's text line. */
  ofRecord(record: RecordObject, line: ContainerLine | null): Level | null;
}

const knownNames = 1_000;

/** Reuse it for many records: it caches the order of names. */
export function createLevelFinder(): LevelFinder {
  const ofText = createLineLevelReader();
  const orders = new Map<string, number>();

  return {
    ofText,
    ofRecord({ members, object }, line) {
      for (const name of levelNames(members.keys(), orderOf)) {
        const level = levelOf(name, object[name], hasLevelSign(name, members.keys()));
        if (level !== null) return level;
      }
      if (line === null || line.merged) return null;
      const head = Buffer.from(line.text.slice(0, CONTAINER_HEAD_BYTES));
      return ofText(head.subarray(0, CONTAINER_HEAD_BYTES));
    },
  };

  function orderOf(name: string): number {
    const known = orders.get(name);
    if (known !== undefined) return known;
    if (orders.size === knownNames) orders.clear();
    const order = levelOrder(name);
    orders.set(name, order);
    return order;
  }
}

/** The names that may contain a level, in order of precedence. */
export function levelNames(names: Iterable<string>, orderOf: (name: string) => number): string[] {
  const found: string[] = [];
  for (const name of names) if (orderOf(name) !== -1) found.push(name);
  return found.length < 2 ? found : found.sort((one, other) => orderOf(one) - orderOf(other));
}
