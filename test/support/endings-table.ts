// `bun test/support/endings-table.ts [COMMAND…]`: how each long-running command ends, in a real pseudo-terminal and without one. Needs
// PENSTOCK_TEST_STACK. Run by hand: test/integration/terminal.test.ts holds the host and one command to it.
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { cacheFolder } from "../../infra/stack/stack.ts";
import { eventually } from "./eventually.ts";
import { uniqueName } from "./kafka.ts";
import { connectStack } from "./stack-clients.ts";
import { CTRL_C, startInTerminal, startPiped, type StartedCommand } from "./terminal.ts";

const ENDINGS = ["Ctrl-C", "SIGTERM", "SIGHUP", "output closed", "output full"] as const;
type Ending = (typeof ENDINGS)[number];

interface Row {
  readonly name: string;
  /** After `bun run`. */
  readonly words: (folder: string) => Promise<readonly string[]>;
  /** Resolves once there is something to end; null: it ends by itself. */
  readonly under: ((folder: string) => Promise<unknown>) | null;
}

const ENDS_WITHIN_MS = 45_000;
const servers = await connectStack();

async function config(folder: string, more: object): Promise<string[]> {
  const file = join(folder, "config.yaml");
  await writeFile(file, stringify({ http: { port: 0 }, ...servers.config, ...more }));
  return ["--config", file];
}

const topicOf = (folder: string): string => `end-${folder.slice(-6).toLowerCase()}`;
const lines = (count: number) => Array.from({ length: count }, (_, n) => ({ value: `line ${n}` }));
/** A Kafka that takes connections and says nothing. */
let asked = 0;
const silent = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: { open: () => void (asked += 1), data() {} },
});
const waiting = (name: string, ...words: string[]): Row => ({
  name,
  async words(folder) {
    asked = 0;
    const kafka = { brokers: [`127.0.0.1:${silent.port}`] };
    return [...words, ...(await config(folder, { kafka, topics: ["any"] }))];
  },
  under: () => eventually("Kafka is asked", () => asked > 0),
});
/** A command that boots servers of its own: ended while it does. */
const booting = (name: string, ...words: string[]): Row => ({
  name,
  words: async () => words,
  under: (folder) =>
    eventually("it boots", async () => (await leftIn(folder)).some((name) => name.startsWith("penstock-"))),
});

const ROWS: readonly Row[] = [
  {
    name: "host",
    async words(folder) {
      const topic = topicOf(folder);
      await servers.kafka.createTopic(topic, 2);
      await servers.kafka.produce(topic, lines(100));
      return ["host", ...(await config(folder, { topics: [topic] }))];
    },
    async under(folder) {
      const topic = topicOf(folder);
      await eventually("it indexes", async () => (await servers.elasticsearch.count(topic)) === 100);
      await servers.kafka.produce(topic, lines(400));
    },
  },
  booting("demo", "demo"),
  booting("stack up", "stack", "up"),
  booting("bench", "bench", "--quick"),
  booting("bench:reload", "bench:reload"),
  booting("soak", "soak", "--minutes", "1"),
  booting("cluster", "cluster", "--only", "stops", "--stops", "1"),
  booting("compare", "compare"),
  booting("test", "test", "test/integration/host.test.ts"),
  waiting("audit", "audit"),
  waiting("replay", "replay"),
  waiting("doctor", "doctor"),
  {
    name: "topics list",
    words: async (folder) => ["topics", "list", ...(await config(folder, {}))],
    under: null,
  },
  { name: "help", words: async () => ["help"], under: null },
];

async function play(row: Row, ending: Ending): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "endings-"));
  const marker = uniqueName("ending");
  await mkdir(join(folder, "tmp"));
  const environment = {
    ENDINGS_MARKER: marker,
    TMPDIR: join(folder, "tmp"),
    PENSTOCK_CACHE: await cacheWithoutStack(folder),
  };
  const command = ["bun", "run", ...(await row.words(folder))];
  await using started = start(command, ending, environment);
  let code: number | string = "hangs";
  let tookMs = 0;
  try {
    await row.under?.(folder);
    const endedAt = performance.now();
    await started.end(row.under !== null);
    code = await Promise.race([started.exited, Bun.sleep(ENDS_WITHIN_MS).then(() => "hangs")]);
    tookMs = performance.now() - endedAt;
  } catch (error) {
    code = error instanceof Error ? error.message : String(error);
  }
  const processes = await eventually(
    "nothing is left",
    async () => ((await leftOf(marker)) === 0 ? "0" : null),
    10_000,
  ).catch(async () => String(await leftOf(marker)));
  const noise =
    started.shown().match(/error: script|^\$ bun|an error nobody|EPIPE|node_modules/m)?.[0] ?? "none";
  const held = row.name === "host" ? await heldBy(topicOf(folder)) : ["–", "–"];
  const folders = (await leftIn(folder)).length;
  await rm(folder, { recursive: true, force: true });
  return [
    row.name,
    ending,
    String(code),
    `${(tookMs / 1_000).toFixed(1)} s`,
    ...held,
    processes,
    String(folders),
    noise,
  ];
}

function start(command: readonly string[], ending: Ending, environment: Record<string, string>) {
  if (ending === "output closed" || ending === "output full") {
    const piped = startPiped(command, {
      environment,
      ...(ending === "output full" && { output: Bun.file("/dev/full") }),
    });
    const end = async (endless: boolean): Promise<void> => {
      if (ending === "output closed") await piped.closeOutput();
      if (endless) piped.signal("SIGTERM");
    };
    return withEnd(piped, end);
  }
  const inTerminal = startInTerminal(command, { environment });
  return withEnd(inTerminal, async () => {
    if (ending === "Ctrl-C") inTerminal.type(CTRL_C);
    else if (ending === "SIGHUP") inTerminal.hangUp();
    else inTerminal.signal("SIGTERM");
  });
}

function withEnd<C extends StartedCommand>(command: C, end: (endless: boolean) => Promise<void>) {
  return { ...command, end };
}

/** Committed of indexed, and what its group still has. */
async function heldBy(topic: string): Promise<readonly string[]> {
  const committed = [...(await servers.kafka.committed(servers.config.kafka.group, topic)).values()];
  const [group] = await servers.kafka.groups([servers.config.kafka.group]);
  const sum = committed.reduce((all, offset) => all + Math.max(0, offset), 0);
  return [
    `${sum} of ${await servers.elasticsearch.count(topic)}`,
    group?.members.length === 0 ? "left" : "NOT left",
  ];
}

async function leftOf(marker: string): Promise<number> {
  const environments = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const held = await Promise.all(
    environments.map(async (pid) =>
      (await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "")).includes(marker),
    ),
  );
  return held.filter(Boolean).length;
}

/** The downloads of this machine, and no stack that is up. */
async function cacheWithoutStack(folder: string): Promise<string> {
  const cache = join(folder, "cache");
  await mkdir(cache);
  const shared = cacheFolder(process.env);
  for (const name of await readdir(shared))
    if (name !== "stack") await symlink(join(shared, name), join(cache, name));
  return cache;
}

const leftIn = (folder: string): Promise<string[]> => readdir(join(folder, "tmp"));

const wanted = process.argv.slice(2);
process.stdout.write(
  "command | ending | exit code | after | committed of indexed | group | processes left | folders left | noise\n",
);
for (const row of ROWS.filter(({ name }) => wanted.length === 0 || wanted.includes(name)))
  for (const ending of ENDINGS) process.stdout.write(`${(await play(row, ending)).join(" | ")}\n`);
silent.stop(true);
await servers[Symbol.asyncDispose]();
