import { expect, test } from "bun:test";
import { readDays } from "../../../../../lib/adapters/kafka/history/read-history.ts";

const day = 86_400_000;
const megabyte = 1024 * 1024;

test("a lane that is too long is cut, and said to be; the other one has a limit of its own", async () => {
  const read: string[] = [];
  // Ten records a day.
  const at = (ms: number) =>
    Promise.resolve(new Map([0, 1].map((partition) => [partition, (ms / day) * 10])));
  const lanes = (megabytes: number) =>
    readDays(
      [
        { partition: 1, start: 60, end: 100, fromMs: 0 },
        { partition: 0, start: 0, end: 100, fromMs: 5 * day },
      ],
      10 * day,
      {
        at,
        async read(partition, { start, end }) {
          read.push(`${partition}: ${start}-${end}`);
          return (partition === 1 ? megabytes : 1) * megabyte;
        },
      },
    );
  expect(await lanes(40)).toBe(true);
  const lasting = ["0: 90-100", "0: 80-90", "0: 70-80", "0: 60-70", "0: 50-60"];
  expect(read.splice(0)).toEqual(["1: 90-100", "1: 80-90", ...lasting]);
  expect(await lanes(1)).toBe(false);
  expect(read.splice(0)).toEqual(["1: 90-100", "1: 80-90", "1: 70-80", "1: 60-70", ...lasting]);
});
