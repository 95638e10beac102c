import { useEffect, useRef } from "hono/jsx/dom";
import type { Series } from "../../../api/live-messages.ts";
import { unknown } from "../text/format.ts";
import { zone } from "../state/preferences.ts";
import { useStore } from "../state/store.ts";
import type { LineChart } from "./line-chart.ts";

interface ChartProps {
  readonly title: string;
  readonly series: Series;
  readonly of: "rate" | "lag";
  /** Formats a value for the axis, the legend and the summary. */
  readonly format: (value: number) => string;
}

/** One figure over the last 15 minutes. The chart library is loaded with the first chart. */
export function Chart({ title, series, of, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<Promise<LineChart> | null>(null);
  const inZone = useStore(zone);
  const values: readonly (number | null)[] = series[of];

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const drawn = import("./line-chart.ts").then(({ createLineChart }) =>
      createLineChart(element, { title, format, zone: inZone }),
    );
    chart.current = drawn;
    return () => void drawn.then((made) => made.destroy());
  }, [inZone, title]);

  useEffect(() => {
    const times = values.map(
      (_, index) => (series.endMs - (values.length - 1 - index) * series.stepMs) / 1000,
    );
    void chart.current?.then((made) => made.show(times, values));
  }, [series.endMs, values, inZone]);

  const known = values.filter((value) => value !== null);
  const inWords = (value: number | null): string => (value === null ? unknown : format(value));
  const highest = inWords(known.length === 0 ? null : Math.max(...known));
  const summary = `${title}, last 15 minutes: now ${inWords(values.at(-1) ?? null)}, highest ${highest}`;
  return (
    <figure class="chart">
      <figcaption>
        {title} <span class="muted">15 min, highest {highest}</span>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={summary} />
    </figure>
  );
}
