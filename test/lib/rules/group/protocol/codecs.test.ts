import { describe, expect, test } from "bun:test";
import { deflateRawSync } from "node:zlib";
import { AssignerProtocol } from "kafkajs";
import {
  array,
  assert,
  constantFrom,
  dictionary,
  integer,
  nat,
  property,
  record,
  string,
  uint8Array,
  uniqueArray,
} from "fast-check";
import {
  decodeAssignment,
  encodeAssignment,
  STANDINGS,
} from "../../../../../lib/rules/group/protocol/assignment.ts";
import {
  decodeSubscription,
  encodeSubscription,
  type Subscription,
} from "../../../../../lib/rules/group/protocol/subscription.ts";

const { MemberAssignment, MemberMetadata } = AssignerProtocol;
const names = uniqueArray(string({ minLength: 1, maxLength: 30 }), { maxLength: 30 }).map((all) =>
  all.sort(),
);
const partitions = uniqueArray(nat(5_000), { maxLength: 20 }).map((all) => all.sort((a, b) => a - b));
const byTopic = dictionary(string({ minLength: 1, maxLength: 20 }), partitions).map(
  (all) => new Map(Object.entries(all)),
);
const subscriptions = record({
  host: string(),
  wanted: names,
  generation: integer({ min: -1, max: 2 ** 31 - 1 }),
  held: byTopic,
  leaving: byTopic,
});

const sorted = (map: Subscription["held"]): unknown => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

describe("a subscription", () => {
  test("is read as it was written", () => {
    assert(
      property(subscriptions, names, (subscription, named) => {
        const read = decodeSubscription(encodeSubscription(subscription, named));
        if (read.kind !== "ours") throw new Error(read.kind);
        expect(read.named).toEqual(named);
        const { held, leaving, ...rest } = read.subscription;
        const { held: writtenHeld, leaving: writtenLeaving, ...written } = subscription;
        expect(rest).toEqual(written);
        expect(sorted(held)).toEqual(sorted(writtenHeld));
        expect(sorted(leaving)).toEqual(sorted(writtenLeaving));
      }),
    );
  });

  test("says who the host is, which versions without that do not notice", () => {
    const profile = {
      name: "logs-1",
      version: "0.2.0",
      address: "https://logs-1:8443",
      startedAtMs: 1_795_000_000_000,
    };
    const subscription = {
      host: "h",
      wanted: ["a"],
      generation: 3,
      held: new Map([["a", [0]]]),
      leaving: new Map(),
    };
    const read = decodeSubscription(encodeSubscription(subscription, ["a"], profile));
    expect(read).toEqual({ kind: "ours", named: ["a"], subscription, profile });
    expect(decodeSubscription(encodeSubscription(subscription, ["a"]))).toMatchObject({
      subscription,
      profile: null,
    });
  });

  test.each([
    { address: "javascript:alert(1)" },
    { address: "http://user:secret@logs-1:8080" },
    { address: "http://logs-1:8080/path" },
    { address: `http://${"a".repeat(300)}` },
    { address: "file:///etc/passwd" },
    { name: "\u001b[2J" },
    { name: "a\u202eb" },
    { name: "" },
    { name: "a".repeat(256) },
    { version: "1".repeat(65) },
    { startedAtMs: -1 },
  ])("with %p in its profile is read without the profile", (change) => {
    const profile = {
      name: "logs-1",
      version: "0.2.0",
      address: "http://logs-1:8080",
      startedAtMs: 0,
      ...change,
    };
    const subscription = { host: "h", wanted: ["a"], generation: 3, held: new Map(), leaving: new Map() };
    expect(decodeSubscription(encodeSubscription(subscription, ["a"], profile))).toMatchObject({
      kind: "ours",
      subscription,
      profile: null,
    });
  });

  test("names to Kafka the given topics", () => {
    const bytes = encodeSubscription(
      { host: "h", wanted: ["a", "b"], generation: 1, held: new Map(), leaving: new Map() },
      ["b", "ü"],
    );
    expect(MemberMetadata.decode(Buffer.from(bytes))).toMatchObject({ version: 0, topics: ["b", "ü"] });
  });

  test("from another client, truncated or invented is foreign, not an error", () => {
    const other = MemberMetadata.encode({ version: 1, topics: ["a"], userData: Buffer.from("host") });
    expect(decodeSubscription(other)).toEqual({ kind: "foreign" });
    const own = encodeSubscription(
      { host: "h", wanted: ["a"], generation: 3, held: new Map([["a", [0]]]), leaving: new Map() },
      ["a"],
    );
    for (let end = 0; end < own.length; end += 1)
      expect(decodeSubscription(own.subarray(0, end))).toEqual({ kind: "foreign" });
    assert(property(uint8Array({ maxLength: 200 }), (bytes) => void decodeSubscription(bytes)));
    assert(
      property(nat(own.length - 1), nat(255), (at, byte) => {
        const spoilt = own.slice();
        spoilt[at] = byte;
        decodeSubscription(spoilt);
      }),
    );
  });

  test("that would fill the memory is foreign", () => {
    const bomb = Buffer.concat([Buffer.from([1]), deflateRawSync(Buffer.alloc(80 * 1024 * 1024))]);
    const bytes = MemberMetadata.encode({ version: 0, topics: [], userData: bomb });
    expect(decodeSubscription(bytes)).toEqual({ kind: "foreign" });
  });
});

const assignments = record({
  partitions: byTopic,
  topics: array(record({ standing: constantFrom(...STANDINGS), partitions: nat(100_000) }), {
    maxLength: 50,
  }),
  room: constantFrom(null, { neededBytes: 2_000_000, limitBytes: 1_048_588, leftOut: 7 }),
});

describe("an assignment", () => {
  test("is read as it was written", () => {
    assert(
      property(assignments, (assignment) => {
        expect(decodeAssignment(encodeAssignment(assignment))).toEqual({ kind: "ours", ...assignment });
      }),
    );
  });

  test("can be read by Kafka's tools", () => {
    const bytes = encodeAssignment({ partitions: new Map([["a", [0, 2]]]), topics: [], room: null });
    expect(MemberAssignment.decode(Buffer.from(bytes))).toMatchObject({
      version: 0,
      assignment: { a: [0, 2] },
    });
  });

  test("from another leader is foreign, and an empty one is none", () => {
    const other = MemberAssignment.encode({ version: 0, assignment: { a: [0] }, userData: Buffer.alloc(0) });
    expect(decodeAssignment(other)).toEqual({ kind: "foreign" });
    expect(decodeAssignment(new Uint8Array())).toEqual({ kind: "none" });
    const own = encodeAssignment({ partitions: new Map([["a", [0, 2]]]), topics: [], room: null });
    for (let end = 1; end < own.length; end += 1)
      expect(decodeAssignment(own.subarray(0, end))).toEqual({ kind: "foreign" });
    assert(property(uint8Array({ maxLength: 200 }), (bytes) => void decodeAssignment(bytes)));
  });
});
