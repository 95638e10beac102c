import { expect, test } from "bun:test";
import { type MendedGroups, mendGroups } from "../../../../infra/cli/replay/mending.ts";
import type { TryMendingDeps } from "../../../../functions/mend-letters.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import type { DigestGroup } from "../../../../lib/rules/dead-letters/dead-letter-digest.ts";
import { untimed } from "../../../support/mending.ts";
import { FakeReader } from "../../../support/fake-reader.ts";
import { allOpen } from "../../../support/letter-states.ts";
import { putLetter } from "../../../support/put-letter.ts";
import { specification } from "../../../support/records.ts";
import { rejection } from "../../../support/rejection.ts";

const unasked = () => Promise.reject(new Error("no test gets this far"));

function group(index: string, states: Pick<DigestGroup, "count" | "states"> = allOpen(1)): DigestGroup {
  const at = "2026-01-02T00:00:00.000Z";
  const sample = { topic: "app", partition: 0, offset: 1, reason: "r", value: null };
  return { topic: "app", index, field: "n", error: "t", ...states, firstSeen: at, lastSeen: at, sample };
}

/** @param trouble of reading the target of an index, by its name */
function look(
  groups: readonly DigestGroup[],
  trouble: Readonly<Record<string, PenstockError>> = {},
  into: string | null = null,
  { signal }: Pick<TryMendingDeps, "signal"> = new AbortController(),
): Promise<MendedGroups> {
  const reader = new FakeReader();
  const indices = [...new Set(groups.map(({ index }) => index))];
  for (const [offset, index] of indices.entries()) putLetter(reader, offset, { index });
  const spec = specification({ index: "logs" });
  const deps: TryMendingDeps = {
    reader,
    ...untimed(signal),
    refresh: unasked,
    findHolders: () => Promise.resolve({ holders: new Map(), problems: [] }),
    specificationOf: () => spec,
    specifications: () => [spec],
    readTarget({ index }) {
      const problem = trouble[index];
      if (problem !== undefined) return Promise.reject(problem);
      const mappings = { properties: { n: { type: "long" } } };
      return Promise.resolve({ kind: "index", index, mayRollOver: false, mappings, settings: {} });
    },
    isTaken: () => Promise.resolve(false),
    makingTemplate: () => Promise.resolve(null),
    openTrial: () => {
      throw new Error("no test tries");
    },
  };
  const limits = { maxDocuments: 1, maxBytes: 1 };
  const wanted = { deadLetterTopic: "dead", into, newest: null, managed: true, limits, isTried: false };
  return mendGroups({ groups, statesProblems: ["one is unknown"] }, wanted, deps, () => {});
}

test("groups of which letters are left are looked at, also if they were not looked up", async () => {
  const told = await look([
    group("logs"),
    group("done", { count: 2, states: { open: 0, resolved: 2, unknown: 0 } }),
    group("batch", { count: 2, states: { open: 0, resolved: 1, unknown: 1 } }),
  ]);
  expect(told).toMatchObject({ more: 0, statesProblems: ["one is unknown"] });
  expect(told.groups.map(({ group: { index } }) => index)).toEqual(["logs", "batch"]);
  expect(told.groups[0]?.mending).toMatchObject({ letters: 1, mapping: { type: "long" } });
});

test("what is wrong with one group is said of it, and the others are looked at", async () => {
  const refused = new PenstockError("elasticsearch_refused", "no right");
  const forbidden = new PenstockError("kafka_refused", "no READ");
  const late = new PenstockError("kafka_unavailable", "not in time");
  const told = await look(
    ["secret", "topic", "late", "logs"].map((index) => group(index)),
    {
      secret: refused,
      topic: forbidden,
      late,
    },
  );
  expect(told).toMatchObject({ more: 0, ended: null });
  expect(told.groups.map(({ problem }) => problem)).toEqual(["no right", "no READ", "not in time", null]);
});

test("two in a row for which a server is away end it, and what was found before is kept", async () => {
  const away = new PenstockError("elasticsearch_unavailable", "away");
  const groups = ["a", "logs", "b", "c", "d", "e"].map((index) => group(index));
  const told = await look(groups, { a: away, b: away, c: away });
  expect(told).toMatchObject({ more: 2, ended: "away" });
  expect(told.groups.map(({ problem }) => problem)).toEqual(["away", null, "away", "away"]);
  expect(await look([group("a"), group("b")], { a: away, b: away })).toMatchObject({ more: 0, ended: null });
});

test("who stops it is not told that a group has a problem", async () => {
  const away = new PenstockError("kafka_unavailable", "away");
  const stop = new Error("stopped");
  const stopped = { signal: AbortSignal.abort(stop) };
  expect(await rejection(look([group("logs")], { logs: away }, null, stopped))).toBe(stop);
});

test("twenty groups at once, the rest is counted; another index may be named by topic", async () => {
  const many = await look(
    Array.from({ length: 23 }, () => group("logs")),
    {},
    "{topic}-2",
  );
  expect([many.groups.length, many.more]).toEqual([20, 3]);
  expect(many.groups[0]?.mending?.proposals).toContainEqual(
    expect.objectContaining({ id: "into", index: "app-2" }),
  );
});
