import { expect, test } from "bun:test";
import { createKafkaLinks } from "../../../../../lib/adapters/kafka/client/links.ts";
import { createKafkaDiagnosis } from "../../../../../lib/adapters/kafka/queries/diagnosis.ts";
import {
  createRecordReader,
  readFirstRecords,
} from "../../../../../lib/adapters/kafka/queries/record-reader.ts";
import { createMemoryLogger } from "../../../../support/memory-logger.ts";
import { rejection } from "../../../../support/rejection.ts";
import { kafkaSettings } from "../../../../support/settings.ts";

const said = "the shared address book was asked";
const shared = createKafkaLinks();
const links = {
  ...shared,
  addresses: {
    ...shared.addresses,
    choose() {
      throw new Error(said);
    },
  },
};
const kafka = kafkaSettings({ brokers: ["127.0.0.1:1"] });
const logger = createMemoryLogger();
const reader = createRecordReader(kafka, logger, links);
const diagnosis = createKafkaDiagnosis(kafka, logger, links);
const { signal } = new AbortController();
const spans = new Map([[0, { start: 0, end: 1 }]]);

test.each<[string, () => Promise<unknown>]>([
  ["the ranges", () => reader.ranges("app", signal)],
  ["the records", () => reader.readSpans("app", spans, () => Promise.resolve(), signal)],
  ["the first records", () => readFirstRecords({ kafka, topic: "app", logger, links }, new Map(), signal)],
  ["known brokers", () => diagnosis.reach("127.0.0.1:1", signal)],
  ["the topics", () => diagnosis.topics(signal)],
])("%s are asked over connections that share logins and addresses", async (_, ask) => {
  expect(await rejection(ask())).toEqual(new Error(said));
});
