import { expect, test } from "bun:test";
import { encodeAssignment } from "../../../../lib/rules/group/protocol/assignment.ts";
import { encodeSubscription } from "../../../../lib/rules/group/protocol/subscription.ts";
import { type ListedMember, readRoster } from "../../../../lib/rules/group/roster.ts";

const profile = { name: "logs-1", version: "0.2.0", address: "http://logs-1:8080", startedAtMs: 5 };

function listed(host: string, own: readonly number[], isNew = true): ListedMember {
  const subscription = { host, wanted: ["a", "b"], generation: 1, held: new Map(), leaving: new Map() };
  return {
    memberId: `penstock-${host}`,
    clientHost: "/10.0.0.1",
    metadata: encodeSubscription(subscription, ["a", "b"], isNew ? profile : null),
    assignment: encodeAssignment({
      partitions: new Map([["a", own]]),
      topics: [
        { standing: "given", partitions: 4 },
        { standing: "missing", partitions: 0 },
      ],
      room: null,
    }),
  };
}

test("Kafka's description says who is there, and who reads what", () => {
  const roster = readRoster([listed("one", [0, 2]), listed("two", [1], false)], null);
  expect(roster.members).toMatchObject([
    { host: "one", clientHost: "10.0.0.1", profile, partitions: new Map([["a", [0, 2]]]) },
    { host: "two", profile: null, partitions: new Map([["a", [1]]]) },
  ]);
  expect(roster.partitionCounts).toEqual(
    new Map([
      ["a", 4],
      ["b", 0],
    ]),
  );
});

test("a member that is not Penstock is listed without a host", () => {
  const stranger = {
    memberId: "x",
    clientHost: "/10.0.0.9",
    metadata: Buffer.from([9, 9]),
    assignment: Buffer.alloc(0),
  };
  expect(readRoster([stranger], null).members).toMatchObject([{ memberId: "x", host: null, profile: null }]);
});

test("while the group rebalances, Kafka leaves out what members said: it stays known", () => {
  const before = readRoster([listed("one", [0])], null);
  const rebalancing = { ...listed("one", [0]), metadata: new Uint8Array(), assignment: new Uint8Array() };
  expect(readRoster([rebalancing], before).members).toEqual(before.members);
  const after = readRoster([listed("one", [0, 1])], before);
  expect(after.members[0]?.partitions).toEqual(new Map([["a", [0, 1]]]));
});

test("what did not change is not read again", () => {
  const before = readRoster([listed("one", [0])], null);
  expect(readRoster([listed("one", [0])], before).members[0]).toBe(before.members[0]);
});

test("what all members read is known only if each assignment can be read, so not while the group rebalances", () => {
  const [one, two] = [listed("one", [0]), listed("two", [1])];
  const before = readRoster([one, two], null);
  expect(before.isSettled).toBeTrue();
  expect(readRoster([one, two], before).isSettled).toBeTrue();
  const none = new Uint8Array();
  const unread: readonly (readonly ListedMember[])[] = [
    [one, { ...two, assignment: none }],
    [one, { ...two, metadata: none, assignment: none }],
    [one, { ...two, assignment: Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) }],
  ];
  for (const members of unread) {
    const roster = readRoster(members, before);
    expect(roster.isSettled).toBeFalse();
    expect(readRoster(members, roster).isSettled).toBeFalse();
    expect(readRoster([one, two], roster).isSettled).toBeTrue();
  }
});
