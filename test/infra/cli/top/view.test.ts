import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createPaint } from "../../../../infra/cli/kit/terminal.ts";
import { widthOf } from "../../../../infra/cli/screen/fit.ts";
import { afterKey, FIRST_STATE } from "../../../../infra/cli/top/state.ts";
import { extentOf, frame, snapshot, type TopView } from "../../../../infra/cli/top/view.ts";
import { acting, actingText } from "../../../support/acting-text.ts";
import { fleetHost, fleetOf, fleetTopic } from "./fleet.ts";

const plain = createPaint(false);
const viewOf = (hosts: number, topics: number, text = "x"): TopView => ({
  fleet: fleetOf(
    Array.from({ length: hosts }, (_, n) => fleetHost(`${text}-${n}`, { reason: text })),
    Array.from({ length: topics }, (_, n) => fleetTopic(`topic-${n}`, { state: "stalled", reason: text })),
  ),
  trouble: null,
  at: "12:30:01Z",
});

test("a frame fills the screen exactly, whatever its size, the group's and others' words", () => {
  fc.assert(
    fc.property(
      fc.record({
        columns: fc.integer({ min: 20, max: 200 }),
        rows: fc.integer({ min: 5, max: 60 }),
        hosts: fc.nat(8),
        topics: fc.nat(80),
        marked: fc.nat(100),
        text: actingText,
      }),
      ({ columns, rows, hosts, topics, marked, text }) => {
        const lines = frame(
          viewOf(hosts, topics, text),
          { ...FIRST_STATE, marked },
          { columns, rows },
          plain,
        );
        expect(lines).toHaveLength(rows);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
        expect(lines.join("")).not.toMatch(acting);
      },
    ),
  );
});

test("80 × 24 shows hosts, totals, topics, the marked topic's reason and the keys", () => {
  const view = {
    fleet: fleetOf(
      [fleetHost("a", { status: "this host" }), fleetHost("b", { status: "away", rate: null, lag: null })],
      [
        fleetTopic("orders", { lag: 1_234_567, rate: 12.34 }),
        fleetTopic("spark", { state: "stalled", reason: "blocked" }),
        fleetTopic("pay", { retrying: true, reason: "retrying since 12:29" }),
      ],
    ),
    trouble: null,
    at: "12:30:01Z",
  };
  const shown = frame(view, FIRST_STATE, { columns: 80, rows: 24 }, plain).map((line) => line.trimEnd());
  expect(shown.filter((line) => line !== "")).toEqual([
    "penstock top · group penstock · 2 hosts · 12:30:01Z",
    "2.5/s  lag 12  indexed 1,234  dead letters 5  1 running  1 stalled  1 retrying",
    "a                      this host 0.1.0      3 partitions     2.5/s         lag 0",
    "b                      away      0.1.0      3 partitions       –/s         lag –",
    "  STATE▾      RATE/S         LAG      INDEXED     DEAD  TOPIC",
    "› stalled        2.5           0        1,234        5  spark",
    "  retrying       2.5           0        1,234        5  pay",
    "  running         12   1,234,567        1,234        5  orders",
    "spark: blocked",
    "1 of 3, by state  ↑↓ move  s sort  r reverse  / filter  q quit",
  ]);
});

test("a marked topic far down is on the screen", () => {
  const lines = frame(
    viewOf(1, 500),
    { ...FIRST_STATE, marked: 400, sort: "topic" },
    { columns: 80, rows: 24 },
    plain,
  );
  expect(lines.filter((line) => line.startsWith("›"))).toHaveLength(1);
});

test("the mark stays among the topics of the filter", () => {
  const state = { ...FIRST_STATE, filter: "topic-49" };
  const extent = extentOf(viewOf(1, 500), state, { columns: 80, rows: 24 });
  // topic-49 and topic-490 to topic-499.
  expect(extent).toEqual({ rows: 11, page: 17 });
  expect(afterKey(state, "G", extent)).toMatchObject({ marked: 10 });
});

test("a file gets everything", () => {
  const text = snapshot(viewOf(7, 500), FIRST_STATE, 120, plain);
  expect(text.split("\n")).toHaveLength(2 + 7 + 2 + 500 + 1);
});
