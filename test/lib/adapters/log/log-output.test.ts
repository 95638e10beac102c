import { expect, test } from "bun:test";
import { closeSync, constants, openSync, read } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { openLogOutput } from "../../../../lib/adapters/log/log-output.ts";

/** 10 KB each: together more than the pipe and the buffer hold. */
const LINES = 100;
const module = join(import.meta.dir, "../../../../lib/adapters/log/log-output.ts");

/** The program logs to its standard output and reports lost lines on standard error. */
function commandOf(script: string): string[] {
  const source = `import { openLogOutput } from ${JSON.stringify(module)};
    const output = openLogOutput({ fd: 1, onLost: (lines) => process.stderr.write("lost " + lines + "\\n") });
    ${script}`;
  return [process.execPath, "-e", source];
}

test("lines written just before the exit arrive", async () => {
  const command = commandOf(`
    for (let n = 0; n < 1_000; n++) output.write("line " + n + "\\n");
    await output.drained(5_000);
    process.exit(3);`);
  const child = Bun.spawn(command, { stdio: ["ignore", "pipe", "inherit"] });
  const [out, code] = await Promise.all([child.stdout.text(), child.exited]);
  expect(out.trimEnd().split("\n")).toEqual(Array.from({ length: 1_000 }, (_, n) => `line ${n}`));
  expect(code).toBe(3);
});

test("a reader that does not read blocks nothing, and learns how many lines it missed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "penstock-log-"));
  const path = join(folder, "fifo");
  await Bun.$`mkfifo ${path}`;
  // Opened for reading and writing: nobody reads until we do.
  const fd = openSync(path, constants.O_RDWR);
  try {
    let lost = 0;
    const output = openLogOutput({ fd, maxBytes: 100_000, onLost: (lines) => (lost += lines) });
    const line = `${"x".repeat(9_999)}\n`;
    for (let n = 0; n < LINES; n += 1) {
      output.write(line);
      await setImmediate();
    }
    const reading = readUntil(fd, "end\n");
    await output.drained(60_000);
    output.write("end\n");
    const taken = ((await reading).length - "end\n".length) / line.length;
    expect({ taken, lost }).toEqual({ taken: LINES - lost, lost: LINES - taken });
    expect(lost).toBeGreaterThan(0);
  } finally {
    closeSync(fd);
    await rm(folder, { recursive: true });
  }
});

test("neither a full disk nor a closed reader ends the process", async () => {
  const script = `
    for (let n = 0; n < 3; n++) {
      output.write("line\\n");
      await output.drained(5_000);
    }
    process.exit(3);`;
  const full = Bun.spawn(commandOf(script), { stdio: ["ignore", Bun.file("/dev/full"), "pipe"] });
  const gone = Bun.spawn(commandOf(`process.stdin.once("data", async () => { ${script} });`), {
    stdio: ["pipe", "pipe", "pipe"],
  });
  await gone.stdout.cancel();
  void gone.stdin.write("go\n");
  await gone.stdin.end();
  expect(await Promise.all([full.exited, gone.exited])).toEqual([3, 3]);
  expect(await Promise.all([full.stderr.text(), gone.stderr.text()])).toEqual(["", ""]);
});

async function readUntil(fd: number, end: string): Promise<string> {
  let text = "";
  const buffer = Buffer.alloc(65_536);
  while (!text.endsWith(end)) {
    const { bytesRead } = await promisify(read)(fd, buffer, 0, buffer.length, null);
    text += buffer.toString("latin1", 0, bytesRead);
  }
  return text;
}
