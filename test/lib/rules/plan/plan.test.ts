import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Declaration } from "../../../../lib/rules/model/declaration.ts";
import { mergeDeclarations } from "../../../../lib/rules/declarations/desired.ts";
import {
  HOLDS,
  planTopics,
  READS,
  type ObservedTopic,
  type Plan,
  type PlanInput,
} from "../../../../lib/rules/plan/plan.ts";
import { specificationHash } from "../../../../lib/rules/model/specification.ts";
import { topicStates } from "../../../../lib/rules/progress/status.ts";
import { declaration } from "../../../support/declarations.ts";
import { specification } from "../../../support/records.ts";

const now = 1_000_000;
const desiredOf = (...declarations: Declaration[]) => mergeDeclarations(declarations, [], "dlq").desired;

function observed(topic: string, changes: Partial<ObservedTopic> = {}): [string, ObservedTopic] {
  const spec = changes.spec ?? specification({ topic, index: topic });
  const hash = specificationHash(spec);
  return [topic, { spec, sources: [], state: "running", hash, retryAtMs: 0, ...changes }];
}

const plan = (changes: Partial<PlanInput>): Plan =>
  planTopics({
    desired: new Map(),
    observed: new Map(),
    kafkaTopics: new Set(["app"]),
    kafkaError: null,
    refused: [],
    excluded: [],
    now,
    ...changes,
  });

/** The topics of each list. */
function topicsOf({ start, stop, replace, keep, pending }: Plan): Record<string, readonly string[]> {
  const lists = { start, stop, replace, keep, pending };
  const entries = Object.entries(lists).map(
    ([name, list]) => [name, list.map(({ topic }) => topic)] as const,
  );
  return Object.fromEntries(entries.filter(([, topics]) => topics.length > 0));
}

describe("a declared topic", () => {
  const desired = desiredOf(declaration("app"));

  test("starts if it is not observed", () => {
    const { start } = plan({ desired });
    expect(start).toEqual([
      { topic: "app", source: declaration("app").source, spec: specification(), reason: "declared" },
    ]);
  });

  test.each(["starting", "running", "stalled", "stopping"] as const)(
    "that is %s as declared is kept",
    (state) => {
      expect(topicsOf(plan({ desired, observed: new Map([observed("app", { state })]) }))).toEqual({
        keep: ["app"],
      });
    },
  );

  test("starts if it was stopping for good or pending", () => {
    for (const state of ["stopping", "pending"] as const) {
      const world = new Map([observed("app", { state, hash: null })]);
      expect(topicsOf(plan({ desired, observed: world }))).toEqual({ start: ["app"] });
    }
  });

  test("is replaced if it moves from a dated index to a data stream, or gets another retention", () => {
    const replaced = (from: Declaration, to: Declaration): unknown => {
      const spec = desiredOf(from).get("app")?.spec ?? specification();
      return plan({ desired: desiredOf(to), observed: new Map([observed("app", { spec })]) }).replace;
    };
    const dated = declaration("app", { index: "app-{yyyy.MM.dd}" });
    const kept = (retention: string) => declaration("app", { dataStream: "logs-{topic}-prod", retention });
    expect(replaced(dated, kept("30d"))).toMatchObject([
      {
        reason: "changed: index, dataStream, retention",
        changes: [
          { field: "index", from: "app-{yyyy.MM.dd}", to: "logs-app-prod" },
          { field: "dataStream", from: null, to: "logs-app-prod" },
          { field: "retention", from: null, to: "30d" },
        ],
      },
    ]);
    expect(replaced(kept("30d"), kept("7d"))).toMatchObject([{ reason: "changed: retention" }]);
  });

  test("is replaced if it runs with other settings, naming the fields", () => {
    const spec = specification({ path: "/old", pipeline: "old" });
    const { replace } = plan({ desired, observed: new Map([observed("app", { spec })]) });
    expect(replace).toHaveLength(1);
    expect(replace[0]).toMatchObject({
      topic: "app",
      reason: "changed: path, pipeline",
      changes: [
        { field: "path", from: "/old", to: null },
        { field: "pipeline", from: "old", to: null },
      ],
    });
  });

  test("is kept if only its startAt changed", () => {
    const wanted = desiredOf(declaration("app", { startAt: "latest" }));
    expect(topicsOf(plan({ desired: wanted, observed: new Map([observed("app")]) }))).toEqual({
      keep: ["app"],
    });
  });

  test("is pending if it does not exist, even if a consumer still runs", () => {
    for (const world of [new Map(), new Map([observed("app")])]) {
      const missing = plan({ desired, observed: world, kafkaTopics: new Set() });
      expect(topicsOf(missing)).toEqual({ pending: ["app"] });
      expect(missing.pending[0]?.reason).toContain("does not exist in Kafka");
    }
  });
});

