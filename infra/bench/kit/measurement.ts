import { median } from "./median.ts";

/** One figure of one scene, with the values of all rounds. */
export interface Measurement {
  /** The work, such as `1 M text records, 143 B`. */
  readonly what: string;
  /** The contender: this Penstock or another checkout. */
  readonly who: string;
  /** Such as `CPU per million records`. */
  readonly figure: string;
  readonly unit: "s" | "ms" | "%" | "MB" | "B" | "records" | "records/s" | "×" | "";
  /** One for each round. */
  readonly values: readonly number[];
  readonly aim?: Aim | undefined;
}

/** The bound for a figure's median. */
export type Aim = { readonly atMost: number } | { readonly atLeast: number };

/** An example of a contender's output, for the reader. */
export interface Sample {
  readonly what: string;
  readonly who: string;
  readonly text: string;
}

export interface SceneResult {
  readonly scene: string;
  readonly measurements: readonly Measurement[];
  readonly samples?: readonly Sample[];
}

/** The contender whose aims count: this checkout. */
export const OURS = "Penstock";

export function boundOf(aim: Aim): number {
  return "atMost" in aim ? aim.atMost : aim.atLeast;
}

/** @returns null if there is no aim */
export function isMet({ values, aim }: Measurement): boolean | null {
  if (aim === undefined) return null;
  const value = median(values);
  return "atMost" in aim ? value <= boundOf(aim) : value >= boundOf(aim);
}

export function aimText(aim: Aim): string {
  return `${"atMost" in aim ? "≤" : "≥"} ${numberText(boundOf(aim))}`;
}

/** Three significant digits, or all digits before the point. */
export function numberText(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return Number(value.toPrecision(3)).toString();
}

/** Groups the measurements that can be compared: the same figure of the same work. */
export function figuresOf(measurements: readonly Measurement[]): Measurement[][] {
  return [...Map.groupBy(measurements, ({ what, figure }) => `${what}\n${figure}`).values()];
}

/** Sorts comparable measurements next to each other. */
export function byFigure(measurements: readonly Measurement[]): Measurement[] {
  return figuresOf(measurements).flat();
}
