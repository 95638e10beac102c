import type { Stack } from "../../stack/stack.ts";
import type { BenchBroker, FilledTopic, RecordKind } from "../load/broker.ts";
import type { Aim, Measurement, Sample } from "../kit/measurement.ts";
import { cpuPerMillion, type Run } from "../load/mover.ts";

/** One question that the bench answers. */
export interface Scene {
  /** For `--only`. */
  readonly name: string;
  /** One line for the help. */
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
  /** The Penstocks to measure: folders by name; undefined: this one. */
  readonly checkouts: ReadonlyMap<string, string | undefined>;
  readonly filled: (kind: RecordKind, records: number) => Promise<FilledTopic>;
  /** @param done in [0, 1] */
  readonly progress: (text: string, done: number) => void;
  /** Prints a sample below the figures. */
  readonly show: (sample: Sample) => void;
}

/** Enough to have a host's code compiled: in production a host runs for weeks. */
export const WARM_UP_ROUNDS = 3;

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

/** One of several programs that do the same work. */
export interface Contender<T> {
  readonly who: string;
  readonly run: () => Promise<T>;
}

/**
 * Runs all contenders in turn, round by round. Each round starts with another one, because the first finds a rested machine. A
 * round before the first is not counted: it warms everybody up.
 * @returns results by contender, one for each round
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

/** The costs of moving, one value for each run. */
export function costsOf(what: string, who: string, runs: readonly Run[], cpuAim?: Aim): Measurement[] {
  const cpu = runs.map(cpuPerMillion);
  const peak = runs.map(({ peakRssBytes }) => peakRssBytes / 1e6);
  return [
    { what, who, figure: "CPU per million records", unit: "s", values: cpu, aim: cpuAim },
    { what, who, figure: "peak RSS", unit: "MB", values: peak },
  ];
}

export function recordsText({ kind, records, meanBytes }: FilledTopic): string {
  const size = meanBytes >= 1_000 ? `${(meanBytes / 1_000).toFixed(1)} KB` : `${Math.round(meanBytes)} B`;
  return `${records / 1e6} M ${kind} records, ${size}`;
}
