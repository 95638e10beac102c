import { expect, test } from "bun:test";
import { DelayLine } from "./delay-line.ts";

test("keeps the order when the delay ends", async () => {
  let delayMs = 20;
  const line = new DelayLine(() => delayMs);
  const acted: number[] = [];
  const done = Promise.withResolvers<void>();
  line.push(() => acted.push(1));
  line.push(() => acted.push(2));
  delayMs = 0;
  line.push(() => acted.push(3));
  expect(acted).toEqual([]);
  line.push(() => done.resolve());
  await done.promise;
  line.push(() => acted.push(4));
  await Bun.sleep(0);
  expect(acted).toEqual([1, 2, 3, 4]);
});
