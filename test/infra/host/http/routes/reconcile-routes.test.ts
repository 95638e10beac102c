import { describe, expect, test } from "bun:test";
import { hostStopping } from "../../../../../lib/rules/base/errors.ts";
import { reconcileResult } from "../../../../support/reconcile-result.ts";
import { problemOf, setUp } from "../fixture.ts";

const post = { method: "POST" };
const hash = "A-_9".repeat(11).slice(0, 43);
const plain = { dryRun: false, acceptEtcd: false, expectedHash: null, asIf: null, reason: "http" };

describe("POST /reconcile", () => {
  test.each([
    ["", plain],
    ["?dryRun=true", { ...plain, dryRun: true }],
    ["?dryRun=false", plain],
    ["?accept=etcd", { ...plain, acceptEtcd: true }],
    ["?accept=etcd&dryRun=true", { ...plain, acceptEtcd: true, dryRun: true }],
    [`?plan=${hash}`, { ...plain, expectedHash: hash }],
    [`?plan=${hash}&dryRun=false&accept=etcd`, { ...plain, expectedHash: hash, acceptEtcd: true }],
  ])("%s", async (query, wanted) => {
    const { ask, reconciles } = setUp();
    const response = await ask(`/reconcile${query}`, post);
    expect(response.status).toBe(200);
    const { plan, hash, conflicts, excluded, sources, failed, interrupted, durationMs } = reconcileResult();
    expect(await response.json()).toEqual({
      dryRun: wanted.dryRun,
      plan,
      hash,
      conflicts,
      excluded,
      sources,
      failed,
      interrupted,
      durationMs,
    });
    expect(reconciles).toEqual([wanted]);
  });

  test.each(["", "?dryRun=true"])("%s while the host stops is put off, and no fault", async (query) => {
    const { ask, logged } = setUp({}, { reconcile: () => Promise.reject(hostStopping()) });
    const response = await ask(`/reconcile${query}`, post);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
    expect((await problemOf(response)).detail).toBe("The host is stopping.");
    expect(logged).toEqual([]);
  });

  test("with a plan that is another by now is 409 with the hash of today's", async () => {
    const reconcile = async () => Promise.resolve(reconcileResult({ carriedOut: false, hash: "new" }));
    const response = await setUp({}, { reconcile }).ask(`/reconcile?plan=${hash}`, post);
    expect(response.status).toBe(409);
    expect(await problemOf(response)).toMatchObject({
      title: "Conflict",
      detail: "The plan changed. Review again.",
      hash: "new",
    });
  });

  test.each([
    ["?dryRun=yes", 'dryRun "yes" must be true or false.'],
    ["?dryRun", 'dryRun "" must be true or false.'],
    ["?dryRun=true&dryRun=false", "dryRun is given 2 times: it may be given once."],
    ["?accept=config", 'accept "config" must be etcd.'],
    ["?dryrun=true", 'Unknown parameter "dryrun": it must be dryRun, accept or plan.'],
    ["?constructor=1", 'Unknown parameter "constructor": it must be dryRun, accept or plan.'],
    [`?accept=${"x".repeat(500)}`, `accept "${"x".repeat(80)}…" must be etcd.`],
    ["?plan=", 'plan "" must be the hash of a dry run\'s answer.'],
    [`?plan=${hash}x`, `plan "${hash}x" must be the hash of a dry run's answer.`],
    [
      `?plan=${hash}&dryRun=true`,
      `plan "${hash}" must not be given with dryRun=true: a dry run applies no plan.`,
    ],
  ])("%s is refused, naming value and rule", async (query, detail) => {
    const { ask, reconciles } = setUp();
    const response = await ask(`/reconcile${query}`, post);
    expect(response.status).toBe(400);
    expect((await problemOf(response)).detail).toBe(detail);
    expect(reconciles).toEqual([]);
  });
});
