import { allOpen, noLetterStates } from "../../../support/letter-states.ts";
import { expect, test } from "bun:test";
import { formatDigest, formatReplay } from "../../../../infra/cli/replay/report.ts";
import type { DigestGroup } from "../../../../lib/rules/dead-letters/dead-letter-digest.ts";
import { replayResult } from "../../../support/replay-result.ts";
import { noFailureStores } from "../../../support/failure-stores.ts";
import { noneGaveWay } from "../../../support/gave-way.ts";

const group: DigestGroup = {
  topic: "app",
  index: "logs",
  field: "n",
  error: "document_parsing_exception",
  ...allOpen(1_200),
  firstSeen: "2026-01-02T00:00:00.000Z",
  lastSeen: "2026-01-03T00:00:00.000Z",
  sample: { topic: "app", partition: 1, offset: 7, reason: "no number\n", value: '{"n":"\u001B[31m"}' },
};

test("a digest names failure stores in which something lies, and no empty ones", () => {
  const nothing = { documents: 0, records: 0, kinds: [], otherKinds: 0 };
  const { dryRun: _, byError, ...counts } = replayResult();
  const store = (stream: string, ours: object) => ({
    stream,
    topics: ["app"],
    enabled: true,
    ours: { ...nothing, ...ours },
    others: nothing,
  });
  const textOf = (...stores: readonly ReturnType<typeof store>[]): string =>
    formatDigest(
      {
        ...counts,
        ...byError,
        ...noLetterStates,
        letters: 0,
        truncated: false,
        gaveWay: noneGaveWay,
        failureStores: { stores, problems: [] },
      },
      "dead",
    );
  const text = textOf(store("empty", {}), store("one", { documents: 1, records: 1 }));
  expect(text).toContain("        1 document of 1 record in that of one\n");
  expect(text).not.toContain("empty");
  expect(textOf(store("empty", {}))).not.toContain("failure store");
});

test("the summary of a replay has no lines for zeros", () => {
  const result = replayResult({
    read: 1_310,
    filteredOut: 10,
    doubles: 1,
    indexed: 90,
    stillRejected: 1_200,
    unrecoverable: 1,
    unrecoverablePlaces: [{ topic: "app", partition: 0, offset: 3 }],
    undeclared: ["old"],
    byError: { groups: [group], others: 2 },
  });
  expect(formatReplay(result, "dead")).toBe(`Read 1,310 records of topic dead:
       10  excluded by --topic, --error, --since or --refused-by
        1  doubles of dead letters already counted
       90  indexed
    1,200  still rejected; they stay dead letters
        1  unrecoverable: kept without their value, and deleted from their topic by retention
               topic app, partition 0, offset 3
No longer declared, so their records were indexed as plain text: old

Still rejected:
    1,200 letters of topic app, index logs, field n: document_parsing_exception
           for example partition 1, offset 7: no number
           value: {"n":" [31m"}
        2  of other kinds
`);
});

test("an empty topic and a dry run", () => {
  expect(formatReplay(replayResult(), "dead")).toBe("There are no dead letters in topic dead.\n");
  expect(formatReplay(replayResult({ read: 1, dryRun: true, wouldReplay: 1 }), "dead")).toBe(
    "Read 1 record of topic dead:\n        1  would be replayed (dry run: nothing was written; Elasticsearch may reject them again)\n",
  );
});

test("a digest counts records that are not dead letters", () => {
  const text = formatDigest(
    {
      read: 3,
      notLetters: 1,
      filteredOut: 0,
      doubles: 0,
      letters: 2,
      states: { open: 1, resolved: 1, unknown: 0 },
      statesProblems: ["one was not looked up"],
      firstForeign: { partition: 0, offset: 9, reason: "it has no header penstock.topic" },
      truncated: true,
      gaveWay: noneGaveWay,
      failureStores: noFailureStores,
      groups: [{ ...group, count: 2, states: { open: 1, resolved: 1, unknown: 0 }, field: null }],
      others: 0,
    },
    "dead",
  );
  expect(text).toContain("the first: partition 0, offset 9: it has no header penstock.topic\n");
  expect(text).toContain(
    "        2 letters of topic app, index logs: document_parsing_exception; 1 resolved, 1 left\n",
  );
  expect(text).toContain(
    "        1  open: no index has their records\n        1  resolved: an index has their records\nNote: one was not looked up.\n",
  );
  expect(text).toContain("There are more; not all were read.\n");
  // Not "every field was searchable": a record flattened for its many names, or with an older time, is not counted.
  expect(text).toContain(
    "No indexed record with a @timestamp in the last 24 hours names a field that gave way. Records that were flattened",
  );
});

test("a digest has a line for each field that gave way, and names what is unknown", () => {
  const sample = { index: "app-1", id: "app:0:7:x" };
  const fields = [
    { topic: "app", field: "user\u001b[31m.id", records: 1_200, why: "unfit", type: "long", sample },
    { topic: "app", field: "x", records: 3, why: "limit", type: null, sample },
    { topic: "web", field: "err", records: 2, why: "refused", type: null, sample },
  ] as const;
  const gaveWay = {
    ...noneGaveWay,
    fields,
    problems: ["1 of 2 shards failed", "Elasticsearch said a sentence."],
  };
  const { dryRun: _, byError, ...counts } = replayResult();
  expect(
    formatDigest(
      {
        ...counts,
        ...byError,
        ...noLetterStates,
        letters: 0,
        truncated: false,
        gaveWay,
        failureStores: noFailureStores,
      },
      "dead",
    ),
  ).toBe(`There are no dead letters in topic dead.

Indexed with a @timestamp in the last 24 hours, but not searchable by these fields:
    1,200 records of topic app, field user [31m.id: values do not fit the mapped type long
           for example app:0:7:x in app-1
        3 records of topic app, field x: the index has the maximum number of fields
           for example app:0:7:x in app-1
        2 records of topic web, field err: the index refused the records, so their fields were flattened
           for example app:0:7:x in app-1
The list of such fields is incomplete: 1 of 2 shards failed.
The list of such fields is incomplete: Elasticsearch said a sentence.
`);
});
