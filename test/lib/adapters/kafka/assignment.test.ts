import { describe, expect, test } from "bun:test";
import type { AssignmentContext } from "kafkajs";
import { openAssignment } from "../../../../lib/adapters/kafka/assignment.ts";
import type { StartAt } from "../../../../lib/rules/declaration.ts";

const topic = "app";

interface FakePartition {
  readonly committed: string;
  readonly metadata?: string;
  readonly logStart?: string;
  readonly logEnd?: string;
}

/** A group whose member got all partitions, and what it was asked to do. */
function groupWith(...partitions: readonly FakePartition[]) {
  const sought: Record<number, string> = {};
  const commits: unknown[] = [];
  const asked = { start: 0, end: 0 };
  const answer = (offset: (partition: FakePartition) => string) =>
    Promise.resolve([
      { topic, partitions: partitions.map((entry, partition) => ({ partition, offset: offset(entry) })) },
    ]);
  const context: AssignmentContext = {
    generationId: 4,
    memberId: "m",
    assigned: [{ topic, partitions: [...partitions.keys()] }],
    partitionsOf: () => [...partitions.keys()],
    fetchCommitted: () =>
      Promise.resolve([
        {
          topic,
          partitions: partitions.map(({ committed, metadata }, partition) => ({
            partition,
            offset: committed,
            metadata: metadata ?? null,
          })),
        },
      ]),
    fetchStartOffsets() {
      asked.start += 1;
      return answer(({ logStart }) => logStart ?? "0");
    },
    fetchEndOffsets() {
      asked.end += 1;
      return answer(({ logEnd }) => logEnd ?? "1000");
    },
    seek: ({ partition, offset }) => void (sought[partition] = offset),
    async commit(topics) {
      commits.push(...topics);
    },
    leave: () => Promise.resolve(),
  };
  return { context, sought, commits, asked };
}

const open = (startAt: StartAt, context: AssignmentContext) =>
  openAssignment({ topic, startAt }, context, () => {});

const noted = '{"lastRecord":{"offset":98,"timestamp":7}}';

describe("an assignment", () => {
  test("of a group without a commit asks nothing more and begins wherever kafkajs begins", async () => {
    const { context, sought, asked, commits } = groupWith({ committed: "-1" }, { committed: "-1" });
    const { assignment, lost } = await open("earliest", context);
    expect([...assignment.committed]).toEqual([
      [0, null],
      [1, null],
    ]);
    expect({ sought, asked, commits, lost }).toEqual({
      sought: {},
      asked: { start: 0, end: 0 },
      commits: [],
      lost: [],
    });
  });

  test("begins with the record that was read last, where the commit tells it", async () => {
    const { context, sought } = groupWith({ committed: "100", metadata: noted }, { committed: "100" });
    const { assignment } = await open("earliest", context);
    expect(sought).toEqual({ 0: "98", 1: "100" });
    expect([...assignment.starts]).toEqual([]);
    expect([...assignment.checkpoints]).toEqual([[0, { offset: 98, timestamp: 7 }]]);
  });

  test("whose position is out of range begins at the log's start, and tells what is lost", async () => {
    const { context, sought, commits } = groupWith(
      { committed: "100", metadata: noted, logStart: "150" },
      { committed: "100", metadata: noted, logStart: "5", logEnd: "60" },
    );
    const { assignment, lost } = await open("latest", context);
    expect(sought).toEqual({ 0: "150", 1: "5" });
    expect([...assignment.starts]).toEqual([
      [0, 150],
      [1, 5],
    ]);
    expect([...assignment.checkpoints]).toEqual([]);
    expect(lost).toEqual([
      { partition: 0, from: 100, to: 150, cause: "retention" },
      { partition: 1, from: 100, to: null, cause: "recreated" },
    ]);
    expect(commits).toEqual([]);
  });

  test("with startAt: latest pins all partitions in one commit, only where there is none at all", async () => {
    const fresh = groupWith({ committed: "-1", logEnd: "5" }, { committed: "-1", logEnd: "7" });
    const { assignment } = await open("latest", fresh.context);
    expect(fresh.commits).toMatchObject([{ topic, partitions: [{ offset: "5" }, { offset: "7" }] }]);
    expect([...assignment.committed.values()]).toEqual([5, 7]);
    const added = groupWith({ committed: "5" }, { committed: "-1" });
    await open("latest", added.context);
    expect(added.commits).toEqual([]);
  });

  test("commits offsets with the last record before each, where one is known", async () => {
    const { context, commits } = groupWith({ committed: "0" }, { committed: "0" });
    const { assignment } = await open("earliest", context);
    await assignment.commit(
      new Map([
        [0, 100],
        [1, 3],
      ]),
      new Map([[0, { offset: 98, timestamp: 7 }]]),
    );
    expect(commits).toEqual([
      {
        topic,
        partitions: [
          { partition: 0, offset: "100", metadata: noted },
          { partition: 1, offset: "3", metadata: null },
        ],
      },
    ]);
  });
});
