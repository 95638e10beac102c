import type { HistoryAnswer, HistorySpan, SeriesAnswer } from "../../../api/history/history.ts";
import type { Series } from "../../../api/live-messages.ts";
import { eventText } from "../history/event-text.ts";

/** What a chart draws: seconds since the epoch, and a value for each; null leaves a gap. */
export interface Points {
  readonly times: readonly number[];
  readonly rate: readonly (number | null)[];
  readonly lag: readonly (number | null)[];
}

/** Something that happened, shown on a chart at its time. */
export interface Mark {
  readonly atMs: number;
  readonly text: string;
}

/** How far back a chart reaches; `live` is a quarter of an hour in steps of 5 s. */
export const chartSpanNames = ["live", "6h", "24h", "7d"] as const;
export type ChartSpan = (typeof chartSpanNames)[number];
export const chartSpans: Readonly<Record<ChartSpan, string>> = {
  live: "15 min",
  "6h": "6 h",
  "24h": "24 h",
  "7d": "7 d",
};
/** The same in full. */
export const spanWords: Readonly<Record<ChartSpan, string>> = {
  live: "15 minutes",
  "6h": "6 hours",
  "24h": "24 hours",
  "7d": "7 days",
};
export const spanMs: Readonly<Record<ChartSpan, number>> = {
  live: 900_000,
  "6h": 21_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
};

/** What is asked for to draw it: of `live`, what was before this host started. */
export const askedSpan: Readonly<Record<ChartSpan, HistorySpan>> = {
  live: "1h",
  "6h": "6h",
  "24h": "24h",
  "7d": "7d",
};

/** The steps that hosts wrote. */
export function pastPoints(series: SeriesAnswer): Points {
  const { from, stepMs, lag } = series;
  const seconds = stepMs / 1000;
  const times = lag.map((_, step) => (from + (step + 1) * stepMs) / 1000);
  const rate = series.indexed.map((indexed, step) => {
    if (indexed === null) return null;
    const others = [series.duplicate, series.deadLettered, series.skipped];
    return (indexed + others.reduce((sum, counts) => sum + (counts[step] ?? 0), 0)) / seconds;
  });
  return { times, rate, lag };
}

/** This host's last quarter of an hour, with what hosts wrote before it began. */
export function livePoints(live: Series, past: SeriesAnswer | null): Points {
  const { endMs, stepMs, rate, lag } = live;
  const times = rate.map((_, place) => (endMs - (rate.length - 1 - place) * stepMs) / 1000);
  if (past === null) return { times, rate, lag };
  const before = pastPoints(past);
  const first = times[0] ?? Infinity;
  const count = before.times.filter(
    (time) => time < first && time > endMs / 1000 - spanMs.live / 1000,
  ).length;
  const from = before.times.filter((time) => time < first).length - count;
  const part = <T>(values: readonly T[]): readonly T[] => values.slice(from, from + count);
  return {
    times: [...part(before.times), ...times],
    rate: [...part(before.rate), ...rate],
    lag: [...part(before.lag), ...lag],
  };
}

/** Marks this close together share one, or none could be pointed at. */
const SLOTS = 60;
const NAMED = 5;

/** @param events newest first @returns oldest first */
export function marksOf(events: HistoryAnswer["events"], fromMs: number, toMs: number): Mark[] {
  const inside = events.filter(({ at }) => at >= fromMs && at <= toMs).toReversed();
  const slots = Map.groupBy(inside, ({ at }) => Math.floor(((at - fromMs) / (toMs - fromMs)) * SLOTS));
  return [...slots.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const texts = [first, ...others].slice(0, NAMED).map(eventText);
    const rest = others.length + 1 - texts.length;
    return [{ atMs: first.at, text: [...texts, ...(rest > 0 ? [`and ${rest} more`] : [])].join("\n") }];
  });
}
