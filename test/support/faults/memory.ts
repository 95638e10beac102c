import { readFile } from "node:fs/promises";

/** The peak resident memory of a process in bytes; null if it has ended, or the system does not know. */
export async function peakRssBytes(pid: number): Promise<number | null> {
  // A process may end at any moment, and only Linux has /proc.
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
