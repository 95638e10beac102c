import uPlot from "uplot";
import type { Zone } from "../text/format.ts";
import type { Mark } from "./points.ts";

/** The value under the cursor, and its place among all values. */
export interface Point {
  readonly atMs: number;
  readonly value: number | null;
  readonly index: number;
  readonly last: number;
}

/** A line over time, drawn on a canvas. */
export interface LineChart {
  /** Seconds since the epoch, and a value for each; null leaves a gap. */
  show(times: readonly number[], values: readonly (number | null)[], marks: readonly Mark[]): void;
  destroy(): void;
  /** Tells whenever the cursor is over another value; null if it is over none. */
  follow(onPoint: (point: Point | null) => void): void;
  /** Moves the cursor along the values, or takes it away. */
  move(step: number | "none"): void;
}

const height = 140;

export function createLineChart(
  element: HTMLElement,
  {
    title,
    format,
    zone,
    spanSeconds,
  }: {
    readonly title: string;
    readonly format: (value: number) => string;
    readonly zone: Zone;
    /** The time range: all samples, and room for the next ones. */
    readonly spanSeconds: number;
  },
): LineChart {
  const colour = (name: string): string =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = {
    stroke: () => colour("--muted"),
    grid: { stroke: () => colour("--line"), width: 1 },
    ticks: { show: false },
  };
  let marks: readonly Mark[] = [];
  const plot = new uPlot(
    {
      width: Math.max(200, element.clientWidth),
      height,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      tzDate: (seconds) =>
        zone === "utc" ? uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") : new Date(seconds * 1000),
      scales: {
        x: { range: (_plot, _low, high) => [high - spanSeconds, high] },
        y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          values: [
            [86_400, "{DD}.{MM}.", null, null, null, null, null, null, 1],
            [60, "{HH}:{mm}", null, null, null, null, null, null, 1],
            [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1],
          ],
        },
        { ...axis, size: 64, values: (_plot, splits) => splits.map(format) },
      ],
      hooks: { draw: [(drawn) => placeMarks(drawn, marks)] },
      series: [{}, { label: title, stroke: () => colour("--chart"), width: 2, points: { show: false } }],
    },
    [[], []],
    element,
  );
  const resize = new ResizeObserver(() =>
    plot.setSize({ width: Math.max(200, element.clientWidth), height }),
  );
  resize.observe(element);
  let onPoint: (point: Point | null) => void = () => {};
  (plot.hooks.setCursor ??= []).push(() => onPoint(pointOf(plot)));
  const redraw = (): void => plot.redraw();
  const themes = new MutationObserver(redraw);
  themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", redraw);
  return {
    show(times, values, happened) {
      marks = happened;
      plot.setData([[...times], [...values]]);
    },
    destroy() {
      resize.disconnect();
      themes.disconnect();
      dark.removeEventListener("change", redraw);
      plot.destroy();
    },
    follow: (tell) => void (onPoint = tell),
    move(step) {
      const last = plot.data[0].length - 1;
      const to = step === "none" ? -1 : Math.min(last, Math.max(0, (plot.cursor.idx ?? last) + step));
      const at = plot.data[0][to];
      const left = at === undefined ? -10 : plot.valToPos(at, "x");
      plot.setCursor({ left, top: left });
    },
  };
}

/** A line at each mark's time, which tells what happened under the pointer. The page lists the same in words. */
function placeMarks(plot: uPlot, marks: readonly Mark[]): void {
  const { over } = plot;
  const { min, max } = plot.scales["x"] ?? {};
  for (const old of over.querySelectorAll(".chart-mark")) old.remove();
  if (typeof min !== "number" || typeof max !== "number") return;
  for (const { atMs, text } of marks) {
    const seconds = atMs / 1000;
    if (seconds < min || seconds > max) continue;
    const line = document.createElement("div");
    line.className = "chart-mark";
    line.title = text;
    line.style.left = `${plot.valToPos(seconds, "x")}px`;
    over.append(line);
  }
}

function pointOf({ cursor: { idx }, data: [times, values] }: uPlot): Point | null {
  const at = idx === null || idx === undefined ? undefined : times[idx];
  if (idx === null || idx === undefined || at === undefined) return null;
  return { atMs: at * 1000, value: values?.[idx] ?? null, index: idx, last: times.length - 1 };
}
