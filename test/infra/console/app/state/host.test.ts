import { afterAll, afterEach, expect, spyOn, test } from "bun:test";
import type { HostSummary } from "../../../../../infra/api/live-messages.ts";
import {
  createLook,
  host,
  hostSilent,
  iconOf,
  titleOf,
} from "../../../../../infra/console/app/state/host.ts";

const summary: HostSummary = {
  name: "machine",
  version: "1.0.0",
  startedAt: 0,
  verdict: { kind: "ok", count: 0, refused: 0 },
};

const fetched = spyOn(globalThis, "fetch");
afterEach(() => {
  fetched.mockReset();
  host.set(null);
});
afterAll(() => fetched.mockRestore());

const answers = (...given: readonly (HostSummary | null)[]): void => {
  for (const one of given) {
    if (one === null) fetched.mockRejectedValueOnce(new TypeError("connection refused"));
    else fetched.mockResolvedValueOnce(Response.json(one));
  }
};

test("a host that does not answer twice is silent, until it answers", async () => {
  const look = createLook();
  answers(summary, null, null, summary);
  const seen: string[] = [];
  for (let n = 0; n < 4; n += 1) {
    await look();
    seen.push(titleOf("Topics", host.get(), hostSilent.get()));
  }
  expect(seen).toEqual([
    "Topics · machine · Penstock",
    "Topics · machine · Penstock",
    "? Topics · machine · Penstock",
    "Topics · machine · Penstock",
  ]);
});

test("what a silent host last said about trouble is not repeated", () => {
  const troubled = { ...summary, verdict: { kind: "bad" as const, count: 2, refused: 0 } };
  expect(titleOf("Overview", troubled, false)).toBe("▲2 Overview · machine · Penstock");
  expect(titleOf("Overview", troubled, true)).toBe("? Overview · machine · Penstock");
  expect(iconOf(summary, false)).toBe("/assets/icon.svg");
  expect(iconOf(summary, true)).toBe("/assets/icon-trouble.svg");
});
