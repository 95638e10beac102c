import { expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { processesNaming } from "../support/survivors.ts";

const demo = join(import.meta.dir, "../../infra/demo/main.ts");

/** The demo with its own temporary folder, which identifies its processes. */
async function startDemo(...args: string[]) {
  const folder = await mkdtemp(join(tmpdir(), "penstock-demo-test-"));
  const child = Bun.spawn([process.execPath, demo, ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return {
    child,
    folder,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.exited;
      await rm(folder, { recursive: true });
    },
  };
}

async function expectNothingLeft(folder: string): Promise<void> {
  await eventually("its processes have ended", async () => (await processesNaming(folder)).length === 0);
  expect(await readdir(folder)).toEqual([]);
}

test("everything it shows is true, and nothing is left behind", async () => {
  await using run = await startDemo();
  const text = await run.child.stdout.text();
  expect({ code: await run.child.exited, text }).toEqual({ code: 0, text: expect.any(String) });
  expect(text.trimEnd().split("\n").at(-1)).toMatch(/^demo: all \d+ checks passed in [\d.]+ s$/);
  expect(text).toMatch(/etcd_log added in etcd: .* after \d+ ms/);
  for (const topic of ["kafka_log", "elasticsearch_log", "etcd_log", "penstock_log"]) {
    const [, offsets, documents, missing, doubled] =
      new RegExp(`^ *${topic} +(\\d+) +(\\d+) +(\\d+) +(\\d+)$`, "m").exec(text) ?? [];
    expect(Number(offsets)).toBeGreaterThan(0);
    expect({ documents, missing, doubled }).toEqual({ documents: offsets, missing: "0", doubled: "0" });
  }
  // Its servers end with it.
  expect(text).not.toMatch(/^ *Console /m);
  // Without a terminal: no control sequences.
  expect(text).not.toContain("\x1b");
  await expectNothingLeft(run.folder);
}, 720_000);

test("Ctrl-C during boot leaves nothing behind and shows in the exit code", async () => {
  await using run = await startDemo("--once");
  const reader = run.child.stdout.getReader();
  const decoder = new TextDecoder();
  for (let text = ""; !text.includes("kafka starting");) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`it ended by itself: ${text}`);
    text += decoder.decode(value);
  }
  run.child.kill("SIGINT");
  expect(await run.child.exited).toBe(130);
  await expectNothingLeft(run.folder);
}, 240_000);

test.each(["--frobnicate", "more"])("%s is wrong usage", async (argument) => {
  await using child = Bun.spawn([process.execPath, demo, argument], { stdio: ["ignore", "ignore", "pipe"] });
  expect(await child.exited).toBe(2);
  expect(await child.stderr.text()).toContain("Usage: bun run demo");
});
