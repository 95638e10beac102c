import { expect, test } from "bun:test";
import { createBulkGate, type BulkGate, type Leave } from "../../../../infra/host/bulks/bulk-gate.ts";
import type { BulkLoad } from "../../../../lib/rules/limits/pace.ts";
import { flush } from "../../../support/fake-time.ts";
import { rejection } from "../../../support/rejection.ts";

const { signal } = new AbortController();

/** Asks for a place for each name; `entered` tells who got one, in order. */
async function ask(gate: BulkGate, ...names: string[]) {
  const entered: string[] = [];
  const leave = new Map<string, Leave>();
  for (const name of names)
    void gate.enter(signal).then((left) => {
      entered.push(name);
      leave.set(name, left);
    });
  await flush();
  return { entered, leave: (name: string, load?: BulkLoad) => (leave.get(name)?.(load), flush()) };
}

test("lets in as many as it has places, first come first served", async () => {
  const gate = createBulkGate(2);
  const { entered, leave } = await ask(gate, "a", "b", "c", "d");
  expect(entered).toEqual(["a", "b"]);
  await leave("b");
  expect(entered).toEqual(["a", "b", "c"]);
});

test("a place is given back once, however often that is said", async () => {
  const gate = createBulkGate(1);
  const { entered, leave } = await ask(gate, "a", "b", "c");
  await leave("a");
  await leave("a");
  expect(entered).toEqual(["a", "b"]);
});

test("one who asks one at a time cannot keep others out", async () => {
  const gate = createBulkGate(1);
  const order: string[] = [];
  const work = async (name: string): Promise<void> => {
    for (let times = 0; times < 3; times += 1) {
      const leave = await gate.enter(signal);
      order.push(name);
      leave();
    }
  };
  await Promise.all([work("a"), work("b"), work("c")]);
  expect(order).toEqual(["a", "b", "c", "a", "b", "c", "a", "b", "c"]);
});

test("what was in trouble has half of the places, however much of it there is, and keeps no other out", async () => {
  const gate = createBulkGate(4);
  const again: Leave[] = [];
  for (let n = 0; n < 6; n += 1) void gate.enter(signal, true).then((left) => void again.push(left));
  const well = await ask(gate, "a", "b", "c");
  expect([again.length, well.entered]).toEqual([2, ["a", "b"]]);
  // Their turn comes, in their order, once one of them has left.
  again[0]?.();
  await flush();
  expect([again.length, well.entered]).toEqual([3, ["a", "b"]]);
  await well.leave("a");
  expect([again.length, well.entered]).toEqual([3, ["a", "b", "c"]]);
  const one = createBulkGate(1);
  (await one.enter(signal, true))();
});

test("more places let more in at once, fewer hold back until enough have left", async () => {
  const gate = createBulkGate(1);
  const { entered, leave } = await ask(gate, "a", "b", "c", "d");
  gate.resize(3);
  await flush();
  expect(entered).toEqual(["a", "b", "c"]);
  gate.resize(1);
  await leave("a");
  await leave("b");
  expect(entered).toHaveLength(3);
  await leave("c");
  expect(entered).toEqual(["a", "b", "c", "d"]);
});

test("an abort gives up the turn, and the next one gets it", async () => {
  const gate = createBulkGate(1);
  const leave = await gate.enter(signal);
  const impatient = new AbortController();
  const reason = new Error("enough");
  const waiting = rejection(gate.enter(impatient.signal));
  const next = await ask(gate, "next");
  impatient.abort(reason);
  expect(await waiting).toBe(reason);
  leave();
  await flush();
  expect(next.entered).toEqual(["next"]);
  expect(await rejection(gate.enter(impatient.signal))).toBe(reason);
});

test("an abort in the moment of admission takes no place along", async () => {
  const gate = createBulkGate(1);
  const leave = await gate.enter(signal);
  const controller = new AbortController();
  const entering = gate.enter(controller.signal);
  leave();
  controller.abort(new Error("too late"));
  (await entering)();
  const next = await ask(gate, "next");
  expect(next.entered).toEqual(["next"]);
});

test("a 429 halves the places at once, good answers give them back one by one", async () => {
  const gate = createBulkGate(4);
  const { entered, leave } = await ask(gate, "a", "b", "c", "d", "e", "f", "g", "h");
  expect(entered).toHaveLength(4);
  await leave("a", "busy");
  await leave("b", "busy");
  // Two are still in flight, which is all that is allowed now: both told of one crowd.
  expect({ entered: entered.length, places: gate.places }).toEqual({ entered: 4, places: 2 });
  await leave("c", "good");
  expect({ entered: entered.length, places: gate.places }).toEqual({ entered: 5, places: 2 });
  await leave("d", "good");
  expect({ entered: entered.length, places: gate.places }).toEqual({ entered: 7, places: 3 });
  // Whoever leaves without a word changes nothing.
  await leave("e");
  expect({ entered: entered.length, places: gate.places }).toEqual({ entered: 8, places: 3 });
});
