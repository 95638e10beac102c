import { expect, test } from "bun:test";
import { join } from "node:path";

const module = join(import.meta.dir, "../../infra/cli/kit/stop-signal.ts");

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

test("an immediate repeat of the same signal, passed on by `bun run` from the terminal, does not count as a second one", async () => {
  const child = startChild(`
    const signal = abortOnSignals();
    const alive = setInterval(() => {}, 1_000);
    signal.addEventListener("abort", () => {
      process.kill(process.pid, "SIGINT");
      // Bun notices it in one of the next turns.
      setTimeout(() => {
        console.log("goes on");
        clearInterval(alive);
      }, 50);
    });
    process.kill(process.pid, "SIGINT");`);
  expect(await child.stdout.text()).toBe("goes on\n");
  expect(await child.exited).toBe(0);
});
