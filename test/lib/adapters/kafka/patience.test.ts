import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from "kafkajs";
import { whileLeadersMove } from "../../../../lib/adapters/kafka/patience.ts";
import { PenstockError } from "../../../../lib/rules/errors.ts";
import { advance } from "../../../support/fake-time.ts";
import { rejection } from "../../../support/rejection.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const answered = (type: string): Error =>
  new KafkaJSProtocolError({ type, code: 6, message: "an answer", name: "", retriable: true } as never);
/** As it comes from an admin, or from a consumer that did not start. */
const wrapped = (error: Error): Error =>
  new PenstockError("kafka_unavailable", "no", {
    cause: new KafkaJSNumberOfRetriesExceeded(error, { retryCount: 1, retryTime: 1 }),
  });

/** Fails with each of these, then resolves. */
function failing(...errors: readonly Error[]) {
  const left = [...errors];
  const act = async (): Promise<string> => {
    const error = left.shift();
    if (error !== undefined) throw error;
    return "done";
  };
  return { act, left };
}

test("goes on as long as a leader or a coordinator moves", async () => {
  const { act } = failing(
    wrapped(answered("NOT_LEADER_FOR_PARTITION")),
    answered("GROUP_LOAD_IN_PROGRESS"),
    answered("LEADER_NOT_AVAILABLE"),
  );
  const done = whileLeadersMove(act, new AbortController().signal);
  await advance(3_600, 100);
  expect(await done).toBe("done");
});

test("anything else ends it, and so does the last try", async () => {
  const signal = new AbortController().signal;
  const denied = answered("TOPIC_AUTHORIZATION_FAILED");
  expect(await rejection(whileLeadersMove(failing(denied).act, signal))).toBe(denied);
  const { act, left } = failing(...Array.from({ length: 9 }, () => answered("NOT_LEADER_FOR_PARTITION")));
  const ended = rejection(whileLeadersMove(act, signal));
  await advance(16_000, 100);
  expect(await ended).toMatchObject({ type: "NOT_LEADER_FOR_PARTITION" });
  expect(left).toHaveLength(3);
});
