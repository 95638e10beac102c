import { expect, test } from "bun:test";
import { createHostPlaces, createPlaces } from "../../../../../infra/host/http/kit/semaphore.ts";

test("there are so many and no more, and each is given back once", () => {
  const places = createPlaces(2);
  const [first, second] = [places.take("full"), places.take("full")];
  expect(places.take("full")).toBeNull();
  first?.();
  first?.();
  expect(places.take("full")).not.toBeNull();
  expect(places.take("full")).toBeNull();
  second?.();
  expect(places.take("full")).not.toBeNull();
});

test("who may only look gets three quarters of them, of few at least one", () => {
  const places = createPlaces(8);
  const looking = Array.from({ length: 8 }, () => places.take("read-only"));
  expect(looking.filter((leave) => leave !== null)).toHaveLength(6);
  expect([places.isFull("read-only"), places.isFull("full")]).toEqual([true, false]);
  expect([places.take("full"), places.take("full")]).not.toContain(null);
  expect(places.take("full")).toBeNull();
  looking[0]?.();
  expect(places.isFull("read-only")).toBe(false);
  expect(createPlaces(1).take("read-only")).not.toBeNull();
});

test("hosts get so many each and together, and it is told who has them", () => {
  const placesOf = createHostPlaces(4, 3);
  const one = Array.from({ length: 4 }, () => placesOf("10.0.0.1").take("read-only"));
  expect(one.map((leave) => leave !== null)).toEqual([true, true, true, false]);
  const other = placesOf("10.0.0.2").take("read-only");
  expect(placesOf("10.0.0.2").isFull("full")).toBe(true);
  expect(placesOf("10.0.0.3").holders()).toBe("3 of 10.0.0.1, 1 of 10.0.0.2");
  other?.();
  other?.();
  expect(placesOf("10.0.0.1").isFull("full")).toBe(true);
  expect(placesOf("10.0.0.3").take("read-only")).not.toBeNull();
  expect(placesOf("10.0.0.3").holders()).toBe("3 of 10.0.0.1, 1 of 10.0.0.3");
});
