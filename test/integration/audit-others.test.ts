import { expect, test } from "bun:test";
import { runAudit } from "../../infra/cli/audit/run.ts";
import type { AuditEnd } from "../../infra/cli/audit/text.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { specification } from "../support/records.ts";
import { settings } from "../support/settings.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const servers = useStack();

test("a topic that Kafka does not have any more ends its own audit, not those of others", async () => {
  const [gone, there] = [uniqueName("gone"), uniqueName("there")];
  await servers.kafka.createTopic(there);
  const { kafka, elasticsearch, deadLetters } = settings();
  const { brokers } = servers.config.kafka;
  const { nodes } = servers.config.elasticsearch;
  const ends: AuditEnd[] = [];
  await runAudit({
    settings: settings({
      kafka: { ...kafka, brokers, group: there },
      elasticsearch: { ...elasticsearch, nodes },
      deadLetters: { ...deadLetters, topic: `${there}.dead-letters` },
    }),
    specs: [gone, there].map((topic) => specification({ topic, index: topic })),
    repair: false,
    removeDoubles: false,
    logger: createMemoryLogger(),
    now: () => Date.now(),
    random: () => 0,
    signal: new AbortController().signal,
    onEnd: (end) => void ends.push(end),
    onProgress: () => {},
  });
  expect(ends).toMatchObject([
    { kind: "failed", topic: gone, reason: expect.stringContaining("does not exist in Kafka") },
    // There may be other notes: the cluster is shared.
    {
      kind: "audited",
      audit: { topic: there, notes: expect.arrayContaining([`group ${there} has committed nothing`]) },
    },
  ]);
}, 240_000);
