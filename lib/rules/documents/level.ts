import { createLineLevelReader } from "../level/line-level.ts";
import { hasLevelSign, type Level, levelOf, levelOrder } from "../level/log-level.ts";
import type { ContainerLine } from "./container.ts";
import type { RecordObject } from "./record-object.ts";

/** So much of a container's text is looked at. */
export const CONTAINER_HEAD_BYTES = 160;

export interface LevelFinder {
  ofText(line: Uint8Array): Level | null;
  /** What a field says; of a container's line that is text, else what stands at its head. */
  ofRecord(record: RecordObject, line: ContainerLine | null): Level | null;
}

const knownNames = 1_000;

/** Kept for many records: names are judged once. */
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

/** Those of the names that may hold a level, in the order in which they are asked. */
export function levelNames(names: Iterable<string>, orderOf: (name: string) => number): string[] {
  const found: string[] = [];
  for (const name of names) if (orderOf(name) !== -1) found.push(name);
  return found.length < 2 ? found : found.sort((one, other) => orderOf(one) - orderOf(other));
}
