import { describe, expect, test } from "bun:test";
import { assert, nat, property, string, uniqueArray } from "fast-check";
import { shareOut, turnsOf } from "../../../lib/rules/spread.ts";

const topicNames = uniqueArray(string({ minLength: 1, maxLength: 20 }), {
  minLength: 1,
  maxLength: 60,
});
const hostNames = uniqueArray(string({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 7 });

/** What each host gets of these topics, all of `partitions`; each group has member ids of its own. */
function sharesOf(hosts: readonly string[], topics: readonly string[], partitions: number): number[] {
  const turns = turnsOf(topics);
  const shares = new Map(hosts.map((host) => [host, 0]));
  for (const [n, topic] of topics.entries()) {
    const members = hosts.map((host, at) => ({ host, memberId: `${(at * 7 + n) % hosts.length}/${host}` }));
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    for (const [memberId, share] of shareOut(all, members, turns.get(topic) ?? 0)) {
      const host = members.find((member) => member.memberId === memberId)?.host ?? "";
      shares.set(host, (shares.get(host) ?? 0) + share.length);
    }
  }
  return [...shares.values()];
}

describe("topics of one partition", () => {
  test("are spread over hosts with a difference of one", () => {
    assert(
      property(hostNames, topicNames, (hosts, topics) => {
        const shares = sharesOf(hosts, topics, 1);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(topics.length);
      }),
    );
  });

  test("of every second name meet all hosts alike, whatever their names have in common", () => {
    const topics = Array.from({ length: 300 }, (_, n) => `service-${n}.${n % 2 === 0 ? "access" : "error"}`);
    const turns = turnsOf(topics);
    const access = topics.filter((topic) => topic.endsWith("access")).map((topic) => turns.get(topic) ?? 0);
    const first = access.filter((turn) => turn % 2 === 0).length;
    expect(first).toBeGreaterThan(50);
    expect(first).toBeLessThan(100);
  });
});

test("partitions of one topic go to hosts with a difference of one, each to one member", () => {
  assert(
    property(hostNames, nat(100), nat(1_000), (hosts, partitions, turn) => {
      const members = hosts.map((host, n) => ({ host, memberId: String(n) }));
      const all = Array.from({ length: partitions }, (_, partition) => partition);
      const shares = [...shareOut(all, members, turn).values()];
      expect(shares.flat().sort((a, b) => a - b)).toEqual(all);
      const sizes = hosts.map((_, n) => shares[n]?.length ?? 0);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});

test("the order in which members are listed changes nothing", () => {
  const members = ["c", "a", "b"].map((host) => ({ host, memberId: `m-${host}` }));
  expect(shareOut([0, 1, 2, 3], members.toReversed(), 5)).toEqual(shareOut([0, 1, 2, 3], members, 5));
});
