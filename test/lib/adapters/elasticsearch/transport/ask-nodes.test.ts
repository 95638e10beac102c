import { expect, test } from "bun:test";
import { askNodes, type AskLimits } from "../../../../../lib/adapters/elasticsearch/transport/ask-nodes.ts";
import { SilentNode } from "../../../../../lib/adapters/elasticsearch/transport/fetch-connection.ts";
import type { RequestFailure } from "../../../../../lib/rules/outcomes/bulk-answer.ts";
import { rejection } from "../../../../support/rejection.ts";

type Answer = { readonly body: string } | { readonly failure: RequestFailure };
/** What it answers at once; null: nothing, until it is given up, all have been asked, or its time is over where one alone is. */
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

test("a node that fails is followed by the next one, at once", async () => {
  expect(await ask([down, down, well], { timeoutMs: 1e9 })).toEqual({
    answer: { body: "yes" },
    asked: 3,
    givenUp: [],
  });
});

test("a no is an answer: nobody else is asked", async () => {
  const failure: RequestFailure = { kind: "response", status: 403, error: null };
  expect(await ask([{ failure }, well])).toMatchObject({ answer: { failure }, asked: 1 });
});

test("beside a silent node the next one is asked, and whoever answers first counts", async () => {
  const { answer, asked, givenUp } = await ask([silent, well, well]);
  expect({ answer, asked }).toEqual({ answer: { body: "yes" }, asked: 2 });
  // It is told that it was silent for a while, which leaves it out.
  expect(givenUp).toEqual([expect.any(SilentNode)]);
});

test("where no other is to be asked for silence, it is waited for to the end", async () => {
  expect(await ask([silent, well], { otherNodes: "on failure" })).toMatchObject({ asked: 1, givenUp: [] });
});

test("all are silent: all are asked within the time, and each is told", async () => {
  const { answer, asked } = await ask([silent, silent, silent]);
  expect(asked).toBe(3);
  expect(answer).toEqual({ failure: { kind: "timeout", message: "late" } });
});

test("what one node says tells more than that others say nothing", async () => {
  const failure: RequestFailure = { kind: "response", status: 503, error: null };
  expect((await ask([{ failure }, down])).answer).toEqual({ failure });
});

test("an abort throws its reason, whoever is still asked", async () => {
  const stopping = new AbortController();
  const asked = ask([silent], { timeoutMs: 1e9 }, stopping.signal);
  stopping.abort(new Error("stopping"));
  expect(await rejection(asked)).toMatchObject({ message: "stopping" });
});
