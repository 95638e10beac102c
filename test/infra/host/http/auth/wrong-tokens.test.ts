import { expect, test } from "bun:test";
import { createWrongTokens } from "../../../../../infra/host/http/auth/wrong-tokens.ts";

function counting() {
  const clock = { ms: 0 };
  const wrongTokens = createWrongTokens(() => clock.ms);
  const count = (address: string) => wrongTokens.count(address);
  const times = (tries: number, address: string) => Array.from({ length: tries }, () => count(address));
  return { clock, count, times };
}

test("ten of an address are let pass, then one in six seconds", () => {
  const { clock, count, times } = counting();
  expect(times(10, "10.0.0.1")).toEqual(Array(10).fill(null));
  expect(count("10.0.0.1")).toBe(6);
  clock.ms = 4_500;
  expect(count("10.0.0.1")).toBe(2);
  clock.ms = 6_000;
  expect(times(2, "10.0.0.1")).toEqual([null, 6]);
});

test("another address is not concerned, until there are a hundred in all", () => {
  const { clock, count, times } = counting();
  times(11, "10.0.0.1");
  for (let host = 2; host < 92; host++) expect(count(`10.0.0.${host}`)).toBeNull();
  expect(count("10.0.0.92")).toBe(1);
  clock.ms = 600;
  expect(times(2, "10.0.0.93")).toEqual([null, 1]);
});

test.each([
  ["2001:db8:1:2:3::1", "2001:db8:1:2::9", true],
  ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
  ["::ffff:10.0.0.1", "10.0.0.1", true],
  ["::1", "::2", true],
])("%s and %s count as one: %j", (one, other, same) => {
  const { count, times } = counting();
  times(10, one);
  expect(count(other)).toBe(same ? 6 : null);
});

test("the address that was silent longest is forgotten once there are a thousand others", () => {
  const { count, times } = counting();
  times(10, "10.0.0.1");
  for (let host = 0; host < 999; host++) count(`10.1.${host >> 8}.${host & 255}`);
  expect(count("10.0.0.1")).toBe(6);
  for (let host = 0; host < 1_000; host++) count(`10.2.${host >> 8}.${host & 255}`);
  // Its own bound is forgotten, and that of all together is what is left.
  expect(count("10.0.0.1")).toBe(1);
});

test("a clock set back harms nobody", () => {
  const { clock, count } = counting();
  clock.ms = 600_000;
  expect(count("10.0.0.1")).toBeNull();
  clock.ms = 0;
  expect(count("10.0.0.1")).toBeNull();
});
