import { setTimeout as delay } from "node:timers/promises";
import { type HoldResult, holdTopics } from "../../../functions/hold-topics.ts";
import { createOrderStore } from "../../../lib/adapters/kafka/orders/order-store.ts";
import { describeGroup } from "../../../lib/adapters/kafka/queries/group-access.ts";
import { createKafkaOffsets } from "../../../lib/adapters/kafka/queries/offsets.ts";
import { createKafkaWire } from "../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { systemTime } from "../../../lib/adapters/system/system-time.ts";
import { usage } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { counted } from "../../../lib/rules/base/units.ts";
import { maxBy, maxReason } from "../../../lib/rules/progress/hold.ts";
import { warningsOf } from "../host/config-command.ts";
import { CONFIG_OPTIONS, parseWords } from "../kit/arguments.ts";
import { ExitCode } from "../kit/exit-code.ts";
import type { HelpRow } from "../kit/help-text.ts";
import type { LoadedConfig } from "../kit/load-config.ts";
import { readDeclaredTopics } from "./declared-topics.ts";
import { type TopicsCall, type TopicsIo, whoami } from "./verb.ts";

export const BY_ROW: HelpRow = ["--by NAME", "who; default: your login and this machine"];

interface HoldCommand {
  readonly topics: readonly string[];
  readonly held: boolean;
  /** Null: not given. */
  readonly by: string | null;
  readonly reason: string | null;
  readonly json: boolean;
}

/** Parses `hold` and `release`. @throws PenstockError `usage` */
export function parseHold(args: string[], held: boolean): TopicsCall | null {
  const options = { reason: { type: "string" }, by: { type: "string" }, ...CONFIG_OPTIONS } as const;
  const { values, positionals: topics } = parseWords({ args, options, allowPositionals: true });
  if (values.help) return null;
  if (topics.length === 0) throw usage("a TOPIC is missing");
  if (!held && values.reason !== undefined) throw usage("--reason is an option of hold only");
  const reason = textOf("--reason", values.reason, maxReason);
  const by = textOf("--by", values.by, maxBy);
  const command = { topics, held, by, reason, json: values.json };
  return { config: values.config ?? null, run: (config, io) => hold(command, config, io) };
}

function textOf(option: string, value: string | undefined, most: number): string | null {
  const text = value?.trim() ?? "";
  if (text.length > most) throw usage(`${option} has ${text.length} characters: at most ${most}`);
  return text === "" ? null : text;
}

async function hold(command: HoldCommand, config: LoadedConfig, io: TopicsIo): Promise<number> {
  const { settings } = config;
  const { kafka } = settings;
  const logger = warningsOf(config, { error: { isTTY: true, write: io.error } });
  const { specs, inKafka, sources } = await readDeclaredTopics(command.topics, config, logger, io);
  await using kafkaLinks = openLinks(kafka, logger);
  const { wire, offsets } = kafkaLinks;
  const store = createOrderStore(wire, kafka.group, "holds", systemTime);
  const by = command.by ?? whoami(io.environment);
  const results = await holdTopics(
    { ...command, by },
    {
      now: io.now,
      read: () => store.read(io.signal),
      write: (orders) => store.write(orders, io.signal),
      async declared(topic) {
        const spec = specs.get(topic);
        if (spec === undefined) return null;
        const exists = inKafka.has(topic);
        const partitions = exists ? (await offsets.ranges(topic, io.signal)).size : 0;
        return { inKafka: exists, heldBy: spec.hold ? (sources.get(topic)?.[0] ?? null) : null, partitions };
      },
      hosts: async () => (await describeGroup(wire, kafka.group, io.signal)).members.length,
      wait: (ms) => delay(ms, undefined, { signal: io.signal }),
    },
  );
  io.out(command.json ? `${JSON.stringify({ topics: results }, null, 2)}\n` : results.map(sentence).join(""));
  return results.every(isDone) ? ExitCode.done : ExitCode.failed;
}

/** One connection for all questions. */
function openLinks(kafka: LoadedConfig["settings"]["kafka"], logger: Logger) {
  const wire = createKafkaWire(kafka, logger);
  const offsets = createKafkaOffsets(kafka, logger, wire);
  return { wire, offsets, [Symbol.asyncDispose]: () => offsets.close() };
}

/** Whether the order stands and no host acts against it. */
function isDone({ action, waiting, hosts }: HoldResult): boolean {
  if (action === "unchanged") return true;
  return (action === "held" || action === "released") && (hosts === 0 || waiting.length === 0);
}

function sentence({ message, action, waiting, hosts }: HoldResult): string {
  const first = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
  if (action !== "held" && action !== "released") return `${first}\n`;
  if (hosts === 0) return `${first} No host runs now: the order waits for them.\n`;
  if (waiting.length === 0) return `${first}\n`;
  const names = `${waiting.length === 1 ? "partition" : "partitions"} ${waiting.join(", ")}`;
  return `${first} But ${names} did not follow yet (${counted(hosts ?? 1, "host")}): GET /topics of the hosts says why.\n`;
}
