import { describe, expect, test } from "bun:test";
import {
  httpStatusOf,
  isNoAddress,
  judgeClock,
  judgeCluster,
  judgeDisks,
  judgeNodes,
  judgePipelines,
  judgePrivileges,
  judgeTarget,
  type TargetFacts,
} from "../../../../lib/rules/diagnosis/elasticsearch.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";

function answered(status: number, reason = ""): PenstockError {
  return new PenstockError("elasticsearch_refused", `Elasticsearch answered ${status}`, {
    cause: { kind: "response", status, error: { type: "unknown", reason } },
  });
}

const refusedConnection = new PenstockError("elasticsearch_unavailable", "ECONNREFUSED", {
  cause: { kind: "connection", message: "ECONNREFUSED" },
});

describe("nodes", () => {
  test("one of several down is a warning; a refused login is a failure", () => {
    const checks = judgeNodes(
      new Map<string, unknown>([
        ["http://a", null],
        ["http://b", refusedConnection],
        ["http://c", answered(401)],
      ]),
    );
    expect(checks.map(({ state }) => state)).toEqual(["ok", "warning", "failed"]);
    expect(checks[2]?.remedy).toContain("elasticsearch.auth");
    expect(judgeNodes(new Map([["http://b", refusedConnection]]))[0]?.state).toBe("failed");
  });

  test("if something else answers, the remedy is not to start it", () => {
    const error = new PenstockError("elasticsearch_refused", "needed is 8 or 9", {
      cause: { kind: "bad_answer" },
    });
    expect(judgeNodes(new Map([["http://a", error]]))[0]?.remedy).toContain("Elasticsearch 8 or 9");
  });

  test("the status is the failure's", () => {
    expect([
      httpStatusOf(answered(403)),
      httpStatusOf(refusedConnection),
      httpStatusOf(new Error("x")),
    ]).toEqual([403, null, null]);
    expect(isNoAddress(answered(400, "no handler found for uri [/_security]"))).toBe(true);
    expect(isNoAddress(answered(405, "Incorrect HTTP method for uri [/_data_stream/x]"))).toBe(true);
    expect(isNoAddress(answered(400, "parse error"))).toBe(false);
  });
});

describe("the cluster", () => {
  test("red and read-only are failures, yellow is not", () => {
    const facts = { red: [], readOnly: false, autoCreateIndex: "true" };
    const red = { ...facts, status: "red", red: ["theirs", "app-2026.01.02"] } as const;
    const isOurs = (index: string): boolean => index.startsWith("app");
    expect(judgeCluster({ ...facts, status: "yellow" }, isOurs)).toMatchObject([{ state: "ok" }]);
    expect(judgeCluster({ ...red, readOnly: true }, isOurs)).toMatchObject([
      { state: "failed", seen: "red: a primary shard of app-2026.01.02 is not assigned" },
      { state: "failed" },
    ]);
    expect(judgeCluster({ ...red, red: [] }, isOurs)).toMatchObject([
      { state: "failed", seen: "red: a primary shard is not assigned" },
    ]);
  });

  test("red because of an index that no topic writes to is a warning", () => {
    const facts = { status: "red", red: ["theirs"], readOnly: false, autoCreateIndex: "true" } as const;
    expect(judgeCluster(facts, () => false)).toMatchObject([
      {
        state: "warning",
        seen: "red: a primary shard of theirs is not assigned; no topic writes there",
        command: "GET _cluster/allocation/explain",
      },
    ]);
  });

  test("disks are compared with the watermarks", () => {
    const disk = { node: "n", highWatermarkBytes: 100, floodStageBytes: 50 };
    const stateAt = (availableBytes: number) => judgeDisks([{ ...disk, availableBytes }])[0]?.state;
    expect([stateAt(100), stateAt(99), stateAt(49)]).toEqual(["ok", "warning", "failed"]);
    expect(
      judgeDisks([{ node: "n", availableBytes: 0, highWatermarkBytes: null, floodStageBytes: null }]),
    ).toMatchObject([{ state: "ok" }]);
    expect(judgeDisks([])).toEqual([]);
  });

  test.each([
    [5_000, "ok", ""],
    [5_001, "warning", "5.0 s ahead of"],
    [-60_000, "warning", "60.0 s behind"],
  ] as const)("a clock %d ms off is %s", (skewMs, state, text) => {
    expect(judgeClock(skewMs)).toMatchObject({ state, seen: expect.stringContaining(text) });
  });
});

