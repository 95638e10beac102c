import { expect, test } from "bun:test";
import {
  clockTime,
  duration,
  isoTime,
  offsetName,
  plural,
  ratePerSecond,
  shortCount,
  timesIn,
} from "../../../../../infra/console/app/text/format.ts";

test.each([
  [0, "0"],
  [12_480, "12,480"],
  [99_999, "99,999"],
  [100_000, "100 k"],
  [125_499, "125 k"],
  [999_499, "999 k"],
  [999_999, "1 M"],
  [12_345_678, "12.3 M"],
  [4_000_000_000, "4 G"],
])("the count %d is %s", (value, text) => expect(shortCount(value)).toBe(text));

test.each([
  [0, "0/s"],
  [0.4, "0.4/s"],
  [12.3, "12/s"],
  [999, "999/s"],
  [41_230, "41.2 k/s"],
  [929_820, "930 k/s"],
])("the rate %d is %s", (value, text) => expect(ratePerSecond(value)).toBe(text));

test.each([
  [-5, "0 s"],
  [119_999, "119 s"],
  [120_000, "2 min"],
  [7_200_000, "2 h"],
  [172_800_000, "2 d"],
])("%d ms are %s", (ms, text) => expect(duration(ms)).toBe(text));

test("a time of today is the clock's, another has its day", () => {
  const at = Date.parse("2026-11-22T14:03:07.123Z");
  expect(clockTime(at, "utc", at + 60_000)).toBe("14:03:07");
  expect(clockTime(at, "utc", at, { millis: true })).toBe("14:03:07.123");
  expect(clockTime(at, "utc", at + 86_400_000)).toBe("2026-11-22 14:03:07");
  expect(isoTime(Number.NaN, "utc")).toBe("–");
  expect(offsetName(at, "utc")).toBe("UTC");
});

test("zones with minutes, and west of Greenwich", () => {
  const script = `
    import { isoTime, offsetName } from "./infra/console/app/text/format.ts";
    const at = Date.parse("2026-11-22T14:03:07.123Z");
    process.stdout.write([isoTime(at, "local"), offsetName(at, "local")].join(" "));`;
  const inZone = (zone: string): string =>
    Bun.spawnSync([process.execPath, "-e", script], { env: { ...process.env, TZ: zone } }).stdout.toString();
  expect(inZone("Asia/Kathmandu")).toBe("2026-11-22 19:48:07.123 UTC+05:45");
  expect(inZone("America/St_Johns")).toBe("2026-11-22 10:33:07.123 UTC−03:30");
});

test("one is one, and nothing is several", () => {
  expect([plural(0, "topic"), plural(1, "topic"), plural(1_000, "topic")]).toEqual([
    "0 topics",
    "1 topic",
    "1,000 topics",
  ]);
});

test("the times that a sentence tells are taken out of it; those that it quotes are not", () => {
  const [at, quoted] = ["2026-11-22T12:59:48.123Z", "2026-11-22T12:59:49Z"];
  expect(timesIn(`retrying since ${at}: no room`)).toEqual(["retrying since ", at, ": no room"]);
  expect(timesIn(`not tried again before ${quoted}`)).toEqual(["not tried again before ", quoted, ""]);
  for (const sentence of ["no room", `failed to parse [${quoted}]`, `since "${quoted}"`, "since 2026-11-22"])
    expect(timesIn(sentence)).toEqual([sentence]);
  const value = `Preview of field's value: 'it's begun at ${quoted}'`;
  expect(timesIn(`retrying since ${at}: ${value}, not tried before ${quoted}`)).toEqual([
    "retrying since ",
    at,
    `: ${value}, not tried before `,
    quoted,
    "",
  ]);
  const escaped = String.raw`the "\" at ${quoted}"`;
  for (const sentence of [value, value.slice(0, -1), escaped, `[begun at ${quoted}]`])
    expect(timesIn(sentence)).toEqual([sentence]);
  expect(timesIn(`the hosts' clocks: held since ${at}`)).toEqual(["the hosts' clocks: held since ", at, ""]);
});

test("a time that cannot be is left as it stands", () => {
  const sentence = "retrying since 2026-13-41T25:61:61Z";
  expect(timesIn(sentence)).toEqual([sentence]);
});
