import type { Stack } from "../../stack/stack.ts";
import type { BenchBroker, FilledTopic } from "../broker.ts";
import type { LineFormat } from "../lines.ts";
import type { Measurement } from "../measurement.ts";

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
  readonly filled: (format: LineFormat, records: number) => Promise<FilledTopic>;
  /** @param done in [0, 1] */
  readonly progress: (text: string, done: number) => void;
}

export const OURS = "Penstock";

export function recordsText({ format, records, meanBytes }: FilledTopic): string {
  const size = meanBytes >= 1_000 ? `${(meanBytes / 1_000).toFixed(1)} KB` : `${Math.round(meanBytes)} B`;
  return `${records / 1e6} M ${format} records, ${size}`;
}
