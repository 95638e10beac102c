import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { whileLeadersMove } from "../../../../../lib/adapters/kafka/queries/patience.ts";
import { PenstockError } from "../../../../../lib/rules/base/errors.ts";
import { advance } from "../../../../support/fake-time.ts";
import { rejection } from "../../../../support/rejection.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const moving = (n: number): PenstockError => new PenstockError("kafka_unavailable", `moves ${n}`);

/** Returns each of these errors, then succeeds. */
function answering(...errors: readonly PenstockError[]) {
  const left = [...errors];
  const act = async (): Promise<string | PenstockError> => left.shift() ?? "done";
  return { act, left };
}

test("retries while a leader or coordinator moves", async () => {
  const done = whileLeadersMove(answering(moving(1), moving(2), moving(3)).act, new AbortController().signal);
  await advance(3_600, 100);
  expect(await done).toBe("done");
});

test("a thrown error ends it, and so does the last try", async () => {
  const signal = new AbortController().signal;
  const denied = new PenstockError("kafka_refused", "no");
  const refusing = () => Promise.reject(denied);
  expect(await rejection(whileLeadersMove<string>(refusing, signal))).toBe(denied);
  const { act, left } = answering(...Array.from({ length: 9 }, (_, n) => moving(n + 1)));
  const ended = rejection(whileLeadersMove(act, signal));
  await advance(16_000, 100);
  expect(await ended).toMatchObject({ message: "moves 6" });
  expect(left).toHaveLength(3);
});
