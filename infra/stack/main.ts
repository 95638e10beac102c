import { PenstockError } from "../../lib/rules/errors.ts";
import { commandNamed, COMMON_OPTIONS, parseWords, wantsJson } from "../cli/arguments.ts";
import { reportFailure } from "../cli/failure.ts";
import { helpText } from "../cli/help-text.ts";
import { bringUp, probeServers, takeDown } from "./commands.ts";
import { holdStack } from "./holder.ts";
import type { Ports } from "./ground.ts";
import { cacheFolder } from "./stack.ts";
import { readState, stateFile, type StackState } from "./state.ts";

const help = helpText({
  synopsis: "stack COMMAND [options]",
  about: "A real Kafka, Elasticsearch and etcd on 127.0.0.1, from packages.",
  sections: [
    {
      title: "Commands",
      rows: [
        ["up", "boots them, and leaves them running"],
        ["status", "says whether they run and answer"],
        ["down", "ends them and removes their data"],
        ["env", "prints the line that lets tests use the running stack"],
      ],
    },
    {
      title: "Environment",
      rows: [["PENSTOCK_STACK_ELASTICSEARCH", "of up: another version than 9.2.0, such as 8.19.5"]],
    },
  ],
  options: [
    ["--ports default", "of up: on 9092, 9200 and 2379 instead of free ports"],
    ["--json", "of status and up: machine-readable output"],
  ],
  exitCodes: "0 done, 1 failed, or a server does not answer, 2 wrong usage",
});

const commandNames = ["up", "status", "down", "env", "help"] as const;
/** `hold` is the process behind a running stack: not for people. */
type CommandName = (typeof commandNames)[number] | "hold";

interface Invocation {
  command: CommandName;
  json: boolean;
  ports: Ports | undefined;
}

process.exitCode = await main(process.argv.slice(2), stateFile(cacheFolder(process.env)));

async function main(argv: readonly string[], file: string): Promise<number> {
  try {
    const { command, ports, json } = parse(argv);
    const commands: Record<CommandName, () => Promise<number>> = {
      up: () => up(file, ports, json),
      status: () => status(file, json),
      down: () => down(file),
      env: () => env(file),
      hold: () => hold(ports),
      help: async () => print(help),
    };
    return await commands[command]();
  } catch (error) {
    const write = (text: string) => process.stderr.write(text);
    return reportFailure(error, { help, json: wantsJson(argv), write });
  }
}

/** @throws PenstockError `usage` */
function parse(argv: readonly string[]): Invocation {
  const { values, positionals } = parseWords({
    args: [...argv],
    allowPositionals: true,
    options: { ...COMMON_OPTIONS, ports: { type: "string" } },
  });
  const [name, ...others] = values.help ? ["help"] : positionals;
  const command = name === "hold" ? name : commandNamed(name, commandNames);
  const { json } = values;
  if (others.length > 0) throw usageError(`One command at a time: ${positionals.join(" ")}`);
  if (json && command !== "status" && command !== "up" && command !== "help")
    throw usageError("--json belongs to status and up");
  if (values.ports === undefined) return { command, json, ports: undefined };
  if (command !== "up" && command !== "hold") throw usageError("--ports belongs to up");
  if (values.ports !== "default") throw usageError("--ports knows only `default`");
  return { command, json, ports: { kafka: 9092, elasticsearch: 9200, etcd: 2379 } };
}

function usageError(message: string): PenstockError {
  return new PenstockError("usage", message);
}

async function up(file: string, ports: Ports | undefined, json: boolean): Promise<number> {
  const running = await readState(file);
  const state = running ?? (await bringUp(process.stderr, ports ? ["--ports", "default"] : []));
  if (json) return print(`${JSON.stringify({ up: true, already: running !== undefined, ...state })}\n`);
  return print(
    `${running === undefined ? "The stack is up." : "The stack is already up."}\n${describe(state)}`,
  );
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

/** Returns the exit code of a command that has said all it had to say. */
function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