describe("a target", () => {
  const index = { name: "i-1", blocks: [], closed: false, isWriteIndex: null };
  const other = { ...index, name: "i-2" };
  const judged = (kind: TargetFacts["kind"], ...indices: TargetFacts["indices"]) =>
    judgeTarget("t", { kind, indices }, "true");

  test("that does not exist is created, unless Elasticsearch may not", () => {
    expect(judged("absent").state).toBe("ok");
    expect(judgeTarget("t", { kind: "absent", indices: [] }, "false")).toMatchObject({
      state: "failed",
      seen: expect.stringContaining("action.auto_create_index"),
    });
  });

  test.each([
    ["ok", [index]],
    ["ok", [{ ...index, isWriteIndex: true }, other]],
    [
      "ok",
      [
        { ...index, isWriteIndex: true },
        { ...other, isWriteIndex: false },
      ],
    ],
    ["failed", [index, other]],
    ["failed", [{ ...index, isWriteIndex: false }]],
  ] as const)("an alias is %s for %j", (state, indices) => {
    expect(judged("alias", ...indices).state).toBe(state);
  });

  test("blocks count for the indices written to", () => {
    const blocked = { ...index, blocks: ["write"] };
    expect(judged("index", blocked)).toMatchObject({
      state: "failed",
      seen: "index i-1 accepts no documents: index.blocks.write",
      remedy: "set index.blocks.write to false",
      command: 'PUT i-1/_settings {"index.blocks.write":null}',
    });
    expect(judged("alias", blocked, { ...other, isWriteIndex: true }).state).toBe("ok");
    expect(judged("data stream", blocked, other).state).toBe("ok");
    expect(judged("data stream", index, { ...other, blocks: ["read_only_allow_delete"] })).toMatchObject({
      state: "failed",
      remedy: expect.stringContaining("disk space"),
    });
    expect(judged("index", { ...index, closed: true }).command).toBe("POST i-1/_open");
  });
});

test("permissions: off, complete, and each missing one", () => {
  expect(judgePrivileges({ security: "off" }, new Set())).toMatchObject([{ state: "ok" }]);
  expect(judgePrivileges({ security: "on", missing: [] }, new Set())).toMatchObject([{ state: "ok" }]);
  const missing = [
    { index: null, privilege: "manage_index_templates" },
    { index: "logs-*", privilege: "create_doc" },
  ];
  expect(judgePrivileges({ security: "on", missing }, new Set())).toMatchObject([
    { state: "failed", remedy: expect.stringContaining("manageTemplates") },
    { state: "failed", name: "permissions on logs-*", seen: "the index privilege create_doc is missing" },
  ]);
});

test("privileges to look up what was sent before matter behind an alias or data stream only, and are no failure", () => {
  const missing = ["app", "stream"].map((index) => ({ index, privilege: "maintenance" }));
  expect(judgePrivileges({ security: "on", missing }, new Set(["stream"]))).toEqual([
    expect.objectContaining({
      name: "permissions on stream",
      state: "warning",
      seen: "the index privilege maintenance is missing: a crash around a rollover may index records twice",
      remedy: "grant maintenance on stream to the user of elasticsearch.auth",
    }),
  ]);
  expect(judgePrivileges({ security: "on", missing }, new Set())).toMatchObject([{ state: "ok" }]);
});

test("the list of indices that fields choose must be readable", () => {
  const missing = ["read", "maintenance"].map((privilege) => ({ index: "penstock-names", privilege }));
  expect(judgePrivileges({ security: "on", missing }, new Set())).toMatchObject([
    { state: "failed", name: "permissions on penstock-names", seen: "the index privilege read is missing" },
  ]);
});

test("a missing pipeline names its topics", () => {
  const wanted = new Map([
    ["p", ["a"]],
    ["q", ["b", "c"]],
  ]);
  expect(judgePipelines(wanted, new Set(["p"]))).toMatchObject([
    { state: "ok", seen: "exist: p" },
    { state: "failed", name: "pipeline q", seen: "it does not exist; declared for b, c" },
  ]);
});
