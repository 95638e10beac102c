import { describe, expect, test } from "bun:test";
import { setImmediate } from "node:timers/promises";
import { outputOf } from "../support/command.ts";

const module = new URL("../../infra/cli/kit/faults.ts", import.meta.url).pathname;
const fault = `Object.assign(new Error("a fault"), { client: { password: ["hunter", "2"].join("") } })`;

test.each([
  ["thrown in a callback", `setTimeout(() => { throw ${fault}; }, 1)`],
  ["a promise that nobody waited for", `void Promise.reject(${fault})`],
  ["no error at all", `void Promise.reject("a fault")`],
])("%s ends the process with its message alone", async (_, act) => {
  const script = `import { endOnFaults } from ${JSON.stringify(module)};
    endOnFaults(); ${act}; setTimeout(() => {}, 5_000);`;
  expect(await outputOf([process.execPath, "-e", script])).toEqual({
    out: "",
    error: "unhandled error: a fault\n",
    code: 1,
  });
});

describe("standard output", () => {
  const command = (act: string): string[] => [
    process.execPath,
    "-e",
    `import { tolerateLostOutput } from ${JSON.stringify(module)};
      const exitWith = tolerateLostOutput(); ${act}`,
  ];

  test("is written completely before a command exits, however slow the reader", async () => {
    const child = Bun.spawn(command(`process.stdout.write("x".repeat(5_000_000)); await exitWith(3);`), {
      stdout: "pipe",
    });
    let read = 0;
    for await (const bytes of child.stdout) {
      read += bytes.length;
      await setImmediate();
    }
    expect({ read, code: await child.exited }).toEqual({ read: 5_000_000, code: 3 });
  });

  test.each([0, 3])("whose reader is gone says nothing and does not change exit code %i", async (code) => {
    const act = `process.stdin.once("data", async () => {
      for (let n = 0; n < 100; n++) {
        process.stdout.write("line\\n");
        await new Promise((next) => setImmediate(next));
      }
      await exitWith(${code});
    });`;
    const child = Bun.spawn(command(act), { stdio: ["pipe", "pipe", "pipe"] });
    await child.stdout.cancel();
    void child.stdin.write("go\n");
    await child.stdin.end();
    expect([await child.exited, await child.stderr.text()]).toEqual([code, ""]);
  });

  test.each([
    { code: 0, becomes: 1 },
    { code: 3, becomes: 3 },
  ])("that cannot be written is told, and makes of exit code $code $becomes", async ({ code, becomes }) => {
    const child = Bun.spawn(command(`process.stdout.write("line\\n"); await exitWith(${code});`), {
      stdio: ["ignore", Bun.file("/dev/full"), "pipe"],
    });
    expect([await child.exited, await child.stderr.text()]).toEqual([
      becomes,
      "standard output could not be written: ENOSPC: no space left on device, write\n",
    ]);
  });
});