describe("a failed topic", () => {
  const desired = desiredOf(declaration("app"));
  const failed = (retryAtMs: number, spec = specification()) =>
    new Map([observed("app", { state: "failed", retryAtMs, spec })]);

  test("waits until its retry is due", () => {
    expect(topicsOf(plan({ desired, observed: failed(now + 1) }))).toEqual({ keep: ["app"] });
    expect(plan({ desired, observed: failed(now + 1) }).keep[0]?.reason).toContain(
      "1970-01-01T00:16:40.001Z",
    );
    expect(topicsOf(plan({ desired, observed: failed(now) }))).toEqual({ start: ["app"] });
  });

  test("is retried at once if its declaration changed", () => {
    expect(
      topicsOf(plan({ desired, observed: failed(now + 1, specification({ pipeline: "old" })) })),
    ).toEqual({
      start: ["app"],
    });
  });
});

describe("while Kafka does not answer", () => {
  test("running topics are kept, and others are pending instead of started", () => {
    const desired = desiredOf(declaration("app"), declaration("new"), declaration("broken"));
    const world = new Map([observed("app"), observed("broken", { state: "failed" })]);
    const kafkaError = "Kafka at b:1 wants TLS";
    const unreachable = plan({ desired, observed: world, kafkaTopics: null, kafkaError });
    expect(topicsOf(unreachable)).toEqual({ keep: ["app"], pending: ["new", "broken"] });
    expect(unreachable.pending[0]?.reason).toBe("unknown whether it exists: Kafka at b:1 wants TLS");
  });

  test("a changed topic keeps running, with the reason", () => {
    const world = new Map([observed("app", { spec: specification({ pipeline: "old" }) })]);
    const { keep, replace } = plan({
      desired: desiredOf(declaration("app")),
      observed: world,
      kafkaTopics: null,
    });
    expect(replace).toEqual([]);
    expect(keep).toEqual([{ topic: "app", reason: "changed; replaced once Kafka answers" }]);
  });

  test("a running topic takes another path over without a restart, which is said", () => {
    const world = new Map([observed("app", { spec: specification({ path: "/old" }) })]);
    const desired = desiredOf(declaration("app", { path: "/new" }));
    expect(plan({ desired, observed: world }).keep).toEqual([
      {
        topic: "app",
        reason: 'log.file.path becomes "/new" for the records to come, without a restart',
      },
    ]);
  });

  test("a topic that its pattern now excludes stops, with the glob as its reason", () => {
    const { source } = declaration("app-*");
    const globs = [{ glob: "*-x", topics: ["app-x"] }];
    const excluded = [{ source, pattern: "app-*", covered: 0, globs }];
    expect(plan({ observed: new Map([observed("app-x")]), excluded }).stop).toMatchObject([
      { topic: "app-x", reason: 'no longer declared: pattern "app-*" excludes "*-x"' },
    ]);
  });

  test("a topic that is no longer declared stops anyway", () => {
    expect(topicsOf(plan({ observed: new Map([observed("app")]), kafkaTopics: null }))).toEqual({
      stop: ["app"],
    });
  });
});

