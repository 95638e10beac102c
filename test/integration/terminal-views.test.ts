import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { stringify } from "yaml";
import { outputOf } from "../support/command.ts";
import { acting } from "../support/acting-text.ts";
import { eventually } from "../support/eventually.ts";
import { useFolder } from "../support/folder.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";
import { type CommandInTerminal, CTRL_C, startInTerminal, startPiped } from "../support/terminal.ts";

const [calm, hostile] = [uniqueName("calm"), uniqueName("hostile")];
const acts = "before \u001b[2J\u001b]0;title\u0007\u202e after";

const servers = useStack();
let host: TestHost;
const file = join(useFolder(), "config.yaml");
beforeAll(async () => {
  for (const topic of [calm, hostile]) await servers.kafka.createTopic(topic);
  const config = { ...servers.config, topics: [calm, hostile] };
  await writeFile(file, stringify({ ...config, http: { port: 0 } }));
  host = await startTestHost(config);
  await servers.kafka.produce(calm, [{ value: "INFO first" }, { value: "ERROR second" }]);
  await servers.kafka.produce(hostile, [{ value: acts }]);
  for (const topic of [calm, hostile])
    await host.untilTopic(topic, "has indexed", ({ counts }) => counts.indexed > 0);
}, 240_000);
afterAll(() => host[Symbol.asyncDispose]());

const words = (...args: string[]): string[] => ["bun", "run", ...args, "--config", file];
const top = (): CommandInTerminal => startInTerminal(words("top", "--host", host.url, "--interval", "500ms"));
const LEAVES = "\u001B[?25h\u001B[?1049l";

/** Runs it to its end, without a terminal. */
const said = (...args: string[]) => outputOf(words(...args));

describe("top", () => {
  test.each([
    ["q", (command: CommandInTerminal) => command.type("q"), 0],
    ["Ctrl-C", (command: CommandInTerminal) => command.type(CTRL_C), 130],
    ["SIGTERM", (command: CommandInTerminal) => command.signal("SIGTERM"), 143],
  ] as const)(
    "shows the topics, and gives the terminal back at %s",
    async (_, end, code) => {
      await using command = top();
      await eventually("it shows a topic", () => command.shown().includes(calm));
      end(command);
      expect(await command.exited).toBe(code);
      // The terminal may show its last words after its end.
      await eventually("it leaves", () => command.shown().includes(LEAVES));
      expect(command.shown().lastIndexOf(LEAVES)).toBeGreaterThan(command.shown().lastIndexOf("\u001B[H"));
    },
    240_000,
  );

  test("without a terminal it prints one table, and JSON lines for a reader that may go", async () => {
    const { out, error, code } = await said("top", "--host", host.url);
    expect({ error, code }).toEqual({ error: "", code: 0 });
    expect(out).toMatch(new RegExp(`^running .* ${calm}$`, "m"));
    expect(out).not.toContain("\u001b");
    const { out: json } = await said("top", "--host", host.url, "--json", "--once");
    expect(JSON.parse(json)).toMatchObject({ hosts: [{ status: "this host" }] });
    await using live = startPiped(words("top", "--host", host.url, "--json", "--interval", "500ms"));
    await live.closeOutput();
    expect([await live.exited, live.shown()]).toEqual([0, ""]);
  }, 240_000);

  test("that reaches no host says so", async () => {
    expect(await said("top", "--host", "http://127.0.0.1:1")).toEqual({
      out: "",
      error: "no host answers at http://127.0.0.1:1: nobody listens there\n",
      code: 1,
    });
  }, 240_000);
});

describe("tap", () => {
  test("follows what comes, until Ctrl-C", async () => {
    await using command = startInTerminal(words("tap", calm, "ERROR"));
    await eventually("it shows the newest", () => command.shown().includes("ERROR second"));
    await servers.kafka.produce(calm, [{ value: "INFO third" }, { value: "ERROR fourth" }]);
    await eventually("it shows what came", () => command.shown().includes("ERROR fourth"));
    command.type(CTRL_C);
    expect(await command.exited).toBe(130);
    expect(command.shown()).not.toContain("INFO");
  }, 240_000);

  test("what others wrote does not act on a terminal, as text and as JSON", async () => {
    const [text, json, document] = await Promise.all([
      said("tap", hostile, "--limit", "1"),
      said("tap", hostile, "--limit", "1", "--json"),
      said("tap", hostile, "--limit", "1", "--json", "--documents"),
    ]);
    for (const { out, code } of [text, json, document]) {
      expect(code).toBe(0);
      expect(out.replaceAll("\n", "")).not.toMatch(acting);
    }
    expect(JSON.parse(json.out)).toMatchObject({ topic: hostile, partition: 0, offset: 0, value: acts });
    expect(JSON.parse(document.out)).toMatchObject({ document: { message: acts } });
  }, 240_000);

  test("ends with its reader, and reads undeclared topics", async () => {
    const topic = uniqueName("undeclared");
    await servers.kafka.createTopic(topic);
    await servers.kafka.produce(topic, [{ value: "x" }]);
    await using command = startPiped(words("tap", topic));
    await command.closeOutput();
    await servers.kafka.produce(topic, [{ value: "y" }]);
    expect([await command.exited, command.shown()]).toEqual([0, ""]);
  }, 240_000);
});

describe("logs", () => {
  test("finds what Explore finds, the newest at the end", async () => {
    await servers.elasticsearch.count(calm);
    const [some, one, none] = await Promise.all([
      said("logs", calm, "--since", "1h"),
      said("logs", calm, "second", "--since", "1h", "--json"),
      said("logs", calm, "nowhere", "--since", "1h"),
    ]);
    expect(some.out).toMatch(/INFO first\n.*ERROR second\n/);
    expect(JSON.parse(one.out)).toMatchObject({
      topic: calm,
      line: "ERROR second",
      document: { message: "ERROR second" },
    });
    expect(none).toMatchObject({ out: "", code: 0, error: expect.stringContaining("Nothing matches") });
  }, 240_000);

  test("a search that is not understood is wrong usage; others' text does not act", async () => {
    expect(await said("logs", calm, "NOT")).toMatchObject({ out: "", code: 2 });
    const { out } = await said("logs", hostile, "before", "--since", "1h");
    expect(out).toContain(String.raw`before \u001b[2J`);
    expect(out.replaceAll("\n", "")).not.toMatch(acting);
  }, 240_000);
});
