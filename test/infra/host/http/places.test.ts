import { expect, test } from "bun:test";
import { createPlaces } from "../../../../infra/host/http/places.ts";

test("there are so many and no more, and each is given back once", () => {
  const places = createPlaces(2);
  const [first, second] = [places.take(), places.take()];
  expect(places.take()).toBeNull();
  first?.();
  first?.();
  expect(places.take()).not.toBeNull();
  expect(places.take()).toBeNull();
  second?.();
  expect(places.take()).not.toBeNull();
});
