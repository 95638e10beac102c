import { expect, test } from "bun:test";
import { Troubles } from "../../../../../../lib/adapters/kafka/group/member/troubles.ts";
import { systemTime } from "../../../../../../lib/adapters/system/system-time.ts";
import { PenstockError } from "../../../../../../lib/rules/base/errors.ts";

const FORBIDDEN = "TOPIC_AUTHORIZATION_FAILED";

test("topics forbidden together are reported as one change, and a repeated answer as none", () => {
  let changes = 0;
  const troubles = new Troubles(
    "g",
    systemTime,
    () => void (changes += 1),
    () => false,
  );
  const answers = Array.from({ length: 10_000 }, (_, n) => ({ topic: `t${n}`, error: FORBIDDEN }));
  troubles.committed(answers);
  troubles.committed(answers);
  expect([changes, troubles.ofTopics.size]).toEqual([1, 10_000]);
  troubles.committed(answers.map(({ topic }) => ({ topic, error: null })));
  expect([changes, troubles.ofTopics.size]).toEqual([2, 0]);
});

test("a topic with one refused partition has one trouble, however often it is reported", () => {
  let changes = 0;
  const troubles = new Troubles(
    "g",
    systemTime,
    () => void (changes += 1),
    () => false,
  );
  const answers = [null, "UNKNOWN_TOPIC_OR_PARTITION", null].map((error) => ({ topic: "a", error }));
  troubles.committed(answers);
  const [before] = troubles.ofTopics.values();
  troubles.committed(answers);
  expect(changes).toBe(1);
  expect([...troubles.ofTopics.values()]).toEqual(before === undefined ? [] : [before]);
});

test("an unavailable coordinator is reported once owned partitions no longer keep running without it", () => {
  let nowMs = 0;
  let goesOn = true;
  const time = { ...systemTime, monotonicMs: () => nowMs };
  const troubles = new Troubles(
    "g",
    time,
    () => {},
    () => goesOn,
  );
  const unavailable = new PenstockError("kafka_unavailable", "down");
  for (nowMs = 0; nowMs <= 20_000; nowMs += 1_000) troubles.failed(unavailable);
  expect(troubles.ofMember).toBeNull();
  goesOn = false;
  troubles.failed(unavailable);
  expect(troubles.ofMember).toMatchObject({ code: "kafka_unavailable", message: "down" });
});

test("a trouble that a person has to fix is reported at once", () => {
  const troubles = new Troubles(
    "g",
    systemTime,
    () => {},
    () => true,
  );
  troubles.failed(new PenstockError("kafka_refused", "forbidden"));
  expect(troubles.ofMember).toMatchObject({ code: "kafka_refused", message: "forbidden" });
});
