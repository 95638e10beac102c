import { expect, test } from "bun:test";
import { createPlaces } from "../../../../../infra/host/http/kit/semaphore.ts";

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
