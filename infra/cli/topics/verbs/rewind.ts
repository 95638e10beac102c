import { setTimeout as delay } from "node:timers/promises";
import { type RewindInput, type RewindResult, rewindTopic } from "../../../../functions/rewind-topic.ts";
import { createOrders } from "../../../../lib/adapters/kafka/orders/order-store.ts";
import { describeGroup } from "../../../../lib/adapters/kafka/queries/group-access.ts";
import { createKafkaOffsets } from "../../../../lib/adapters/kafka/queries/offsets.ts";
import { createKafkaWire } from "../../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { usage } from "../../../../lib/rules/base/errors.ts";
import { countText } from "../../../../lib/rules/base/units.ts";
import { parseRewindTarget, type RewindStep } from "../../../../lib/rules/offsets/rewind.ts";
import { warningsOf } from "../../host/config-command.ts";
import { CONFIG_OPTIONS, parseWords, wholeNumber } from "../../kit/arguments.ts";
import { alignColumns } from "../../kit/columns.ts";
import { ExitCode } from "../../kit/exit-code.ts";
import type { LoadedConfig } from "../../kit/load-config.ts";
import { readDeclaredTopics } from "../declared-topics.ts";
import { type TopicsIo, type TopicsVerb, whoami } from "../verb.ts";

export const rewindVerb: TopicsVerb = {
  name: "rewind",
  operands: "TOPIC",
  about: "move a topic's position in Kafka: to a time, an offset, or the beginning or end of its log",
  details: `Says for each partition where it goes, and how many records are read again or skipped. What is read again and is in the index already counts as a duplicate: nothing is doubled. Forward, the records in between are skipped, until it goes back; the audit lists them apart. The order is kept in Kafka (group <kafka.group>.rewinds) and carried out once by the hosts that own the partitions; without a running host it waits for one. The command waits until all partitions have moved, for 30 s at most.`,
  options: [
    [
      "--to WHERE",
      "earliest, latest, a time (2026-11-28T10:00:00Z), an age (-2h; units s m h d), an offset, or offsets by partition ('{\"0\":17}')",
    ],
    ["--partition N", "only this partition"],
    ["--dry-run", "only say what would happen"],
  ],
  exitCodes:
    "0 moved, or nothing to do, 1 refused, or not all partitions have moved yet, 2 wrong usage, 78 bad config, 128 + signal if ended by one",
  parse(args) {
    const options = {
      to: { type: "string" },
      partition: { type: "string" },
      "dry-run": { type: "boolean", default: false },
      ...CONFIG_OPTIONS,
    } as const;
    const { values, positionals } = parseWords({ args, options, allowPositionals: true });
    if (values.help) return null;
    const [topic, ...rest] = positionals;
    if (topic === undefined) throw usage("a TOPIC is missing");
    if (rest.length > 0) throw usage(`one topic at a time: "${rest.join(" ")}" is too many`);
    if (values.to === undefined) throw usage("--to is missing: where should it go?");
    const input: Omit<RewindInput, "by"> = {
      topic,
      to: parseRewindTarget(values.to),
      partition: values.partition === undefined ? null : wholeNumber("partition", values.partition, 0),
      dryRun: values["dry-run"],
    };
    return { config: values.config ?? null, run: (config, io) => rewind(input, values.json, config, io) };
  },
};

async function rewind(
  input: Omit<RewindInput, "by">,
  json: boolean,
  config: LoadedConfig,
  io: TopicsIo,
): Promise<number> {
  const { kafka } = config.settings;
  const { signal } = io;
  const logger = warningsOf(config, { error: { isTTY: true, write: io.error } });
  const { specs } = await readDeclaredTopics([input.topic], config, logger, io);
  const wire = createKafkaWire(kafka, logger);
  const offsets = createKafkaOffsets(kafka, logger, wire);
  try {
    const { rewinds, rebuilds } = createOrders(wire, kafka.group, systemTime);
    const result = await rewindTopic(
      { ...input, by: whoami(io.environment) },
      {
        now: io.now,
        isDeclared: (topic) => specs.has(topic),
        ranges: (topic) => offsets.ranges(topic, signal),
        committed: (topic) => offsets.committed(kafka.group, topic, signal),
        offsetsAt: (topic, atMs) => offsets.at(topic, atMs, signal),
        readRewinds: () => rewinds.read(signal),
        writeRewinds: (orders) => rewinds.write(orders, signal),
        readRebuilds: () => rebuilds.read(signal),
        hosts: async () => (await describeGroup(wire, kafka.group, signal)).members.length,
        wait: (ms) => delay(ms, undefined, { signal }),
        newId: () => crypto.randomUUID(),
      },
    );
    io.out(json ? `${JSON.stringify(result, null, 2)}\n` : reportOf(result));
    const isDone = ["planned", "unchanged", "moved"].includes(result.action);
    return isDone ? ExitCode.done : ExitCode.failed;
  } finally {
    await offsets.close();
  }
}

function reportOf({ message, partitions, waiting }: RewindResult): string {
  const rows = alignColumns(
    partitions.map((step) => [
      `partition ${step.partition}`,
      `${step.from} → ${step.to}`,
      whatOf(step),
      waiting.includes(step.partition) ? "not moved yet" : "",
    ]),
    3,
  );
  const sentence = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
  return `${[...rows, sentence].join("\n")}\n`;
}

function whatOf({ from, to, records }: RewindStep): string {
  if (from === to) return "stays";
  return `${countText(records)} ${to < from ? "read again" : "skipped"}`;
}
