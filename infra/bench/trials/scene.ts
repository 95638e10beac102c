import type { Stack } from "../../stack/stack.ts";
import type { BenchBroker, FilledTopic, RecordKind } from "../load/broker.ts";
import type { Aim, Measurement, Sample } from "../kit/measurement.ts";
import { cpuPerMillion, type Run } from "../load/mover.ts";

/** One question that the bench answers. */
export interface Scene {
  /** For `--only`. */
  readonly name: string;
  /** What it measures, for the help: one line. */
  readonly about: string;
  readonly run: (context: SceneContext, signal: AbortSignal) => Promise<Measurement[]>;
}

export interface SceneContext {
  readonly stack: Stack;
  readonly broker: BenchBroker;
  /** Fewer records, topics and rounds. */
  readonly quick: boolean;
  readonly rounds: number;
  readonly seed: number;
  /** The Penstocks to measure: what each is called, and its folder; undefined: this one. */
  readonly checkouts: ReadonlyMap<string, string | undefined>;
  readonly filled: (kind: RecordKind, records: number) => Promise<FilledTopic>;
  /** @param done in [0, 1] */
  readonly progress: (text: string, done: number) => void;
  /** Shows something beside the figures. */
  readonly show: (sample: Sample) => void;
}

/** Until a host's code is compiled; a host runs for weeks. */
export const WARM_UP_ROUNDS = 3;

/** Moves as often as told, and says so. */
export async function inRounds(
  what: string,
  rounds: number,
  move: () => Promise<Run>,
  progress: SceneContext["progress"],
): Promise<Run[]> {
  const runs: Run[] = [];
  for (let round = 0; round < rounds; round += 1) {
    progress(`${what}, round ${round + 1} of ${rounds}`, round / rounds);
    runs.push(await move());
  }
  return runs;
}

/** Somebody who does the same as the others. */
export interface Contender<T> {
  readonly who: string;
  readonly run: () => Promise<T>;
}

/**
 * All in turn, round by round; whoever begins a round finds a machine that has rested, so each round another one begins.
 * The round before the first warms everybody up.
 * @returns by contender, one result a round
 */
export async function inTurn<T>(
  what: string,
  contenders: readonly Contender<T>[],
  { rounds, progress }: Pick<SceneContext, "rounds" | "progress">,
): Promise<ReadonlyMap<string, readonly T[]>> {
  const results = new Map(contenders.map(({ who }) => [who, [] as T[]]));
  for (let round = 0; round <= rounds; round += 1) {
    const first = round % contenders.length;
    for (const { who, run } of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const which = round === 0 ? "warm-up" : `round ${round} of ${rounds}`;
      progress(`${what}: ${who}, ${which}`, round / (rounds + 1));
      const result = await run();
      if (round > 0) results.get(who)?.push(result);
    }
  }
  return results;
}

/** What moving cost, one value a run. */
export function costsOf(what: string, who: string, runs: readonly Run[], cpuAim?: Aim): Measurement[] {
  return [
    {
      what,
      who,
      figure: "CPU per million records",
      unit: "s",
      values: runs.map(cpuPerMillion),
      aim: cpuAim,
    },
    {
      what,
      who,
      figure: "peak RSS",
      unit: "MB",
      values: runs.map(({ peakRssBytes }) => peakRssBytes / 1e6),
    },
  ];
}

export function recordsText({ kind, records, meanBytes }: FilledTopic): string {
  const size = meanBytes >= 1_000 ? `${(meanBytes / 1_000).toFixed(1)} KB` : `${Math.round(meanBytes)} B`;
  return `${records / 1e6} M ${kind} records, ${size}`;
}
