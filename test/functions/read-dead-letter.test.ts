import { expect, test } from "bun:test";
import { maxShownBytes, readWholeLetter } from "../../functions/read-dead-letter.ts";
import { bareLetter, deadLetterOf, withoutValue } from "../../lib/rules/dead-letters/dead-letter.ts";
import { FakeReader } from "../support/fake-reader.ts";
import { sourceRecord } from "../support/records.ts";

const signal = new AbortController().signal;
const record = {
  ...sourceRecord("the value", { offset: 7 }),
  key: Buffer.from([0xff, 0x00]),
  headers: [
    { name: "trace", value: Buffer.from("abc") },
    { name: "empty", value: null },
  ],
};
const whole = deadLetterOf({
  topic: "app",
  record,
  rejection: { status: 400, type: "t", reason: "failed to parse field [n]", index: "logs" },
  attempts: 2,
  failedAt: 5_000,
});
const input = { deadLetterTopic: "dead", partition: 0, offset: 3 };

function world(letter: Pick<typeof whole, "key" | "value" | "headers">) {
  const reader = new FakeReader();
  reader.put("dead", { partition: 0, offset: 3, timestamp: 0, ...letter });
  return {
    reader,
    signal,
    findHolders: () => Promise.resolve({ holders: new Map<string, string>(), problems: [] }),
  };
}

test("a letter is shown with all bytes of its record, and its own headers without ours", async () => {
  const answer = await readWholeLetter(input, world(whole));
  expect(answer).toEqual({
    kind: "letter",
    letter: {
      topic: "app",
      index: "logs",
      field: "n",
      error: "t",
      state: "open",
      heldBy: null,
      partition: 0,
      offset: 7,
      timestamp: record.timestamp,
      failedAt: "1970-01-01T00:00:05.000Z",
      attempts: 2,
      status: 400,
      reason: "failed to parse field [n]",
      key: { bytes: 2, base64: "/wA=" },
      value: { bytes: 9, base64: Buffer.from("the value").toString("base64") },
      headers: [
        { name: "trace", value: { bytes: 3, base64: "YWJj" } },
        { name: "empty", value: null },
      ],
      bytesOf: "letter",
      records: 1,
    },
  });
});

test("what was too large for the letter comes from the record's own topic, or is said to be lost", async () => {
  for (const shorten of [withoutValue, bareLetter]) {
    const deps = world(shorten(whole));
    const lost = await readWholeLetter(input, deps);
    expect(lost).toMatchObject({ letter: { bytesOf: "lost", value: null } });
    deps.reader.put("app", record);
    const found = await readWholeLetter(input, deps);
    expect(found).toMatchObject({ letter: { bytesOf: "topic", key: { bytes: 2 }, value: { bytes: 9 } } });
  }
});

test("a huge value is cut, and its size is said", async () => {
  const answer = await readWholeLetter(input, world({ ...whole, value: Buffer.alloc(maxShownBytes + 1) }));
  if (answer.kind !== "letter") throw new Error(answer.reason);
  const { bytes = 0, base64 = "" } = answer.letter.value ?? {};
  expect([bytes, Buffer.from(base64, "base64").length]).toEqual([maxShownBytes + 1, maxShownBytes]);
});

test("a place without a letter says what is there", async () => {
  const deps = world({ ...whole, headers: [] });
  expect(await readWholeLetter(input, deps)).toEqual({
    kind: "none",
    reason: "holds no letter of Penstock: it has no header penstock.topic",
  });
  expect(await readWholeLetter({ ...input, offset: 4 }, deps)).toMatchObject({
    kind: "none",
    reason: "is not in the dead-letter topic, or no longer",
  });
  expect(await readWholeLetter({ ...input, partition: 9 }, deps)).toMatchObject({ kind: "none" });
});
