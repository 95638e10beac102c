import { readdir, readFile } from "node:fs/promises";

/** The ids of processes whose command line contains `text`: on Linux from /proc, elsewhere from `ps`. */
export async function processesNaming(text: string): Promise<number[]> {
  if (process.platform !== "linux") {
    const listing = Bun.spawn(["ps", "-axww", "-o", "pid=,command="], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = (await listing.stdout.text()).split("\n");
    return lines.filter((line) => line.includes(text)).map((line) => Number.parseInt(line, 10));
  }
  const pids = (await readdir("/proc")).map(Number).filter(Number.isInteger);
  // A process may end after it was listed.
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return pids.filter((_, index) => commands[index]?.includes(text));
}
