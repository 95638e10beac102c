import { readFileSync, writeFileSync } from "node:fs";

/** The cost of a process so far. Linux only: read from /proc. */
export interface ProcessCost {
  /** User and system time of all its threads. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

/** USER_HZ, the unit of /proc/<pid>/stat: 100 on every Linux (man 5 proc). */
const TICKS_PER_SECOND = 100;

/** @throws Error if the process does not exist */
export function costOf(pid: number): ProcessCost {
  // The name in parentheses may contain spaces, so fields are counted from behind it. utime and stime are 14 and 15.
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssBytes: kilobytes("VmRSS") * 1024,
    peakRssBytes: kilobytes("VmHWM") * 1024,
  };
}

/** Resets `peakRssBytes` (man 5 proc_pid_clear_refs: 5 resets the peak). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
