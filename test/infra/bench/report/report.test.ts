import { describe, expect, test } from "bun:test";
import { median, percentile } from "../../../../infra/bench/kit/median.ts";
import { byFigure, isMet, type Measurement, numberText } from "../../../../infra/bench/kit/measurement.ts";
import { plotOf } from "../../../../infra/bench/report/plot.ts";
import { createProgressBar } from "../../../../infra/bench/report/progress-bar.ts";
import { reportOf } from "../../../../infra/bench/report/report.ts";

const cpu: Measurement = {
  what: "1 M text records",
  who: "Penstock",
  figure: "CPU",
  unit: "s",
  values: [1.62, 1.38, 1.4],
  aim: { atMost: 1.5 },
};
const rate: Measurement = {
  ...cpu,
  figure: "rate",
  unit: "records/s",
  values: [400_000],
  aim: { atLeast: 500_000 },
};
const other: Measurement = { ...cpu, who: 'another <"one">', values: [3.9], aim: undefined };

describe("an aim", () => {
  test("is judged by the median, not by the best or the worst round", () => {
    expect(isMet(cpu)).toBe(true);
    expect(isMet({ ...cpu, values: [1.4, 1.6, 1.6] })).toBe(false);
    expect(isMet(rate)).toBe(false);
    expect(isMet({ ...rate, values: [500_000] })).toBe(true);
  });

  test("counts only for this checkout", () => {
    expect(isMet(other)).toBeNull();
  });
});

test("percentiles are measured values", () => {
  const values = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect([0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([50, 99, 100]);
  expect(percentile([], 0.5)).toBeNaN();
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test("numbers have three significant digits", () => {
  expect([617_234.5, 99.96, 1.4049, 0.0612].map(numberText)).toEqual(["617,235", "100", "1.4", "0.0612"]);
});

test("the report has a line for each figure, with its rounds and whether its aim is met", () => {
  const text = reportOf([{ scene: "throughput", measurements: byFigure([cpu, rate, other]) }]);
  const lines = text.split("\n").map((line) => line.trim().replaceAll(/ {2,}/g, " | "));
  expect(lines.slice(1, -1)).toEqual([
    "throughput",
    "1 M text records",
    "median | lowest – highest | aim",
    "CPU | Penstock | 1.4 s | 1.38 – 1.62 | ≤ 1.5 | met",
    'CPU | another <"one"> | 3.9 s',
    "rate | Penstock | 400,000 records/s | ≥ 500,000 | MISSED",
  ]);
});

test("samples follow the figures, each below its contender", () => {
  const samples = [
    { what: "a document", who: "Penstock", text: "{}" },
    { what: "a document", who: "rsyslog", text: "[]" },
  ];
  expect(reportOf([{ scene: "pipeline", measurements: [], samples }])).toBe(
    "\npipeline\n  a document\n    Penstock\n      {}\n    rsyslog\n      []\n",
  );
});

test("the plot has a bar for each line, as long as the median on the scale of the figure", () => {
  const svg = plotOf([{ scene: "throughput", measurements: byFigure([cpu, rate, other]) }]);
  const bars = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"[^>]*class="([a-z ]+)"/g)];
  expect(bars.map(([, width, kind]) => [Number(width), kind])).toEqual([
    [154.4, "bar ours"],
    [430, "bar"],
    [344, "bar missed"],
  ]);
  expect(svg).toContain("another &lt;&quot;one&quot;&gt;");
  expect(svg).not.toContain('<"one">');
});

test("a progress bar is one line on a terminal, and a line for each new text elsewhere", () => {
  const shown = (isTTY: boolean): string => {
    let text = "";
    const bar = createProgressBar({ isTTY, write: (part) => (text += part) });
    bar.show("filling", 0);
    bar.show("filling", 0.5);
    bar.show("moving", 1);
    bar.end();
    return text;
  };
  expect(shown(false)).toBe("filling\nmoving\n");
  expect(shown(true).split("\r\u001b[2K").slice(1)).toEqual([
    `[${"-".repeat(24)}] 0 %  filling`,
    `[${"#".repeat(12)}${"-".repeat(12)}] 50 %  filling`,
    `[${"#".repeat(24)}] 100 %  moving`,
    "",
  ]);
});
