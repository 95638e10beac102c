import { expect, test } from "bun:test";
import { describeStrangers } from "../../../../lib/rules/group/strangers.ts";

const remedy = "which assigns partitions in another way: stop that client, or choose another kafka.group";

test("names the first three strangers, each once, and not ourselves", () => {
  const member = (clientId: string, clientHost = "/10.0.0.1") => ({ clientId, clientHost });
  const members = [
    member("sarama"),
    member("penstock"),
    member("sarama"),
    member("b"),
    member("c"),
    member("d"),
  ];
  expect(describeStrangers("penstock.app", members)).toBe(
    `group penstock.app is used by another client ("sarama" at 10.0.0.1, "b" at 10.0.0.1, "c" at 10.0.0.1), ${remedy}`,
  );
});

test("says that there is a stranger even if its name may not be read", () => {
  expect(describeStrangers("g", [])).toBe(`group g is used by another client, ${remedy}`);
});
