import { expect, test } from "bun:test";
import { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from "kafkajs";
import { asKafkaError, inWords, wordsOf } from "../../../../../lib/adapters/kafka/client/explain-error.ts";
import { PenstockError } from "../../../../../lib/rules/base/errors.ts";
import { kafkaSettings } from "../../../../support/settings.ts";

const settings = kafkaSettings({ brokers: ["a:1", "b:1", "c:1"] });
const refused = new KafkaJSConnectionError("Connection error: connect ECONNREFUSED 10.0.0.2:1", {
  broker: "b:1",
  code: "ECONNREFUSED",
});
const denied = new KafkaJSProtocolError({
  name: "KafkaJSProtocolError",
  message: "Topic authorization failed",
  type: "TOPIC_AUTHORIZATION_FAILED",
  code: 29,
  retriable: false,
} as never);

test("only brokers known not to answer are named", async () => {
  const says = async (lost: string[]) => (await asKafkaError(refused, settings, lost)).message;
  const why = "nothing listens at 10.0.0.2:1 (ECONNREFUSED)";
  expect(await says(["b:1"])).toBe(`Kafka at b:1 does not answer: ${why}`);
  expect(await says([])).toBe(`Kafka at a:1, b:1, c:1 does not answer: ${why}`);
});

test("an answered error is not reported as silence", async () => {
  expect(await asKafkaError(denied, settings, [])).toMatchObject({
    code: "kafka_unavailable",
    message: "Kafka: Topic authorization failed",
  });
});

test("an error after several tries is explained by its cause, and our own deadline as such", () => {
  const gaveUp = new KafkaJSNumberOfRetriesExceeded(
    new KafkaJSProtocolError({ message: "x", type: "NOT_LEADER_FOR_PARTITION", code: 6 } as never),
    { retryCount: 6, retryTime: 1 },
  );
  expect(wordsOf(gaveUp)).toBe("a partition leader is moving to another broker, or none can be elected");
  expect(wordsOf(new DOMException("The operation timed out.", "TimeoutError"))).toBe("no answer in time");
});

test("an error that needs no other words is unchanged", () => {
  const ours = new PenstockError("topic_missing", "it is not there");
  expect(inWords(ours)).toBe(ours);
  expect(inWords(denied)).toBe(denied);
  expect(inWords(refused)).toMatchObject({ retryable: true, cause: refused });
});
