// The watchdog's own thread, see watchdog.ts. Nothing here may wait for the thread it watches.
import { readFileSync, write } from "node:fs";
import { openProcessExit } from "../../../lib/adapters/system/exit-process.ts";
import { prettyLine } from "../../../lib/adapters/log/log-pretty.ts";
import { createStandStillWatch } from "../../../lib/rules/progress/stand-still.ts";
import { ExitCode } from "../../cli/kit/exit-code.ts";

export type WatchdogMessage =
  | { kind: "watch"; beats: Int32Array; tickMs: number; limitTicks: number; pretty: boolean }
  | { kind: "doing"; doing: string }
  | { kind: "stop"; ticks: number };

declare const self: Worker;

/** Time limit for the last log line, since its reader may be the part that hangs. */
const LAST_LINE_MS = 1_000;

const endProcess = openProcessExit();
let doing = "starting";
let stopWithin: (ticks: number) => void = () => {};

self.addEventListener("message", ({ data }: MessageEvent<WatchdogMessage>) => {
  if (data.kind === "doing") doing = data.doing;
  else if (data.kind === "stop") stopWithin(data.ticks);
  else watch(data);
});

function watch({ beats, tickMs, limitTicks, pretty }: WatchdogMessage & { kind: "watch" }): void {
  const standStill = createStandStillWatch(limitTicks);
  stopWithin = (ticks) => standStill.stopWithin(ticks);
  let cpuBefore: number | null = null;
  const timer = setInterval(() => {
    const { stillFor, over } = standStill.tick(Atomics.load(beats, 0));
    if (stillFor <= 1) cpuBefore = cpuSecondsOfHost();
    if (!over) return;
    clearInterval(timer);
    const seconds = Math.round((stillFor * tickMs) / 1_000);
    const cpu = cpuSecondsOfHost();
    end(pretty, {
      doing,
      seconds,
      // Tells a blocked system call (no CPU time) from an endless loop.
      ...(cpu === null || cpuBefore === null ? {} : { cpuSeconds: Math.round((cpu - cpuBefore) * 10) / 10 }),
      msg: `${seconds === 0 ? "not stopped within shutdown.deadline" : "the event loop is blocked"}: exiting; uncommitted records will be read again`,
    });
  }, tickMs);
}

function end(pretty: boolean, fields: object): void {
  const line = `${JSON.stringify({ level: "error", time: new Date().toISOString(), ...fields })}\n`;
  const exit = (): void => endProcess(ExitCode.hung);
  setTimeout(exit, LAST_LINE_MS);
  write(1, pretty ? prettyLine(line) : line, exit);
}

/** CPU time of the watched thread; null if the system does not report it. */
function cpuSecondsOfHost(): number | null {
  try {
    const stat = readFileSync(`/proc/self/task/${process.pid}/stat`, "utf8");
    // User and system time in 1/100 s. They follow a name in parentheses, which may contain any character.
    const [utime = 0, stime = 0] = stat.slice(stat.lastIndexOf(")")).split(" ").slice(12, 14).map(Number);
    return (utime + stime) / 100;
  } catch {
    return null;
  }
}
