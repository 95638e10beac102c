import { parseArgs } from "node:util";
import { bringUp, probeServers, takeDown } from "./commands.ts";
import { holdStack } from "./holder.ts";
import type { Ports } from "./ground.ts";
import { cacheFolder } from "./stack.ts";
import { readState, stateFile, type StackState } from "./state.ts";

const usage = `Usage: bun run stack <command>
  up      boots Kafka, Elasticsearch and etcd on 127.0.0.1, and leaves them running
            --ports default   on 9092, 9200 and 2379 instead of free ports
  status  says whether they run and answer (--json for programs)
  down    ends them and removes their data
  env     prints the line that lets tests use the running stack
`;

const commandNames = ["up", "status", "down", "env", "hold", "help"] as const;
type CommandName = (typeof commandNames)[number];

interface Invocation {
  command: CommandName;
  json: boolean;
  ports: Ports | undefined;
}

process.exitCode = await main(process.argv.slice(2), stateFile(cacheFolder(process.env)));

async function main(argv: readonly string[], file: string): Promise<number> {
  let invocation: Invocation;
  try {
    invocation = parse(argv);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${usage}`);
    return 2;
  }
  const { ports, json } = invocation;
  const commands: Record<CommandName, () => Promise<number>> = {
    up: () => up(file, ports),
    status: () => status(file, json),
    down: () => down(file),
    env: () => env(file),
    hold: () => hold(ports),
    help: async () => print(usage),
  };
  try {
    return await commands[invocation.command]();
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

/** Throws saying what is wrong with the usage. */
function parse(argv: readonly string[]): Invocation {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      ports: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [name, ...others] = values.help ? ["help"] : positionals;
  const command = commandNames.find((known) => known === name);
  if (command === undefined)
    throw new Error(name === undefined ? "A command is missing" : `Unknown command: ${name}`);
  if (others.length > 0) throw new Error(`One command at a time: ${positionals.join(" ")}`);
  if (values.json && command !== "status") throw new Error("--json belongs to status");
  if (values.ports === undefined) return { command, json: values.json, ports: undefined };
  if (command !== "up" && command !== "hold") throw new Error("--ports belongs to up");
  if (values.ports !== "default") throw new Error("--ports knows only `default`");
  return { command, json: false, ports: { kafka: 9092, elasticsearch: 9200, etcd: 2379 } };
}

async function up(file: string, ports: Ports | undefined): Promise<number> {
  const running = await readState(file);
  if (running !== undefined) return print(`The stack is already up.\n${describe(running)}`);
  const state = await bringUp(process.stderr, ports ? ["--ports", "default"] : []);
  return print(`The stack is up.\n${describe(state)}`);
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
  if (state === undefined) throw new Error("No stack is up: bun run stack up");
  return print(`export PENSTOCK_TEST_STACK='${JSON.stringify(state.addresses)}'\n`);
}

async function hold(ports: Ports | undefined): Promise<number> {
  await holdStack(ports, process.env, (report) => {
    if (process.connected) process.send?.(report);
  });
  return 0;
}

function describe({ folder, addresses }: StackState): string {
  const { brokers, elasticsearchNode, etcdEndpoints } = addresses;
  return `  Kafka          ${brokers.join(",")}
  Elasticsearch  ${elasticsearchNode}
  etcd           ${etcdEndpoints.join(",")}
  Logs and data  ${folder}
In a config:
  kafka: { brokers: ${JSON.stringify(brokers)} }
  elasticsearch: { nodes: ${JSON.stringify([elasticsearchNode])} }
  etcd: { endpoints: ${JSON.stringify(etcdEndpoints)} }
`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Returns the exit code of a command that has said all it had to say. */
function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
