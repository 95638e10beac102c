import { PenstockError } from "../../lib/rules/base/errors.ts";
import { commandNamed, COMMON_OPTIONS, parseWords, wholeNumber } from "../cli/kit/arguments.ts";
import { helpText } from "../cli/kit/help-text.ts";
import { checkName } from "../cli/topics/target.ts";
import {
  DEFAULT_KAFKA,
  KAFKA_VERSION_LIST,
  type KafkaVersion,
  kafkaVersionNamed,
} from "./artifacts/kafka-versions.ts";

export const STACK_HELP = helpText({
  synopsis: "stack COMMAND [options]",
  about:
    "Runs a real Kafka, Elasticsearch and etcd from packages on 127.0.0.1: one of each, or clusters of three.",
  sections: [
    {
      title: "Commands",
      rows: [
        ["up", "boot the servers and leave them running"],
        ["status", "show whether each server runs and answers"],
        ["topic NAME…", "make topics in the running Kafka"],
        [
          "produce TOPIC [FILE]",
          "send each line of FILE, or of standard input, as a record; makes the topic",
        ],
        ["down", "end the servers and remove their data"],
        ["env", "print a shell line that makes tests use the running stack"],
      ],
    },
    {
      title: "Environment",
      rows: [
        ["PENSTOCK_STACK_ELASTICSEARCH", "for up: another version than 9.2.0, such as 8.19.5"],
        [
          "PENSTOCK_STACK_BARE",
          "for up: 1 for an Elasticsearch without the analysis that our own module adds",
        ],
      ],
    },
  ],
  options: [
    ["--cluster", "for up: three of each server; topics have three replicas, two of them in sync"],
    ["--kafka VERSION", `for up: ${KAFKA_VERSION_LIST}; default: ${DEFAULT_KAFKA}`],
    [
      "--ports default",
      "for up: ports 9092, 9200 and 2379 instead of free ones; the others of a cluster use the next two",
    ],
    ["--partitions N", "for topic and produce: of a new topic; default: 1"],
    ["--force", "for down: also a stack that was started from another checkout"],
    ["--json", "for status and up: machine-readable output"],
  ],
  exitCodes: "0 done, 1 failed or a server does not answer, 2 wrong usage",
});

const commandNames = ["up", "status", "topic", "produce", "down", "env", "help"] as const;
/** `hold` is the process behind a running stack, not a command for users. */
export type CommandName = (typeof commandNames)[number] | "hold";

export interface Invocation {
  command: CommandName;
  operands: readonly string[];
  json: boolean;
  force: boolean;
  partitions: number;
  wanted: Wanted;
}

export interface Wanted {
  cluster: boolean;
  kafka: KafkaVersion;
  defaultPorts: boolean;
}

/** @throws PenstockError `usage` */
export function parse(argv: readonly string[]): Invocation {
  const { values, positionals } = parseWords({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...COMMON_OPTIONS,
      cluster: { type: "boolean", default: false },
      kafka: { type: "string" },
      ports: { type: "string" },
      partitions: { type: "string" },
      force: { type: "boolean", default: false },
    },
  });
  const [name, ...operands] = values.help ? ["help"] : positionals;
  const command = name === "hold" ? name : commandNamed(name, commandNames);
  const { json, force } = values;
  checkOperands(command, operands);
  if (json && command !== "status" && command !== "up" && command !== "help")
    throw usageError("--json is an option of status and up");
  const { cluster, kafka, ports, partitions } = values;
  if (force && command !== "down") throw usageError("--force is an option of down");
  if (partitions !== undefined && command !== "topic" && command !== "produce")
    throw usageError("--partitions is an option of topic and produce");
  const isUp = command === "up" || command === "hold";
  if (cluster && !isUp) throw usageError("--cluster is an option of up");
  if (kafka !== undefined && !isUp) throw usageError("--kafka is an option of up");
  if (ports !== undefined && !isUp) throw usageError("--ports is an option of up");
  if (ports !== undefined && ports !== "default")
    throw usageError(`--ports is "${ports}": it must be default`);
  const wanted = {
    cluster,
    kafka: kafkaVersionNamed(kafka ?? DEFAULT_KAFKA),
    defaultPorts: ports !== undefined,
  };
  return {
    command,
    operands,
    json,
    force,
    partitions: partitions === undefined ? 1 : wholeNumber("partitions", partitions, 1),
    wanted,
  };
}

/** @throws PenstockError `usage` */
function checkOperands(command: CommandName, operands: readonly string[]): void {
  if (command === "topic" || command === "produce") {
    const [topic] = operands;
    if (topic === undefined) throw usageError(`a TOPIC is missing: stack ${command} TOPIC`);
    if (command === "produce" && operands.length > 2)
      throw usageError(`one FILE at a time: "${operands.slice(2).join(" ")}" is too many`);
    const names = command === "topic" ? operands : [topic];
    for (const name of names) checkName({ kind: "topic", topic: name });
  } else if (operands.length > 0) {
    throw usageError(`One command at a time: ${[command, ...operands].join(" ")}`);
  }
}

function usageError(message: string): PenstockError {
  return new PenstockError("usage", message);
}
