import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { stringify } from "yaml";
import { outputOf } from "../support/command.ts";
import { useFolder } from "../support/folder.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";
import { startPiped } from "../support/terminal.ts";

const servers = useStack();
const folder = useFolder();

test("plan compares another file with the running host, and changes nothing", async () => {
  const [kept, gone, fresh] = [uniqueName("kept"), uniqueName("gone"), uniqueName("fresh")];
  for (const topic of [kept, gone, fresh]) await servers.kafka.createTopic(topic);
  await using host = await startTestHost({ ...servers.config, topics: [kept, gone] });
  for (const topic of [kept, gone]) await host.untilTopic(topic, "runs", ({ state }) => state === "running");
  const file = join(folder, "next.yaml");
  await writeFile(file, stringify({ ...servers.config, topics: [kept, fresh] }));
  const plan = (...words: string[]) =>
    outputOf(["bun", "run", "plan", "--config", file, "--host", host.url, ...words]);
  const [text, json] = await Promise.all([plan("--exit-code"), plan("--json")]);
  expect(text).toMatchObject({ error: "", code: 3 });
  expect(text.out).toContain(`\n+ start    ${fresh}  (`);
  expect(text.out).toContain(`\n- stop     ${gone}  (`);
  expect(text.out).toEndWith("\n1 to start, 1 to stop; 1 stays as it is.\n");
  expect(json.code).toBe(0);
  expect(JSON.parse(json.out)).toMatchObject({
    compared: { host: new URL(host.url).origin },
    plan: { start: [{ topic: fresh }], stop: [{ topic: gone }], keep: [{ topic: kept }] },
  });
  expect((await host.topics()).map(({ topic }) => topic).toSorted()).toEqual([gone, kept].toSorted());
}, 240_000);

test("without a host it shows what one does at its start, and says so", async () => {
  const topic = uniqueName("alone");
  await servers.kafka.createTopic(topic);
  const file = join(folder, "alone.yaml");
  await writeFile(file, stringify({ ...servers.config, http: { port: 0 }, topics: [topic] }));
  await using child = startPiped(["bun", "run", "plan", "--config", file], {
    output: Bun.file(join(folder, "out")),
  });
  expect(await child.exited).toBe(0);
  const told = await Bun.file(join(folder, "out")).text();
  expect(told).toStartWith("Note: http.port is 0 in the config, so its port is not known: give --host URL.");
  expect(told).toContain(`\n+ start    ${topic}  (`);
}, 240_000);
