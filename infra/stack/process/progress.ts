import { createLiveLine, type ProgressOutput } from "../../cli/kit/progress-line.ts";

export type { ProgressOutput } from "../../cli/kit/progress-line.ts";

/** One step of booting the stack. */
export interface Progress {
  part: "kafka" | "elasticsearch" | "etcd";
  step: "downloading" | "installing" | "starting" | "ready";
  /** Bytes downloaded so far. */
  bytes?: number;
}

/** Shows a live line on a terminal, else a line for each step and each 10 MB. Call `end` before writing anything else. */
export function createProgressDisplay(output: ProgressOutput): {
  show(progress: Progress): void;
  end(): void;
} {
  const line = createLiveLine(output);
  const latest = new Map<string, Progress>();
  const isNews = ({ part, step, bytes = 0 }: Progress): boolean => {
    const last = latest.get(part);
    return last?.step !== step || Math.floor(bytes / 1e7) > Math.floor((last.bytes ?? 0) / 1e7);
  };
  return {
    show(progress) {
      if (!output.isTTY && isNews(progress)) output.write(`${describe(progress)}\n`);
      latest.set(progress.part, progress);
      line.show([...latest.values()].map(describe).join(" · "));
    },
    end() {
      line.end(true);
      latest.clear();
    },
  };
}

function describe({ part, step, bytes }: Progress): string {
  return bytes === undefined ? `${part} ${step}` : `${part} ${step} ${(bytes / 1e6).toFixed(1)} MB`;
}