test("a stop in progress differs from a new one", () => {
  const world = new Map([
    observed("stops", { state: "stopping", hash: null }),
    observed("waits", { state: "pending", hash: null }),
    observed("moves", { state: "stopping" }),
  ]);
  expect(plan({ observed: world }).stop.map(({ topic, reason }) => [topic, reason])).toEqual([
    ["stops", "no longer declared; already stopping"],
    ["waits", "no longer declared"],
    ["moves", "no longer declared"],
  ]);
});

test("a failed start counts as a retry only with the same declaration", () => {
  const desired = desiredOf(declaration("app"));
  const reasonOf = (spec = specification()) =>
    plan({
      desired,
      observed: new Map([observed("app", { state: "failed", spec })]),
    }).start[0]?.reason;
  expect([reasonOf(), reasonOf(specification({ pipeline: "old" }))]).toEqual(["another try", "declared"]);
});

const names = ["a", "b", "c", "d"] as const;
const declared = fc
  .uniqueArray(fc.record({ name: fc.constantFrom(...names), pipeline: fc.constantFrom(null, "x") }), {
    selector: ({ name }) => name,
  })
  .map((entries) => desiredOf(...entries.map(({ name, pipeline }) => declaration(name, { pipeline }))));
const world = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom(...names),
      pipeline: fc.constantFrom(null, "x", "y"),
      state: fc.constantFrom(...topicStates),
      stopping: fc.boolean(),
      retryAtMs: fc.constantFrom(0, now + 1),
    }),
    { selector: ({ name }) => name },
  )
  .map((entries) => {
    const topics = entries.map(({ name, pipeline, state, stopping, retryAtMs }) => {
      const spec = specification({ topic: name, index: name, pipeline });
      const bound = { spec, state, retryAtMs };
      return observed(name, stopping || state === "pending" ? { ...bound, hash: null } : bound);
    });
    return new Map(topics);
  });
const existing = fc.option(fc.subarray([...names]).map((topics) => new Set<string>(topics)));

test("every topic, declared or observed, is in exactly one list", () => {
  fc.assert(
    fc.property(declared, world, existing, (desired, observed, kafkaTopics) => {
      const listed = Object.values(topicsOf(plan({ desired, observed, kafkaTopics }))).flat();
      expect(listed.toSorted()).toEqual([...new Set([...desired.keys(), ...observed.keys()])].toSorted());
    }),
  );
});

test("planning again after applying a plan gives nothing to do", () => {
  fc.assert(
    fc.property(declared, world, existing, (desired, observed, kafkaTopics) => {
      const first = plan({ desired, observed, kafkaTopics });
      const again = plan({ desired, observed: carriedOut(first, observed, desired), kafkaTopics });
      expect(topicsOf(again)).not.toHaveProperty("start");
      expect(topicsOf(again)).not.toHaveProperty("stop");
      expect(topicsOf(again)).not.toHaveProperty("replace");
      expect(again.pending.map(({ topic }) => topic)).toEqual(first.pending.map(({ topic }) => topic));
    }),
  );
});

/** The state after successfully applying a plan. */
function carriedOut(
  { start, replace, stop, pending }: Plan,
  before: ReadonlyMap<string, ObservedTopic>,
  desired: PlanInput["desired"],
): Map<string, ObservedTopic> {
  const after = new Map(before);
  for (const { topic } of stop) after.delete(topic);
  for (const { topic, spec } of [...start, ...replace]) after.set(...observed(topic, { spec }));
  for (const { topic } of pending) {
    const spec = desired.get(topic)?.spec ?? specification();
    after.set(...observed(topic, { spec, state: "pending", hash: null }));
  }
  return after;
}

test("a topic that is declared with `hold`, or no longer, is kept, and the plan says what that does", () => {
  const keepOf = (from: boolean, to: boolean) =>
    plan({
      desired: desiredOf(declaration("app", { hold: to })),
      observed: new Map([
        observed("app", { spec: specification({ topic: "app", index: "app", hold: from }) }),
      ]),
    }).keep;
  expect(keepOf(false, true)).toEqual([{ topic: "app", reason: HOLDS }]);
  expect(keepOf(true, false)).toEqual([{ topic: "app", reason: READS }]);
  expect(keepOf(true, true)).toEqual([{ topic: "app", reason: null }]);
});
