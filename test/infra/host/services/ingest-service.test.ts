import { expect, test } from "bun:test";
import {
  createIngestService,
  type IngestServiceDeps,
} from "../../../../infra/host/services/ingest-service.ts";
import type { Declaration } from "../../../../lib/rules/model/declaration.ts";
import { parseKafkaEvent } from "../../../../lib/rules/lambda-event.ts";
import { declaration } from "../../../support/declarations.ts";
import { kafkaEvent } from "../../../support/kafka-event.ts";
import { sourceRecord } from "../../../support/records.ts";
import { settings } from "../../../support/settings.ts";
import { nothingEarlier } from "../../../support/looked-up.ts";

const app = declaration("app");
const batches = parseKafkaEvent(kafkaEvent([{ topic: "app", record: sourceRecord("x") }]));
const never = new AbortController().signal;

function intakeWith(changes: Partial<IngestServiceDeps> = {}) {
  return createIngestService({
    bulk: async () => Promise.resolve({ items: [{ status: 201, result: "created", error: null }] }),
    deadLetters: () => ({ store: () => Promise.reject(new Error("no test rejects a record")) }),
    settings: () => settings(),
    declarations: () => [app],
    ensureTemplate: () => Promise.resolve(new Map()),
    sentBefore: () => nothingEarlier,
    now: () => 0,
    ...changes,
  });
}

test("goes by what is declared when the event comes", async () => {
  let declared: readonly Declaration[] = [];
  const intake = intakeWith({ declarations: () => declared });
  expect((await intake.ingest(batches, never)).failed).toMatchObject([{ code: "not_declared" }]);
  declared = [app];
  expect(await intake.ingest(batches, never)).toMatchObject({ counts: { indexed: 1 }, failed: [] });
});

test("refuses while not every source was read, and once the host stops", async () => {
  let declared: readonly Declaration[] | null = null;
  const intake = intakeWith({ declarations: () => declared });
  expect(intake.ingestRefusal()).toBe("etcd was not read yet, so its declarations are not known.");
  declared = [app];
  expect(intake.ingestRefusal()).toBeNull();
  await intake.stop();
  expect(intake.ingestRefusal()).toBe("The host is stopping.");
});

test("stopping ends what is under way, and waits for its answer", async () => {
  const asked = Promise.withResolvers<void>();
  const intake = intakeWith({
    bulk: async (_body, { signal }) => {
      asked.resolve();
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      });
    },
  });
  let answered = false;
  const attempt = intake.ingest(batches, never).finally(() => {
    answered = true;
  });
  await asked.promise;
  await intake.stop();
  expect(answered).toBe(true);
  expect((await attempt).failed).toMatchObject([{ name: "app-0", offsets: [0], code: "connection" }]);
});
