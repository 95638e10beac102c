import { expect, test } from "bun:test";
import { eventually } from "../eventually.ts";
import { clusterTable, problemsOf } from "./report.ts";
import type { ClusterRow } from "./scene.ts";
import { watchHosts } from "./watch.ts";

const well: ClusterRow = {
  scenario: "broker SIGKILL",
  who: "Penstock",
  mayFail: [],
  records: 1_200,
  documents: 1_200,
  lost: 0,
  doubled: 0,
  deadLettered: 0,
  stillnessMs: 4_200,
  unready: new Map(),
  ends: [
    { code: 0, ms: 100, lastLines: [] },
    { code: 0, ms: 300, lastLines: [] },
  ],
};

test("there is no problem if every record exists once and both hosts ended with 0", () => {
  expect(problemsOf(well)).toEqual([]);
});

test.each([
  [{ records: 0, documents: 0 }, "nothing was written"],
  [{ documents: 1_199 }, "1200 records became 1199 documents"],
  [{ lost: 2 }, "2 records were lost"],
  [{ doubled: 3 }, "3 records are there twice"],
  [{ deadLettered: 4 }, "4 records were dead-lettered"],
  [{ unready: new Map([["host 1: kafka: x", 2]]) }, "/readyz was not 200: host 1: kafka: x"],
  [{ ends: [{ code: 1, ms: 9, lastLines: ["a", "b"] }] }, "a host ended with 1 after SIGTERM:\na\nb"],
  [{ ends: [{ code: null, ms: 9, lastLines: ["a"] }] }, "a host did not end after SIGTERM:\na"],
])("%j is a problem", (change, problem) => {
  expect(problemsOf({ ...well, ...change })).toEqual([problem]);
});

test("only the check for a component that the scenario takes down may fail", () => {
  const unready = new Map([
    ["host 1: etcd: no leader", 3],
    ["host 2: kafka: x", 1],
  ]);
  expect(problemsOf({ ...well, unready, mayFail: ["etcd"] })).toEqual([
    "/readyz was not 200: host 2: kafka: x",
  ]);
  expect(problemsOf({ ...well, unready, mayFail: ["etcd", "kafka"] })).toEqual([]);
});

test("a host's missing answer is no problem unless the next one is missing, too", async () => {
  const answers = [true, false, true, false, false];
  const fetch = (path: string): Promise<Response> =>
    path === "/readyz" && answers.shift() === false
      ? Promise.reject(new Error("late"))
      : Promise.resolve(Response.json([]));
  const watch = watchHosts([{ fetch }], () => 0);
  await eventually("all were asked for", () => answers.length === 0);
  await watch.stop();
  expect([...watch.unready]).toEqual([["host 1: no answer to /readyz: Error: late", 1]]);
});

test("the table has a row for each scenario, and the hosts' reasons below", () => {
  const unready = new Map([["host 1: kafka: it does not answer", 7]]);
  const [head, row, ...below] = clusterTable([{ ...well, unready }]).split("\n");
  expect(head).toMatch(
    /^scenario +hosts of +records +documents +lost +doubled +stood still +not ready +exit codes +stop$/,
  );
  expect(row).toMatch(/^broker SIGKILL +Penstock +1,200 +1,200 +0 +0 +4\.2 s +7 +0, 0 +0\.3 s$/);
  expect(below).toEqual(["broker SIGKILL, Penstock, 7 times: host 1: kafka: it does not answer", ""]);
});
