import { expect, test } from "bun:test";
import { askNodes, type AskLimits } from "../../../../../lib/adapters/elasticsearch/transport/ask-nodes.ts";
import { SilentNode } from "../../../../../lib/adapters/elasticsearch/transport/fetch-connection.ts";
import type { RequestFailure } from "../../../../../lib/rules/outcomes/bulk-answer.ts";
import { rejection } from "../../../../support/rejection.ts";

type Answer = { readonly body: string } | { readonly failure: RequestFailure };
/** Answers at once; null answers nothing until aborted, until all have been asked, or until its own timeout if asked alone. */
type Node = Answer | null;

const { signal } = new AbortController();
const well: Node = { body: "yes" };
const silent: Node = null;
const down: Node = { failure: { kind: "connection", message: "down" } };
const late: Answer = { failure: { kind: "timeout", message: "late" } };

async function ask(nodes: readonly Node[], limits: Partial<AskLimits> = {}, until = signal) {
  const givenUp: unknown[] = [];
  const asked: number[] = [];
  const allAsked = new AbortController();
  const answer = await askNodes<{ readonly body: string }>(
    (timeoutMs, call) => {
      const at = asked.push(asked.length) - 1;
      const said = nodes[at] ?? null;
      if (asked.length === nodes.length) setImmediate(() => allAsked.abort());
      if (said !== null) return Promise.resolve(said);
      const end = limits.otherNodes === "on failure" ? AbortSignal.timeout(timeoutMs) : allAsked.signal;
      const over = AbortSignal.any([call, end]);
      return new Promise((resolve) => {
        over.addEventListener("abort", () => {
          if (call.aborted) givenUp.push(call.reason);
          resolve(late);
        });
      });
    },
    { nodes: nodes.length, timeoutMs: 60, otherNodes: "on silence", ...limits },
    until,
  );
  return { answer, asked: asked.length, givenUp };
}

test("after a failed node, the next one is asked at once", async () => {
  expect(await ask([down, down, well], { timeoutMs: 1e9 })).toEqual({
    answer: { body: "yes" },
    asked: 3,
    givenUp: [],
  });
});

test("a refusal is an answer: no other node is asked", async () => {
  const failure: RequestFailure = { kind: "response", status: 403, error: null };
  expect(await ask([{ failure }, well])).toMatchObject({ answer: { failure }, asked: 1 });
});

test("while a node is silent, the next one is asked in parallel, and the first answer counts", async () => {
  const { answer, asked, givenUp } = await ask([silent, well, well]);
  expect({ answer, asked }).toEqual({ answer: { body: "yes" }, asked: 2 });
  // Its abort reason marks it silent, so that the pool leaves it out.
  expect(givenUp).toEqual([expect.any(SilentNode)]);
});

test("without `on silence`, a silent node is waited for until the timeout", async () => {
  expect(await ask([silent, well], { otherNodes: "on failure" })).toMatchObject({ asked: 1, givenUp: [] });
});

test("if all are silent, all are asked in time and each is marked silent", async () => {
  const { answer, asked } = await ask([silent, silent, silent]);
  expect(asked).toBe(3);
  expect(answer).toEqual({ failure: { kind: "timeout", message: "late" } });
});

test("an answer explains more than the silence of other nodes", async () => {
  const failure: RequestFailure = { kind: "response", status: 503, error: null };
  expect((await ask([{ failure }, down])).answer).toEqual({ failure });
});

test("an abort throws its reason while nodes are pending", async () => {
  const stopping = new AbortController();
  const asked = ask([silent], { timeoutMs: 1e9 }, stopping.signal);
  stopping.abort(new Error("stopping"));
  expect(await rejection(asked)).toMatchObject({ message: "stopping" });
});
