// Starts hosts that fail half-way, at one place after the other, then one that starts, and stops it. Ends by itself
// only if nothing of them is left. See test/integration/failing-start.test.ts.
import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startHost } from "../../infra/host/host.ts";
import { parseConfig } from "../../lib/rules/config/config.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { eventually } from "./eventually.ts";
import { createMemoryLogger } from "./memory-logger.ts";

/** Takes connections, and says nothing. */
const kafka = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
/** Sockets and files that are open; Bun's own event loops aside, which it keeps. */
const descriptors = (): number =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return !readlinkSync(`/proc/self/fd/${fd}`).startsWith("anon_inode:");
    } catch {
      // It was the one that read the folder.
      return false;
    }
  }).length;

const read = (port: number) => ({
  ...parseConfig(
    `
http: { port: ${port} }
kafka: { brokers: ["127.0.0.1:${kafka.port}"], group: none }
elasticsearch: { nodes: ["http://127.0.0.1:1"] }
shutdown: { deadline: 6s }
`,
    { file: "config.yaml", environment: {}, readFile: () => "" },
  ),
  content: "",
});

/** @param failAt which question to the outside is not answered @returns how it ended */
async function start(port: number, failAt: number): Promise<string> {
  let questions = 0;
  let isStarting = true;
  const answer = <T>(value: T): T => {
    questions += 1;
    if (isStarting && questions === failAt) throw new Error("no answer");
    return value;
  };
  const config = read(port);
  try {
    const host = await startHost({
      configPath: "/nowhere/config.yaml",
      config,
      readConfig: () => config,
      namedFiles: () => answer(new Set(["/nowhere/config.yaml"])),
      logger: createMemoryLogger(),
      hide: (text) => text,
      now: () => answer(Date.now()),
      monotonicMs: () => answer(performance.now()),
      random: () => answer(Math.random()),
      newMarker: () => answer("marker"),
      machineName: "machine",
      version: "0.0.0",
      note() {},
    });
    isStarting = false;
    // Until its clients have connected.
    await sleep(300);
    await host.stop("SIGTERM");
    return "stopped";
  } catch (error) {
    return error instanceof PenstockError ? error.code : "failed";
  } finally {
    isStarting = false;
  }
}

const taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") });
const before = descriptors();
const ends = [await start(taken.port ?? 0, 0)];
for (let at = 1; ends.at(-1) !== "stopped" && at < 100; at += 1) {
  ends.push(await start(0, at));
  // The other end of a connection closes a moment later.
  for (let turn = 0; descriptors() > before && turn < 100; turn += 1) await sleep(20);
}
await eventually("the last ones are closed", () => descriptors() <= before, 10_000).catch(() => {
  // It is told below how many are left.
});
const left = descriptors() - before;
await taken.stop();
kafka.stop();
process.stdout.write(JSON.stringify({ ends, left }));
