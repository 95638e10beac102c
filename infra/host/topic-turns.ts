import { turnsOf } from "../../lib/rules/spread.ts";

/**
 * Remembers the turns of a host's topics while they are the same many: a thousand groups may be shared out within a second.
 * Where another topic took the place of one, it may be a step behind, which makes shares a little less even, and no more.
 */
export function createTopicTurns(topics: () => ReadonlyMap<string, unknown>): (topic: string) => number {
  let turns: ReadonlyMap<string, number> = new Map();
  return (topic) => {
    const known = topics();
    if (known.size !== turns.size || !turns.has(topic)) turns = turnsOf(known.keys());
    return turns.get(topic) ?? 0;
  };
}
