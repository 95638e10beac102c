import { useEffect, useState, type RefObject } from "../hooks/hooks.ts";
import { clock } from "../state/clock.ts";
import { zone } from "../state/preferences.ts";
import { useStore } from "../state/store.ts";
import { clockTime, unknown } from "../text/format.ts";
import type { LineChart, Point } from "./line-chart.ts";

interface PlotProps {
  /** Where the chart is drawn. */
  readonly place: RefObject<HTMLDivElement | null>;
  readonly chart: RefObject<Promise<LineChart> | null>;
  readonly summary: string;
  readonly format: (value: number) => string;
}

/** A chart's canvas. Pointer and arrow keys move along the line, and time and value of that point are told below it. */
export function Plot({ place, chart, summary, format }: PlotProps) {
  const [point, setPoint] = useState<Point | null>(null);
  const inZone = useStore(zone);
  useEffect(() => {
    // The effect of the parent, which makes the chart, comes after that of its child.
    const frame = requestAnimationFrame(() => void chart.current?.then((made) => made.follow(setPoint)));
    return () => cancelAnimationFrame(frame);
    // The summary changes with the values and the range, for which the chart may be made anew.
  }, [inZone, summary]);
  const told =
    point === null
      ? summary
      : `${clockTime(point.atMs, inZone, clock.get())}: ${point.value === null ? unknown : format(point.value)}`;
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    void chart.current?.then((made) => made.move(step));
  };
  return (
    <>
      <div
        ref={place}
        class="plot"
        role="slider"
        tabindex={0}
        aria-label={summary}
        aria-valuemin={0}
        aria-valuemax={point?.last ?? 0}
        aria-valuenow={point?.index ?? 0}
        aria-valuetext={told}
        onKeyDown={onKeyDown}
      />
      <div class="point muted" aria-hidden="true">
        {point === null ? "" : told}
      </div>
    </>
  );
}

/** By points, to the first or last one, or away. */
const steps: Readonly<Record<string, number | "none">> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  Home: -Infinity,
  End: Infinity,
  Escape: "none",
};
