import { expect, test } from "bun:test";
import { afterKey, FIRST_STATE, shownTopics, type TopState } from "../../../../infra/cli/top/state.ts";
import { fleetTopic } from "./fleet.ts";

const extent = { rows: 30, page: 10 };
const after = (keys: readonly string[], from: TopState = FIRST_STATE) =>
  keys.reduce<TopState | "quit" | "interrupt">(
    (state, key) => (typeof state === "string" ? state : afterKey(state, key, extent)),
    from,
  );

test.each([
  [["j", "\u001B[B", "k"], 1],
  [["k"], 0],
  [["\u001B[6~"], 10],
  [["G"], 29],
  [["G", "j"], 29],
  [["G", "\u001B[5~"], 19],
  [["G", "g"], 0],
])("%j marks row %i", (keys, marked) => {
  expect(after(keys)).toMatchObject({ marked });
});

test("a mark beyond the last row moves from there at once", () => {
  expect(after(["k"], { ...FIRST_STATE, marked: 999 })).toMatchObject({ marked: 28 });
});

test("s goes through the orders and back, r reverses", () => {
  expect(after(["s", "s", "r"])).toMatchObject({ sort: "rate", reversed: true });
  expect(after(["s", "s", "s", "s", "s", "s"])).toMatchObject({ sort: "state" });
});

test("keys go into the filter until Enter; Escape shows all again; q is a letter there, Ctrl-C is not", () => {
  expect(after(["/", "q", "x", "\u007F", "\u001b[A", "\r", "s"])).toMatchObject({
    filter: "q",
    typing: false,
    sort: "topic",
  });
  expect(after(["/", "a", "\r", "\u001B"])).toMatchObject({ filter: "" });
  expect(after(["/", "\u0003"])).toBe("interrupt");
  expect(after(["q"])).toBe("quit");
});

test("the worst states come first, figures from the largest, the rest by name", () => {
  const topics = [
    fleetTopic("b", { lag: 5 }),
    fleetTopic("a", { state: "stalled", lag: 1 }),
    fleetTopic("c", { lag: null }),
    fleetTopic("d", { state: null, lag: 7 }),
    fleetTopic("e", { retrying: true, lag: 6 }),
  ];
  const names = (changes: Partial<TopState>) =>
    shownTopics(topics, { ...FIRST_STATE, ...changes }).map(({ topic }) => topic);
  expect(names({})).toEqual(["a", "e", "b", "c", "d"]);
  expect(names({ sort: "lag" })).toEqual(["d", "e", "b", "a", "c"]);
  expect(names({ sort: "topic", reversed: true })).toEqual(["e", "d", "c", "b", "a"]);
  expect(names({ filter: "B" })).toEqual(["b"]);
});
