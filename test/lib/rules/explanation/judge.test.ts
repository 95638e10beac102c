import { expect, test } from "bun:test";
import { checksOf } from "../../../../lib/rules/diagnosis/check.ts";
import { judgeTopic, type TopicFacts } from "../../../../lib/rules/explanation/judge.ts";
import { settingsOf } from "../../../../lib/rules/explanation/settings.ts";
import { bareSpecification } from "../../../../lib/rules/model/specification.ts";
import { settings as testSettings } from "../../../support/settings.ts";
import { listedTopic } from "../../../support/topic-status.ts";

const { ok, failed } = checksOf("elasticsearch");
const blocked = failed("target app", "it is blocked", { do: "lift it", command: "PUT app/_settings {}" });
const judged = (changes: Partial<TopicFacts>) =>
  judgeTopic({
    topic: "app",
    exists: true,
    isDeclared: true,
    refused: [],
    status: null,
    partitions: [],
    checks: [],
    settings: testSettings(),
    ...changes,
  });

test("what a host says counts, with its remedy; a topic that runs well needs none", () => {
  const remedy = { do: "open the index", command: "POST app/_open" };
  const stalled = listedTopic({ topic: "app", state: "stalled", reason: "closed", remedy });
  expect(judged({ status: stalled, checks: [blocked] })).toEqual({ says: "stalled: closed", remedy });
  expect(judged({ status: listedTopic({ topic: "app" }), checks: [blocked] })).toEqual({
    says: "running",
    remedy: null,
  });
});

test("a topic in trouble whose remedy is not known gets that of the first check that failed", () => {
  const status = listedTopic({ topic: "app", state: "failed", reason: "no" });
  const remedy = { do: "lift it", command: "PUT app/_settings {}" };
  expect(judged({ status, checks: [ok("a", "b"), blocked] })).toEqual({ says: "failed: no", remedy });
});

test("without a host the servers tell what waits and what is in the way", () => {
  expect(judged({ partitions: [{ lag: 2 }, { lag: null }], checks: [blocked] }).says).toBe(
    "seen without a host; 2 records wait; 1 check failed",
  );
  expect(judged({}).says).toBe("seen without a host; 0 records wait; nothing is in the way of a host");
});

test("a topic that is missing, refused or declared nowhere", () => {
  expect(judged({ exists: false }).remedy?.command).toEndWith("--create --topic app");
  const source = { kind: "config", name: "c.yaml", revision: null } as const;
  const refused = [{ source, name: "app", reason: "bad", lastGoodKept: false }];
  expect(judged({ isDeclared: false, refused }).says).toBe("its declaration is refused: bad");
  expect(judged({ isDeclared: false }).says).toBe("no source declares it");
});

test("each setting names its place, or is a default", () => {
  const source = { kind: "etcd", name: "logs/app", revision: 7, entry: 0 } as const;
  const spec = { ...bareSpecification("app"), format: "json" } as const;
  const settings = settingsOf({ spec, sources: [source] });
  expect(settings).toContainEqual({
    name: "format",
    value: "json",
    from: 'entry 1 of etcd key "logs/app"',
  });
  expect(settings).toContainEqual({ name: "index", value: "app", from: null });
  expect(settings.map(({ name }) => name)).not.toContain("topic");
});
