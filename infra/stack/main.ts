import { counted } from "../../lib/rules/base/units.ts";
import { wantsJson } from "../cli/kit/arguments.ts";
import { reportFailure } from "../cli/kit/failure.ts";
import { endOnFaults } from "../cli/kit/faults.ts";
import { printError, printOut } from "../cli/kit/terminal.ts";
import { type CommandName, parse, STACK_HELP, type Wanted } from "./arguments.ts";
import { KAFKA_RELEASES } from "./artifacts/kafka-versions.ts";
import { bringUp, probeServers, takeDown } from "./commands.ts";
import { holdStack, type HolderOptions } from "./holder.ts";
import { makeTopic, sendLines } from "./records.ts";
import { cacheFolder, CLUSTER_MEMBERS } from "./stack.ts";
import { CHECKOUT, isCluster, nodesOf, readState, stateFile, type StackState } from "./state.ts";

const exitWith = endOnFaults();
await exitWith(await main(process.argv.slice(2), stateFile(cacheFolder(process.env))));

async function main(argv: readonly string[], file: string): Promise<number> {
  try {
    const { command, operands, wanted, json, force, partitions } = parse(argv);
    const commands: Record<CommandName, () => Promise<number>> = {
      up: () => up(file, wanted, json),
      status: () => status(file, json),
      topic: () => topic(file, operands, partitions),
      produce: () => produce(file, operands, partitions),
      down: () => down(file, force),
      env: () => env(file),
      hold: () => hold(wanted),
      help: async () => print(STACK_HELP),
    };
    return await commands[command]();
  } catch (error) {
    return reportFailure(error, { help: STACK_HELP, json: wantsJson(argv), write: printError });
  }
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

async function down(file: string, force: boolean): Promise<number> {
  const running = await readState(file);
  if (running !== undefined && running.checkout !== null && running.checkout !== CHECKOUT && !force)
    throw new Error(`The stack was started from ${running.checkout}: end it there, or with --force`);
  return print((await takeDown(file)) ? "The stack is down.\n" : "No stack is up.\n");
}

async function topic(file: string, names: readonly string[], partitions: number): Promise<number> {
  const { addresses } = await runningStack(file);
  for (const name of names) {
    const isNew = await makeTopic(addresses.brokers, name, partitions);
    print(
      `Topic "${name}" ${isNew ? `was made: ${counted(partitions, "partition")}` : "is there already"}.\n`,
    );
  }
  return 0;
}

async function produce(
  file: string,
  [name = "", source]: readonly string[],
  partitions: number,
): Promise<number> {
  const { addresses } = await runningStack(file);
  const input = source === undefined || source === "-" ? Bun.stdin : Bun.file(source);
  if (input !== Bun.stdin && !(await input.exists()))
    throw new Error(`cannot read ${source}: there is no such file`);
  await makeTopic(addresses.brokers, name, partitions);
  if (input === Bun.stdin && process.stdin.isTTY) printError("Each line becomes a record; Ctrl-D ends.\n");
  const sent = await sendLines(addresses.brokers, name, input.stream());
  return print(`Sent ${counted(sent, "record")} to topic "${name}".\n`);
}

async function env(file: string): Promise<number> {
  const state = await runningStack(file);
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

async function runningStack(file: string): Promise<StackState> {
  const state = await readState(file);
  if (state === undefined) throw new Error("No stack is up: run bun run stack up first");
  return state;
}

function describe({ folder, addresses, kafka, checkout }: StackState): string {
  const { brokers, etcdEndpoints } = addresses;
  const nodes = nodesOf(addresses);
  return `  Kafka ${KAFKA_RELEASES[kafka]}    ${brokers.join(",")}
  Elasticsearch  ${nodes.join(",")}
  etcd           ${etcdEndpoints.join(",")}
  Logs and data  ${folder}
  Started from   ${checkout ?? "an unknown folder"}
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
