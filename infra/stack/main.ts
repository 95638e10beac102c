import { PenstockError } from "../../lib/rules/base/errors.ts";
import { commandNamed, COMMON_OPTIONS, parseWords, wantsJson } from "../cli/kit/arguments.ts";
import { reportFailure } from "../cli/kit/failure.ts";
import { endOnFaults } from "../cli/kit/faults.ts";
import { helpText } from "../cli/kit/help-text.ts";
import { bringUp, probeServers, takeDown } from "./commands.ts";
import { holdStack, type HolderOptions } from "./holder.ts";
import {
  DEFAULT_KAFKA,
  KAFKA_RELEASES,
  KAFKA_VERSION_LIST,
  type KafkaVersion,
  kafkaVersionNamed,
} from "./artifacts/kafka-versions.ts";
import { cacheFolder, CLUSTER_MEMBERS } from "./stack.ts";
import { isCluster, nodesOf, readState, stateFile, type StackState } from "./state.ts";
import { printError, printOut } from "../cli/kit/terminal.ts";

const help = helpText({
  synopsis: "stack COMMAND [options]",
  about:
    "Runs a real Kafka, Elasticsearch and etcd from packages on 127.0.0.1: one of each, or clusters of three.",
  sections: [
    {
      title: "Commands",
      rows: [
        ["up", "boot the servers and leave them running"],
        ["status", "show whether each server runs and answers"],
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
    ["--json", "for status and up: machine-readable output"],
  ],
  exitCodes: "0 done, 1 failed or a server does not answer, 2 wrong usage",
});

const commandNames = ["up", "status", "down", "env", "help"] as const;
/** `hold` is the process behind a running stack, not a command for users. */
type CommandName = (typeof commandNames)[number] | "hold";

interface Invocation {
  command: CommandName;
  json: boolean;
  wanted: Wanted;
}

interface Wanted {
  cluster: boolean;
  kafka: KafkaVersion;
  defaultPorts: boolean;
}

endOnFaults();
process.exitCode = await main(process.argv.slice(2), stateFile(cacheFolder(process.env)));

async function main(argv: readonly string[], file: string): Promise<number> {
  try {
    const { command, wanted, json } = parse(argv);
    const commands: Record<CommandName, () => Promise<number>> = {
      up: () => up(file, wanted, json),
      status: () => status(file, json),
      down: () => down(file),
      env: () => env(file),
      hold: () => hold(wanted),
      help: async () => print(help),
    };
    return await commands[command]();
  } catch (error) {
    return reportFailure(error, { help, json: wantsJson(argv), write: printError });
  }
}

/** @throws PenstockError `usage` */
function parse(argv: readonly string[]): Invocation {
  const { values, positionals } = parseWords({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...COMMON_OPTIONS,
      cluster: { type: "boolean", default: false },
      kafka: { type: "string" },
      ports: { type: "string" },
    },
  });
  const [name, ...others] = values.help ? ["help"] : positionals;
  const command = name === "hold" ? name : commandNamed(name, commandNames);
  const { json } = values;
  if (others.length > 0) throw usageError(`One command at a time: ${positionals.join(" ")}`);
  if (json && command !== "status" && command !== "up" && command !== "help")
    throw usageError("--json is an option of status and up");
  const { cluster, kafka, ports } = values;
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
  return { command, json, wanted };
}

function usageError(message: string): PenstockError {
  return new PenstockError("usage", message);
}

async function up(file: string, wanted: Wanted, json: boolean): Promise<number> {
  const running = await readState(file);
  if (running !== undefined && isCluster(running.addresses) !== wanted.cluster)
    throw new Error(
      `${wanted.cluster ? "A stack that is not a" : "A"} cluster is up: run bun run stack down first`,
    );
  if (running !== undefined && running.kafka !== wanted.kafka)
    throw new Error(`A stack with Kafka ${running.kafka} is up: run bun run stack down first`);
  const state = running ?? (await bringUp(process.stderr, argumentsFor(wanted)));
  if (json) return print(`${JSON.stringify({ up: true, already: running !== undefined, ...state })}\n`);
  return print(
    `${running === undefined ? "The stack is up." : "The stack is already up."}\n${describe(state)}`,
  );
}

/** Arguments that make the holder boot the same stack. */
function argumentsFor({ cluster, kafka, defaultPorts }: Wanted): string[] {
  return [
    ...(cluster ? ["--cluster"] : []),
    "--kafka",
    kafka,
    ...(defaultPorts ? ["--ports", "default"] : []),
  ];
}

/** 0 only if all servers answer. */
async function status(file: string, json: boolean): Promise<number> {
  const state = await readState(file);
  const servers = state === undefined ? [] : await probeServers(state.addresses);
  if (json) {
    print(`${JSON.stringify({ up: state !== undefined, ...state, servers })}\n`);
  } else if (state === undefined) {
    print("No stack is up.\n");
  } else {
    print(`Up since ${state.startedAt}, process ${state.pid}.\n${describe(state)}`);
    for (const { name, problem } of servers) {
      print(`${name}: ${problem === undefined ? "answers" : `does not answer: ${problem}`}\n`);
    }
  }
  return servers.length > 0 && servers.every(({ answers }) => answers) ? 0 : 1;
}

async function down(file: string): Promise<number> {
  return print((await takeDown(file)) ? "The stack is down.\n" : "No stack is up.\n");
}

async function env(file: string): Promise<number> {
  const state = await readState(file);
  if (state === undefined) throw new Error("No stack is up: run bun run stack up first");
  return print(`export PENSTOCK_TEST_STACK='${JSON.stringify(state.addresses)}'\n`);
}

async function hold({ cluster, kafka, defaultPorts }: Wanted): Promise<number> {
  const options: HolderOptions = {
    kafka,
    ...(cluster && { members: CLUSTER_MEMBERS }),
    ...(defaultPorts && { ports: { kafka: 9092, elasticsearch: 9200, etcd: 2379 } }),
  };
  await holdStack(options, process.env, (report) => {
    if (process.connected) process.send?.(report);
  });
  return 0;
}

function describe({ folder, addresses, kafka }: StackState): string {
  const { brokers, etcdEndpoints } = addresses;
  const nodes = nodesOf(addresses);
  return `  Kafka ${KAFKA_RELEASES[kafka]}    ${brokers.join(",")}
  Elasticsearch  ${nodes.join(",")}
  etcd           ${etcdEndpoints.join(",")}
  Logs and data  ${folder}
In a config:
  kafka: { brokers: ${JSON.stringify(brokers)} }
  elasticsearch: { nodes: ${JSON.stringify(nodes)} }
  etcd: { endpoints: ${JSON.stringify(etcdEndpoints)} }
`;
}

/** @returns the exit code of a successful command */
function print(text: string): number {
  printOut(text);
  return 0;
}
