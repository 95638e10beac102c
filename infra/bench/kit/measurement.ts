import { median } from "./median.ts";

/** One figure of one scene, as often as it was measured. */
export interface Measurement {
  /** What was done, such as `1 M text records, 143 B`. */
  readonly what: string;
  /** Who did it: this Penstock, another checkout of it, another program. */
  readonly who: string;
  /** What was measured, such as `CPU per million records`. */
  readonly figure: string;
  readonly unit: "s" | "ms" | "%" | "MB" | "B" | "records" | "records/s" | "×" | "";
  /** One per round. */
  readonly values: readonly number[];
  readonly aim?: Aim | undefined;
}

/** Where a figure is to be: its median counts. */
export type Aim = { readonly atMost: number } | { readonly atLeast: number };

/** What somebody made of it, to look at. */
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

/** Whose aims count: this checkout. */
export const OURS = "Penstock";

export function boundOf(aim: Aim): number {
  return "atMost" in aim ? aim.atMost : aim.atLeast;
}

/** Null where nothing was aimed at. */
export function isMet({ values, aim }: Measurement): boolean | null {
  if (aim === undefined) return null;
  const value = median(values);
  return "atMost" in aim ? value <= boundOf(aim) : value >= boundOf(aim);
}

export function aimText(aim: Aim): string {
  return `${"atMost" in aim ? "≤" : "≥"} ${numberText(boundOf(aim))}`;
}

/** Three digits that count, none less than the whole. */
export function numberText(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return Number(value.toPrecision(3)).toString();
}

/** Those that are compared with one another: of one figure, of the same work. */
export function figuresOf(measurements: readonly Measurement[]): Measurement[][] {
  return [...Map.groupBy(measurements, ({ what, figure }) => `${what}\n${figure}`).values()];
}

/** Those of one figure next to each other, as whoever reads compares them. */
export function byFigure(measurements: readonly Measurement[]): Measurement[] {
  return figuresOf(measurements).flat();
}
