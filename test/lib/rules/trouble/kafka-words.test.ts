import { expect, test } from "bun:test";
import { type ClientFailure, kafkaWords, partitionWords } from "../../../../lib/rules/trouble/kafka-words.ts";

const words = (message: string, changes: Partial<ClientFailure> = {}): string =>
  kafkaWords({ message, type: null, broker: "k:9092", afterMs: null, ...changes });

test.each([
  [
    "Connection error: connect ECONNREFUSED 127.0.0.1:39999",
    "nothing listens at 127.0.0.1:39999 (ECONNREFUSED)",
  ],
  ["Connection error: getaddrinfo ENOTFOUND kafka-3", "the host name kafka-3 cannot be resolved"],
  ["Connection error: connect EHOSTUNREACH 10.0.0.1:9092", "no route to k:9092 (EHOSTUNREACH)"],
  ["Connection timeout", "connecting to k:9092 timed out"],
  ["Closed connection", "the connection to k:9092 broke"],
  ["Connection given up: a request timed out", "the connection to k:9092 broke"],
  ["Connection error: read ECONNRESET", "the connection to k:9092 broke"],
  ["Broker 3 not found in the cached metadata", "a required broker is currently not part of the cluster"],
])("%s", (message, says) => {
  expect(words(message)).toBe(says);
});

test.each([
  ["NOT_LEADER_FOR_PARTITION", "a partition leader is moving to another broker, or none can be elected"],
  [
    "UNKNOWN_MEMBER_ID",
    "the group has rebalanced without this host, because Kafka did not hear from it in time",
  ],
  ["INCONSISTENT_GROUP_PROTOCOL", "another client in its group uses a different assignment protocol"],
])("%s", (type, says) => {
  expect(words("a sentence for authors of clients", { type })).toBe(says);
});

test("a request without an answer names the silent broker and the time waited", () => {
  const message = "Request ListOffsets(key: 2, version: 3) timed out";
  expect(words(message, { afterMs: 30_000 })).toBe("k:9092 did not answer within 30 s");
  expect(words(message, { afterMs: 3_000, broker: null })).toBe("a broker did not answer within 3 s");
});

test("Kafka's words about permissions and unknown messages stay unchanged", () => {
  const denied = "Not authorized to access topics: [Topic authorization failed]";
  expect(words(denied, { type: "TOPIC_AUTHORIZATION_FAILED" })).toBe(denied);
  expect(words("something new")).toBe("something new");
});

test.each([
  ["KAFKA_STORAGE_ERROR", "a partition leader is moving to another broker, or none can be elected"],
  ["UNKNOWN_TOPIC_OR_PARTITION", "the topic, or this partition of it, does not exist in Kafka"],
  ["TOPIC_AUTHORIZATION_FAILED", "Kafka does not let this user read the topic (TOPIC_AUTHORIZATION_FAILED)"],
  ["CORRUPT_MESSAGE", "Kafka refuses reading it: CORRUPT_MESSAGE"],
])("a partition answers %s", (type, says) => {
  expect(partitionWords(type)).toBe(says);
});
