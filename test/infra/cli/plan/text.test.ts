import { expect, test } from "bun:test";
import { previewPlan } from "../../../../functions/preview-plan.ts";
import { createPaint } from "../../../../infra/cli/kit/terminal.ts";
import { formatPlan, type ToldPlan } from "../../../../infra/cli/plan/text.ts";
import { declaration } from "../../../support/declarations.ts";
import { topicStatus } from "../../../support/topic-status.ts";

const preview = previewPlan({
  declarations: [
    declaration("new", { format: "json" }),
    declaration("changed", { index: "after" }),
    declaration("moved", { path: "/x.log" }),
    declaration("same"),
    declaration("absent"),
    declaration("same", { index: "else" }, { kind: "etcd", name: "logs/same", revision: 7 }),
  ],
  refusals: [
    {
      source: { kind: "etcd", name: "logs/bad", revision: 3 },
      name: null,
      reason: "it is no list",
      lastGoodKept: false,
    },
  ],
  deadLetterTopic: "dead",
  running: ["changed", "moved", "same", "gone"].map((topic) => topicStatus({ topic })),
  inKafka: new Set(["new", "changed", "moved", "same", "gone"]),
  now: 0,
});
const told = (changes: Partial<ToldPlan> = {}): string =>
  formatPlan({ ...preview, compared: { host: "http://h:1" }, all: false, ...changes }, createPaint(false));

test("a plan is told topic by topic, with what differs, and summed up", () => {
  expect(told()).toBe(`Compared with the host at http://h:1:

+ start    new  (config.yaml): declared
             index: new
             format: json
- stop     gone  (config.yaml): no longer declared
             index: gone
~ replace  changed  (config.yaml): changed: index
             index: changed → after
? pending  absent  (config.yaml): it does not exist in Kafka; it starts once it does
! refused  (etcd key "logs/bad" (revision 3)): it is no list
= keep     moved: log.file.path becomes "/x.log" for the records to come, without a restart
conflict: same: config.yaml wins over etcd key "logs/same" (revision 7), which differs in index

1 to start, 1 to replace, 1 to stop; 2 stay as they are, 1 pending, 1 refused.
`);
});

test("--all adds what stays just as it is", () => {
  expect(told({ all: true })).toContain("\n= keep     same\n");
});

test("nothing to do, and no host to compare with, are said so", () => {
  const empty = { start: [], stop: [], replace: [], keep: [], pending: [], refused: [] };
  const compared = { host: null, reason: "no host answers at http://h:1: nobody listens there" };
  expect(told({ plan: empty, conflicts: [], compared })).toBe(
    "Note: no host answers at http://h:1: nobody listens there. This is what a host does at its start.\n\nNothing would change.\n",
  );
});
