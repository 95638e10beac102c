import { expect, test } from "bun:test";
import { ownersOf } from "../../../functions/fleet/owners.ts";
import type { RosterMember } from "../../../lib/rules/group/roster.ts";

const self = { host: "self", name: "logs-1", address: "http://logs-1:8080" };

const member = (host: string, address: string | null, own: readonly number[]): RosterMember => ({
  memberId: host,
  clientHost: "10.0.0.7",
  host,
  profile: address === null ? null : { name: "logs-1", version: "1", address, startedAtMs: 0 },
  partitions: new Map([["t", own]]),
  counts: new Map(),
  source: { metadata: new Uint8Array(), assignment: new Uint8Array() },
});

test("owners have the names that the fleet shows; nobody and an unknown group are different things", () => {
  const members = [
    member("self", self.address, [0]),
    member("two", "http://logs-1:8081", [2]),
    member("old", null, [4]),
  ];
  const roster = { members, partitionCounts: new Map([["t", 4]]), isSettled: true };
  expect(ownersOf("t", self, roster)).toEqual([
    { name: "logs-1:8080", address: "http://logs-1:8080" },
    null,
    { name: "logs-1:8081", address: "http://logs-1:8081" },
    null,
    { name: "10.0.0.7", address: null },
  ]);
  expect(ownersOf("u", self, roster)).toEqual([]);
  expect(ownersOf("t", self, null)).toBeNull();
});
