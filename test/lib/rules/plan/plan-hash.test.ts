import { describe, expect, test } from "bun:test";
import { planHash, planHashPattern } from "../../../../lib/rules/plan/plan-hash.ts";
import { ANOTHER_TRY, HOLDS, READS, STOPS_ALREADY, type Plan } from "../../../../lib/rules/plan/plan.ts";
import { specification } from "../../../support/records.ts";
import { kafkaSettings } from "../../../support/settings.ts";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";

const source = { kind: "etcd", name: "logs/a", revision: 7, entry: 0 } as const;
const start = { topic: "a", source, spec: specification({ topic: "a" }), reason: "declared" };
const stop = { topic: "b", source, spec: specification({ topic: "b" }), reason: "no source declares it" };
const changes = [{ field: "path", from: null, to: "/p" }];
const replace = { topic: "c", source, spec: specification({ topic: "c", path: "/p" }), reason: "", changes };
const pending = { topic: "d", source, reason: "missing" };
const refusal = { source, name: "e", reason: "at 12:00, revision 7", lastGoodKept: false };
const plan: Plan = {
  start: [start],
  stop: [stop],
  replace: [replace],
  keep: [{ topic: "f", reason: null }],
  pending: [pending],
  refused: [refusal],
};
const nothing: Plan = { start: [], stop: [], replace: [], keep: [], pending: [], refused: [] };
const hashOf = (changes: Partial<Plan>, kafka = {}) =>
  planHash({ ...plan, ...changes }, kafkaSettings(kafka));
const same = hashOf({});
const moved = { ...source, revision: 8, entry: 3 };

test("a hash matches planHashPattern", () => {
  expect(same).toMatch(planHashPattern);
  expect(planHash(nothing, kafkaSettings())).toMatch(planHashPattern);
});

describe("the hash ignores what does not change the effect:", () => {
  test.each<[string, Partial<Plan>]>([
    ["what is kept", { keep: [] }],
    ["the order of fields", { start: [{ ...start, spec: reversed(start.spec) }] }],
    ["a revision or place in a start", { start: [{ ...start, source: moved }] }],
    ["a revision or place in a refusal", { refused: [{ ...refusal, source: moved, reason: "at 12:01" }] }],
    ["the next try of a failed start", { start: [start, { ...start, topic: "z", reason: ANOTHER_TRY }] }],
    ["a stop under way", { stop: [stop, { ...stop, topic: "z", reason: STOPS_ALREADY }] }],
  ])("%s", (_, changes) => {
    expect(hashOf(changes)).toBe(same);
  });

  test("the order of several topics", () => {
    const two = [start, { ...start, topic: "z" }];
    expect(hashOf({ start: two })).toBe(hashOf({ start: two.toReversed() }));
  });

  test("a memory limit", () => {
    expect(hashOf({}, { inFlightMaxBytes: 1 })).toBe(same);
  });
});

describe("the hash changes with", () => {
  test.each<[string, Partial<Plan>]>([
    ["a topic that starts too", { start: [start, { ...start, topic: "z" }] }],
    ["a topic that does not start", { start: [] }],
    ["how a topic starts", { start: [{ ...start, spec: { ...start.spec, startAt: "latest" } }] }],
    ["a topic that stops too", { stop: [stop, { ...stop, topic: "z" }] }],
    ["a topic that is stopped instead", { stop: [], pending: [pending, { ...pending, topic: "b" }] }],
    ["what a topic is replaced by", { replace: [{ ...replace, spec: { ...replace.spec, path: "/q" } }] }],
    [
      "what it is replaced from",
      { replace: [{ ...replace, changes: [{ field: "path", from: "/o", to: "/p" }] }] },
    ],
    ["a topic that waits", { pending: [] }],
    ["an entry that is refused", { refused: [] }],
    ["a second entry refused", { refused: [refusal, refusal] }],
    ["what a refusal keeps", { refused: [{ ...refusal, lastGoodKept: true }] }],
  ])("%s", (_, changes) => {
    expect(hashOf(changes)).not.toBe(same);
  });

  test("Kafka's address and user, but never with a password or a key", () => {
    const hashes = [
      { brokers: ["other:9092"] },
      { sasl: { mechanism: "plain", username: "u", password: new Secret("p") } },
      { sasl: { mechanism: "plain", username: "v", password: new Secret("p") } },
      { tls: { ca: "ca", cert: "cert", key: new Secret("k") } },
    ].map((kafka) => hashOf({}, kafka));
    expect(new Set([...hashes, same]).size).toBe(5);
    expect(hashOf({}, { sasl: { mechanism: "plain", username: "u", password: new Secret("other") } })).toBe(
      hashes[1] ?? "",
    );
    expect(hashOf({}, { tls: { ca: "ca", cert: "cert", key: new Secret("other") } })).toBe(hashes[3] ?? "");
  });
});

function reversed<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).toReversed()) as T;
}

test("a declaration that begins or ends to hold a topic changes the hash", () => {
  const held = hashOf({ keep: [{ topic: "f", reason: HOLDS }] });
  expect(new Set([same, held, hashOf({ keep: [{ topic: "f", reason: READS }] })]).size).toBe(3);
});
