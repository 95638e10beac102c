import { expect, test } from "bun:test";
import { createSignalCount } from "../../../../lib/rules/base/stop-signals.ts";

test.each([
  { what: "one", signals: [["SIGTERM", 0]], are: ["first"] },
  {
    what: "Ctrl-C that a wrapper passes on",
    signals: [
      ["SIGINT", 0],
      ["SIGINT", 3],
      ["SIGINT", 999],
    ],
    are: ["first", "double", "double"],
  },
  {
    what: "Ctrl-C pressed again",
    signals: [
      ["SIGINT", 0],
      ["SIGINT", 3],
      ["SIGINT", 1_000],
      ["SIGINT", 1_003],
    ],
    are: ["first", "double", "second", "second"],
  },
  {
    what: "another one, however soon",
    signals: [
      ["SIGHUP", 0],
      ["SIGTERM", 1],
    ],
    are: ["first", "second"],
  },
] as const)("$what", ({ signals, are }) => {
  let now = 0;
  const count = createSignalCount(() => now);
  const told = signals.map(([signal, at]) => {
    now = at;
    return count(signal);
  });
  expect(told).toEqual([...are]);
});
