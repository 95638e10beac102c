import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { createCommitter } from "../../../infra/host/committer.ts";
import { PartitionLedger } from "../../../infra/host/partition-ledger.ts";
import type { Assignment } from "../../../lib/adapters/kafka/assignment.ts";
import { advance } from "../../support/fake-time.ts";
import { rejection } from "../../support/rejection.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const { signal } = new AbortController();

/** A committer of partition 0, of which everything below the offset given to `reach` may be committed. */
function setUp() {
  const ledger = new PartitionLedger();
  const broker = { failure: null as Error | null };
  let start = 0;
  const tries: { generation: number; offset: number | undefined }[] = [];
  const failures: unknown[] = [];
  const committer = createCommitter({
    ledger,
    now: Date.now,
    onFailed: (error) => void failures.push(error),
  });
  const assign = (generation: number): void => {
    const assignment: Assignment = {
      generation,
      partitions: [0],
      committed: new Map([[0, 0]]),
      starts: new Map(),
      checkpoints: new Map(),
      seek() {},
      async commit(offsets) {
        tries.push({ generation, offset: offsets.get(0) });
        if (broker.failure !== null) throw broker.failure;
      },
    };
    ledger.assign(assignment, Date.now());
    start = 0;
    committer.assign(assignment);
  };
  const reach = (end: number): void => {
    ledger.expect({ partition: 0, records: [], start, end });
    start = end;
    committer.schedule();
  };
  assign(1);
  return { ledger, committer, broker, tries, failures, assign, reach };
}

test("the first commit goes out at once, later ones are gathered for half a second", async () => {
  const { tries, reach } = setUp();
  reach(1);
  await advance(10, 10);
  expect(tries).toEqual([{ generation: 1, offset: 1 }]);
  for (const end of [2, 3, 4]) reach(end);
  await advance(450);
  expect(tries).toHaveLength(1);
  await advance(50);
  expect(tries.slice(1)).toEqual([{ generation: 1, offset: 4 }]);
});

test("nothing new is not committed again", async () => {
  const { tries, committer, reach } = setUp();
  committer.schedule();
  await advance(1_000);
  expect(tries).toEqual([]);
  reach(1);
  await advance(5_000);
  expect(tries).toHaveLength(1);
});

test("a failed commit is tried again each second, without anybody asking", async () => {
  const { tries, failures, broker, reach } = setUp();
  broker.failure = new Error("no coordinator");
  reach(1);
  await advance(2_050);
  expect(failures).toEqual([broker.failure, broker.failure, broker.failure]);
  broker.failure = null;
  await advance(1_000);
  expect(tries).toHaveLength(4);
  await advance(5_000);
  expect(tries).toHaveLength(4);
});

test("what was committable before a rebalance is not committed by the next generation", async () => {
  const { tries, assign, reach } = setUp();
  reach(5);
  assign(2);
  await advance(1_000);
  expect(tries).toEqual([]);
  reach(3);
  await advance(1_000);
  expect(tries).toEqual([{ generation: 2, offset: 3 }]);
});

test("flushing waits for nothing else, and ends with its signal", async () => {
  const { tries, committer, broker, ledger, reach } = setUp();
  reach(1);
  await advance(10, 10);
  reach(2);
  await committer.flush(signal);
  expect(tries.at(-1)?.offset).toBe(2);
  broker.failure = new Error("no coordinator");
  reach(3);
  const deadline = new AbortController();
  const flushed = rejection(committer.flush(deadline.signal));
  await advance(2_000);
  deadline.abort();
  expect(await flushed).toMatchObject({ name: "AbortError" });
  expect(ledger.uncommitted()).toEqual(new Map([[0, 3]]));
  committer.close();
});

test("closed, it commits nothing more", async () => {
  const { tries, committer, reach } = setUp();
  reach(1);
  committer.close();
  reach(2);
  await advance(5_000);
  expect(tries).toEqual([]);
});
