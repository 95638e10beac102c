import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { stringify } from "yaml";
import { eventually } from "../support/eventually.ts";
import { useFolder } from "../support/folder.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";
import {
  type CommandInTerminal,
  CTRL_C,
  type PipedCommand,
  startInTerminal,
  startPiped,
  type StartedCommand,
} from "../support/terminal.ts";

const servers = useStack();
const folder = useFolder();

async function configFile(name: string, config: object): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, stringify({ ...config, http: { port: 0 } }));
  return file;
}

interface Ending {
  readonly how: string;
  readonly start: (command: readonly string[]) => StartedCommand;
  readonly end: () => Promise<void> | void;
}

/** Each way to end a host, and to lose its log. */
function endings(): readonly Ending[] {
  return [
    inTerminal("Ctrl-C", (command) => command.type(CTRL_C)),
    inTerminal("a terminal that is closed", (command) => command.hangUp()),
    piped("SIGTERM, the log's reader gone", "pipe"),
    piped("SIGTERM, the log on a full disk", Bun.file("/dev/full")),
  ];
}

function inTerminal(how: string, end: (command: CommandInTerminal) => void): Ending {
  let running: CommandInTerminal;
  return { how, start: (command) => (running = startInTerminal(command)), end: () => end(running) };
}

function piped(how: string, output: "pipe" | Bun.BunFile): Ending {
  let running: PipedCommand;
  return {
    how,
    start: (command) => (running = startPiped(command, { output })),
    async end() {
      await running.closeOutput();
      running.signal("SIGTERM");
    },
  };
}

const lines = (count: number) => Array.from({ length: count }, (_, n) => ({ value: `line ${n}` }));

describe("`bun run host` commits what it has indexed, leaves its group and exits with 0", () => {
  test.each(endings())(
    "at $how",
    async ({ start, end }) => {
      const topic = uniqueName("ending");
      await servers.kafka.createTopic(topic, 2);
      await servers.kafka.produce(topic, lines(100));
      const file = await configFile(topic, { ...servers.config, topics: [topic] });
      await using host = start(["bun", "run", "host", "--config", file]);
      await eventually("it indexes", async () => (await servers.elasticsearch.count(topic)) === 100);
      await servers.kafka.produce(topic, lines(400));
      await end();
      expect(await host.exited).toBe(0);

      const committed = [...(await servers.kafka.committed(servers.config.kafka.group, topic)).values()];
      expect(committed.reduce((sum, offset) => sum + offset, 0)).toBe(
        await servers.elasticsearch.count(topic),
      );
      // Sooner than Kafka would miss it. A busy broker carries out late what the host told it last.
      await eventually(
        "the group has no member",
        async () => (await servers.kafka.groups([servers.config.kafka.group]))[0]?.members.length === 0,
        5_000,
      );
    },
    240_000,
  );
});

describe("a command", () => {
  /** A silent Kafka server that accepts connections, so that the command waits. */
  async function withSilentKafka(
    act: (command: readonly string[], asked: Promise<void>) => Promise<void>,
  ): Promise<void> {
    const asked = Promise.withResolvers<void>();
    const silent = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { open: () => asked.resolve(), data() {} },
    });
    try {
      const kafka = { brokers: [`127.0.0.1:${silent.port}`] };
      const file = await configFile(uniqueName("silent"), { ...servers.config, kafka, topics: ["any"] });
      await act(["bun", "run", "audit", "--config", file], asked.promise);
    } finally {
      silent.stop(true);
    }
  }

  test("that waits ends at Ctrl-C with 130, at a closed terminal with 129", async () => {
    await withSilentKafka(async (command, asked) => {
      await using audit = startInTerminal(command);
      await asked;
      audit.type(CTRL_C);
      expect(await audit.exited).toBe(130);
      await eventually("it says so", () => audit.shown().endsWith("stopped by SIGINT before the end\r\n"));
    });
    await withSilentKafka(async (command, asked) => {
      await using audit = startInTerminal(command);
      await asked;
      audit.hangUp();
      expect(await audit.exited).toBe(129);
    });
  }, 240_000);

  test("whose reader has closed exits with its result, and one with a full disk exits with 1", async () => {
    const topic = uniqueName("unread");
    await servers.kafka.createTopic(topic);
    const file = await configFile(topic, { ...servers.config, topics: [topic] });
    const command = ["bun", "run", "audit", "--config", file];
    await using unread = startPiped(command);
    await unread.closeOutput();
    await using full = startPiped(command, { output: Bun.file("/dev/full") });
    expect(await Promise.all([unread.exited, full.exited])).toEqual([0, 1]);
    expect([unread.shown(), full.shown()]).toEqual([
      "",
      "standard output could not be written: ENOSPC: no space left on device, write\n",
    ]);
  }, 240_000);
});
