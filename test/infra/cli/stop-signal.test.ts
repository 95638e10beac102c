import { expect, test } from "bun:test";
import { join } from "node:path";

const module = join(import.meta.dir, "../../../infra/cli/stop-signal.ts");

function startChild(source: string) {
  return Bun.spawn(
    [process.execPath, "-e", `import { abortOnSignals } from ${JSON.stringify(module)};\n${source}`],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
}

test("the first signal aborts with the shells' exit code, a second one of any kind ends at once", async () => {
  const child = startChild(`
    const signal = abortOnSignals();
    setInterval(() => {}, 1_000);
    signal.addEventListener("abort", () => console.log(signal.reason.message, signal.reason.exitCode));
    console.log("ready");`);
  const lines = child.stdout.getReader();
  const read = async () => new TextDecoder().decode((await lines.read()).value);
  expect(await read()).toBe("ready\n");
  child.kill("SIGTERM");
  expect(await read()).toBe("ended by SIGTERM 143\n");
  child.kill("SIGINT");
  await child.exited;
  expect(child.exitCode).toBe(130);
});
