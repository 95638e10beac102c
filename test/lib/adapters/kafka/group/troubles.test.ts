import { expect, test } from "bun:test";
import { Troubles } from "../../../../../lib/adapters/kafka/group/troubles.ts";
import { systemTime } from "../../../../../lib/adapters/system-time.ts";

const FORBIDDEN = "TOPIC_AUTHORIZATION_FAILED";

test("of topics that are forbidden together one change is told, and none when it is answered again", () => {
  let changes = 0;
  const troubles = new Troubles("g", systemTime, () => void (changes += 1));
  const answers = Array.from({ length: 10_000 }, (_, n) => ({ topic: `t${n}`, error: FORBIDDEN }));
  troubles.committed(answers);
  troubles.committed(answers);
  expect([changes, troubles.ofTopics.size]).toEqual([1, 10_000]);
  troubles.committed(answers.map(({ topic }) => ({ topic, error: null })));
  expect([changes, troubles.ofTopics.size]).toEqual([2, 0]);
});

test("a topic of which one partition is refused has one trouble, however often it is told", () => {
  let changes = 0;
  const troubles = new Troubles("g", systemTime, () => void (changes += 1));
  const answers = [null, "UNKNOWN_TOPIC_OR_PARTITION", null].map((error) => ({ topic: "a", error }));
  troubles.committed(answers);
  const [before] = troubles.ofTopics.values();
  troubles.committed(answers);
  expect(changes).toBe(1);
  expect([...troubles.ofTopics.values()]).toEqual(before === undefined ? [] : [before]);
});
