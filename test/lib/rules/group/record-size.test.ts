import { expect, test } from "bun:test";
import { assert, nat, property, uniqueArray } from "fast-check";
import { encodeAssignment } from "../../../../lib/rules/group/protocol/assignment.ts";
import {
  DEFAULT_RECORD_LIMIT_BYTES,
  groupBytes,
  leftOutOf,
  topicBytes,
} from "../../../../lib/rules/group/record-size.ts";
import { encodeSubscription } from "../../../../lib/rules/group/protocol/subscription.ts";

/** Pseudo-random letters and digits, which compress worse than any real names. */
const scrambled = (n: number): string =>
  new Bun.CryptoHasher("sha256").update(String(n)).digest("base64url").replace(/[-_]/g, "x").slice(0, 12);

test("10,000 topics with names of 30 characters and one partition fit into one record with three hosts", () => {
  const topics = Array.from({ length: 10_000 }, (_, n) =>
    `app-${scrambled(n)}-prod.access-l`.slice(0, 30),
  ).sort();
  expect(topics[0]).toHaveLength(30);
  const bytes = groupBytes(new Map(topics.map((topic) => [topic, 1])), 3);
  expect(bytes).toBeLessThan(DEFAULT_RECORD_LIMIT_BYTES);
});

test("a topic adds the size of its name and partitions wherever they occur", () => {
  assert(
    property(nat(50), nat(3), (partitions, more) => {
      const [topic, owners] = ["größe", 1 + more];
      const own = Array.from({ length: partitions }, (_, n) => n);
      const lengthWith = (entries: Map<string, number[]>): number =>
        encodeAssignment({ partitions: entries, topics: [], room: null }).length;
      const shares = Array.from({ length: owners }, (_, at) => own.filter((n) => n % owners === at));
      const assigned = shares.reduce(
        (sum, share) => sum + lengthWith(new Map([[topic, share]])) - lengthWith(new Map()),
        0,
      );
      const empty = { host: "", wanted: [], generation: 0, held: new Map(), leaving: new Map() };
      const named = encodeSubscription(empty, [topic]).length - encodeSubscription(empty, []).length;
      expect(topicBytes(topic, partitions, owners)).toBe(assigned + named);
    }),
  );
});

test("topics that do not run are left out first, the last by name before others", () => {
  const topics = ["a", "b", "c", "d"].map((topic) => ({ topic, isHeld: topic === "d", bytes: 10 }));
  expect([...leftOutOf(topics, 40)]).toEqual([]);
  expect([...leftOutOf(topics, 39)]).toEqual(["c"]);
  expect([...leftOutOf(topics, 20)]).toEqual(["b", "c"]);
  expect([...leftOutOf(topics, 9)]).toEqual(["d", "a", "b", "c"]);
});

test("a topic too large by itself does not block others", () => {
  assert(
    property(uniqueArray(nat(1_000), { maxLength: 20 }), nat(1_000), (sizes, room) => {
      const topics = sizes.map((bytes) => ({ topic: String(bytes), isHeld: false, bytes }));
      const leftOut = leftOutOf([...topics, { topic: "0-huge", isHeld: false, bytes: 5_000 }], room);
      expect(leftOut.has("0-huge")).toBeTrue();
      const taken = topics
        .filter(({ topic }) => !leftOut.has(topic))
        .reduce((sum, { bytes }) => sum + bytes, 0);
      expect(taken).toBeLessThanOrEqual(room);
      for (const { topic, bytes } of topics) if (leftOut.has(topic)) expect(bytes).toBeGreaterThan(0);
    }),
  );
});
