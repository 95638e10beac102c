import { useEffect, useRef } from "../hooks/hooks.ts";
import { unknown } from "../text/format.ts";
import { zone } from "../state/preferences.ts";
import { useStore } from "../state/store.ts";
import type { LineChart } from "./line-chart.ts";
import { Plot } from "./plot.tsx";
import type { Mark } from "./points.ts";

interface ChartProps {
  readonly title: string;
  /** Seconds since the epoch. */
  readonly times: readonly number[];
  /** One for each time; null leaves a gap. */
  readonly values: readonly (number | null)[];
  readonly spanMs: number;
  /** Its length, short and in full. */
  readonly spanText: string;
  readonly spanWords: string;
  readonly marks: readonly Mark[];
  /** Said in the place of a line that would be zero all the time, if nothing happened either. */
  readonly nothing: string;
  /** Formats a value for the axis, the legend and the summary. */
  readonly format: (value: number) => string;
}

/** One figure over time. The chart library is loaded with the first chart. */
export function Chart({
  title,
  times,
  values,
  spanMs,
  spanText,
  spanWords,
  marks,
  nothing,
  format,
}: ChartProps) {
  const known = values.filter((value) => value !== null);
  const isFlat = known.every((value) => value === 0);
  // An outage is flat too, and its marks say why.
  const isDrawn = times.length > 0 && (!isFlat || marks.length > 0);
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<Promise<LineChart> | null>(null);
  const inZone = useStore(zone);

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const drawn = import("./line-chart.ts").then(({ createLineChart }) =>
      createLineChart(element, { title, format, zone: inZone, spanSeconds: spanMs / 1000 }),
    );
    chart.current = drawn;
    return () => {
      chart.current = null;
      void drawn.then((made) => made.destroy());
    };
  }, [inZone, title, spanMs, isDrawn]);

  useEffect(() => {
    void chart.current?.then((made) => made.show(times, values, marks));
  }, [times.at(-1), times.length, values, inZone, spanMs, isDrawn, marks.length]);

  const inWords = (value: number | null): string => (value === null ? unknown : format(value));
  const highest = inWords(known.length === 0 ? null : Math.max(...known));
  const summary = `${title}, last ${spanWords}: now ${inWords(values.at(-1) ?? null)}, highest ${highest}`;
  return (
    <figure class="chart">
      <figcaption>
        {title}{" "}
        <span class="muted">
          {spanText}, highest {highest}
        </span>
      </figcaption>
      {isDrawn ? (
        <Plot place={place} chart={chart} summary={summary} format={format} />
      ) : (
        <p class="flat muted">{known.length === 0 ? "not known" : nothing} in this time</p>
      )}
    </figure>
  );
}
