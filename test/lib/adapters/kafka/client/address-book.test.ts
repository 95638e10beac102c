import { expect, test } from "bun:test";
import { createAddressBook } from "../../../../../lib/adapters/kafka/client/address-book.ts";

const all = ["a:1", "b:1", "c:1"];

test("clients start at a random broker", () => {
  const seen = [0, 0.4, 0.99].map((random) => createAddressBook(() => random).choose(all));
  expect(seen).toEqual(all);
});

test("a failed address is avoided until it works again", () => {
  const book = createAddressBook(() => 0);
  book.lost("a:1");
  book.lost("b:1");
  expect([book.choose(all), book.lostOf(all)]).toEqual(["c:1", ["a:1", "b:1"]]);
  book.served("b:1");
  expect([book.choose(all), book.lostOf(all)]).toEqual(["b:1", ["a:1"]]);
});

test("if all failed, each gets its turn", () => {
  const book = createAddressBook(() => 0);
  for (const address of ["b:1", "a:1", "c:1"]) book.lost(address);
  const tried = Array.from({ length: 4 }, () => {
    const address = book.choose(all);
    book.lost(address);
    return address;
  });
  expect(tried).toEqual(["b:1", "a:1", "c:1", "b:1"]);
});

test("remembers which addresses ever worked", () => {
  const book = createAddressBook(() => 0);
  book.served("a:1");
  book.lost("a:1");
  expect([book.hasServed("a:1"), book.hasServed("b:1")]).toEqual([true, false]);
});
