import { appendFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGuard } from "../stack/process/guard.ts";
import { lastLines } from "../stack/process/server.ts";
import { createProgressDisplay, type Progress } from "../stack/process/progress.ts";
import { startStack, type Stack } from "../stack/stack.ts";
import type { Environment } from "../stack/process/ground.ts";
import { createNarrator, type Narrator, type NarratorOutput } from "./narrator.ts";
import { demoLogFile, setStage } from "./world/stage.ts";
import {
  addresses,
  addTopic,
  countAll,
  killHost,
  nextCommands,
  removeTopic,
  runFileTopics,
  search,
  watchOwnLog,
  type Scene,
} from "./steps.ts";

export interface DemoOptions {
  readonly output: NarratorOutput;
  readonly colour: boolean;
  /** Whether lines of the output can be overwritten. */
  readonly live: boolean;
  /** Whether to stay up after the last step, until `signal`. */
  readonly stay: boolean;
  readonly environment: Environment;
  /** Ends the demo at any time, and leaves nothing behind. */
  readonly signal: AbortSignal;
}

export interface DemoResult {
  /** Whether all checks passed. */
  readonly held: boolean;
  readonly checks: readonly { readonly held: boolean; readonly text: string }[];
  readonly seconds: number;
}

/**
 * Boots the servers and a host, feeds them their own logs, and verifies each step.
 * @throws the signal's reason if it aborts before the last step, or the error that made a step impossible
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { output, environment } = options;
  const startedAt = performance.now();
  const broken = new AbortController();
  const signal = AbortSignal.any([options.signal, broken.signal]);
  const checks: DemoResult["checks"][number][] = [];

  await using guard = await createGuard(join(tmpdir(), `penstock-demo-${crypto.randomUUID()}`));
  using narrator = createNarrator(output, {
    ...options,
    now: () => performance.now(),
    onLine: (line) => appendFileSync(demoLogFile(guard), `${line}\n`),
  });
  narrator.title("Penstock moves logs from Kafka to Elasticsearch: real servers, with their own logs");
  await using stack = await boot(narrator, options, signal);
  narrator.passed(`Kafka, Elasticsearch and etcd are up after ${seconds(startedAt)} s`);
  await using stage = await setStage({
    stack,
    guard,
    environment,
    signal,
    onError: (error) => broken.abort(error),
  });

  const scene: Scene = {
    stage,
    narrator,
    signal,
    verify(ok, text, ...details) {
      checks.push({ held: ok, text });
      if (ok) narrator.passed(text, ...details);
      else narrator.failed(text, ...details);
    },
  };
  for (const step of [runFileTopics, addTopic, removeTopic, killHost, countAll, watchOwnLog, search]) {
    try {
      signal.throwIfAborted();
      await step(scene);
    } catch (error) {
      if (!options.signal.aborted) {
        const lines = (await lastLines(stage.logFiles.penstock_log, 5)).split("\n");
        narrator.failed("This step failed. The last lines of the host's log:", ...lines);
      }
      throw error;
    }
  }
  narrator.lines(options.stay ? ["", ...addresses(stage), "", ...nextCommands(stage), ""] : [""]);
  const result = { checks, seconds: Number(seconds(startedAt)) };
  const failed = checks.filter(({ held }) => !held).length;
  narrator.title(
    failed === 0
      ? `demo: all ${checks.length} checks passed in ${result.seconds.toFixed(1)} s`
      : `demo: ${failed} of ${checks.length} checks failed`,
  );
  if (options.stay) {
    narrator.waiting("up until Ctrl-C");
    await untilAborted(signal);
    broken.signal.throwIfAborted();
  }
  return { held: failed === 0, ...result };
}

function boot(narrator: Narrator, { live, environment }: DemoOptions, signal: AbortSignal): Promise<Stack> {
  const latest = new Map<Progress["part"], string>();
  const displayOf = (part: Progress["part"]) =>
    createProgressDisplay({
      write(line: string) {
        latest.set(part, line.trimEnd());
        if (live) narrator.waiting([...latest.values()].join(" · "));
        else narrator.note(line.trimEnd());
      },
    });
  const displays = {
    kafka: displayOf("kafka"),
    elasticsearch: displayOf("elasticsearch"),
    etcd: displayOf("etcd"),
  };
  return startStack({
    environment,
    signal,
    onProgress: (progress) => displays[progress.part].show(progress),
  });
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1000).toFixed(1);
}
