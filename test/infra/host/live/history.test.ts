import { expect, test } from "bun:test";
import { createHistory, historyStepMs, type SampleTime } from "../../../../infra/host/live/history.ts";

const moved = (topic: string, records: number, lag: number | null = 0) => ({ topic, moved: records, lag });

const at = (monotonicMs: number, epochMs = monotonicMs): SampleTime => ({ epochMs, monotonicMs });

test("rates are what moved between two samples, and before the first one since the start", () => {
  const history = createHistory();
  history.sample([moved("a", 1_000, 7), moved("b", 50)], at(0));
  history.sample([moved("a", 2_000, 5), moved("b", 60, 1)], at(5_000));
  expect(history.of("a")).toEqual({ endMs: 5_000, stepMs: historyStepMs, rate: [200, 200], lag: [7, 5] });
  expect(history.total).toMatchObject({ rate: [210, 202], lag: [7, 6] });
  expect([history.rateOf("b"), history.rate, history.rateOf("unknown")]).toEqual([2, 202, 0]);
  expect(history.of("unknown")).toBeNull();
});

test("a topic that came back counts from nothing; one that is gone is forgotten", () => {
  const history = createHistory();
  history.sample([moved("a", 1_000), moved("b", 1)], at(0));
  history.sample([moved("a", 10)], at(5_000));
  expect(history.of("a")?.rate).toEqual([200, 2]);
  expect(history.of("b")).toBeNull();
});

test("a quarter of an hour is kept, the newest last", () => {
  const history = createHistory();
  for (let step = 0; step <= 200; step += 1) history.sample([moved("a", step * step * 5)], at(step * 5_000));
  const rate = history.of("a")?.rate ?? [];
  expect(rate).toHaveLength(180);
  expect(rate.at(-1)).toBe(399);
  expect(rate[0]).toBe(2 * 21 - 1);
});

test("of what stays the same for long, and then does not, all is told", () => {
  const history = createHistory();
  for (let step = 0; step < 200; step += 1) history.sample([moved("a", 0, null)], at(step * 5_000));
  expect(history.of("a")).toMatchObject({ rate: Array(180).fill(0), lag: Array(180).fill(null) });
  history.sample([moved("a", 50, 3)], at(200 * 5_000));
  history.sample([moved("a", 50, 0)], at(201 * 5_000));
  expect(history.of("a")?.rate).toEqual([...Array<number>(178).fill(0), 10, 0]);
  expect(history.of("a")?.lag).toEqual([...Array<null>(178).fill(null), 3, 0]);
});

test("a clock that is set changes the axis, and no rate", () => {
  const history = createHistory();
  history.sample([moved("a", 0)], at(0, 100_000));
  history.sample([moved("a", 5_000)], at(5_000, 99_000));
  history.sample([moved("a", 10_000)], at(10_000, 3_700_000));
  expect(history.total).toMatchObject({ endMs: 3_700_000, rate: [0, 1_000, 1_000] });
  expect(history.rateOf("a")).toBe(1_000);
});

test.each([5_000, 4_000])(
  "a sample after no time gives no rate, and what it found is in the next: %p",
  (again) => {
    const history = createHistory();
    history.sample([moved("a", 0)], at(0));
    history.sample([moved("a", 500)], at(5_000));
    history.sample([moved("a", 600)], at(again));
    expect(history.samples).toBe(2);
    history.sample([moved("a", 1_500)], at(10_000));
    expect(history.of("a")?.rate).toEqual([0, 100, 200]);
  },
);

test("a lag that is not known is none, and no zero", () => {
  const history = createHistory();
  history.sample([moved("a", 0, null), moved("b", 0, null)], at(0));
  history.sample([moved("a", 0, 4), moved("b", 0, null)], at(5_000));
  expect(history.of("a")?.lag).toEqual([null, 4]);
  expect(history.of("b")?.lag).toEqual([null, null]);
  expect(history.total.lag).toEqual([null, 4]);
});
