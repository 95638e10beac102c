import { expect, test } from "bun:test";
import { createFleetWatch } from "../../../../infra/host/fleet/fleet-watch.ts";
import type { GroupWatch } from "../../../../infra/host/fleet/group-watch.ts";
import type { Roster } from "../../../../lib/rules/group/roster.ts";

const profile = { name: "a", version: "1.0.0", address: "http://a:80", startedAtMs: 0 };
const other = {
  memberId: "m",
  clientHost: "10.0.0.2",
  host: "b-id",
  profile: { ...profile, name: "b", address: "http://b:80" },
  partitions: new Map([["t", [1]]]),
  counts: new Map(),
  source: { metadata: new Uint8Array(), assignment: new Uint8Array() },
};
const roster: Roster = { members: [other], partitionCounts: new Map([["t", 2]]), isSettled: true };

/** @param look what Kafka says to each question */
function watchOf(look: () => Pick<GroupWatch, "roster" | "problem">) {
  let told: Pick<GroupWatch, "roster" | "problem"> = { roster: null, problem: null };
  const members: GroupWatch = {
    get roster() {
      return told.roster;
    },
    get problem() {
      return told.problem;
    },
    gone: [],
    look: async () => void (told = look()),
    stop: async () => {},
  };
  return createFleetWatch({
    id: "a-id",
    profile,
    members,
    peers: { states: new Map(), look: async () => {}, stop: async () => {} },
    group: () => "g",
    monotonicMs: () => 0,
    report: () => {
      throw new Error("nobody asked for figures");
    },
  });
}

test("the current owners are those that Kafka tells now; what it told before does not count", async () => {
  const answers = [
    { roster, problem: null },
    { roster, problem: "Kafka could not be asked who is in the group" },
    { roster: null, problem: null },
    { roster: { ...roster, isSettled: false }, problem: null },
  ];
  const watch = watchOf(() => answers.shift() ?? { roster: null, problem: null });
  expect(await watch.currentOwners("t")).toEqual([null, { name: "b", address: "http://b:80" }]);
  expect(await watch.currentOwners("t")).toBeNull();
  expect(await watch.currentOwners("t")).toBeNull();
  expect(await watch.currentOwners("t")).toBeNull();
});
