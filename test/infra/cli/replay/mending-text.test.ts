import { expect, test } from "bun:test";
import type { Mending, TriedMending } from "../../../../functions/mend-letters.ts";
import { formatMending } from "../../../../infra/cli/replay/mending-text.ts";
import type { DigestGroup } from "../../../../lib/rules/dead-letters/dead-letter-digest.ts";
import type { Proposal } from "../../../../lib/rules/mending/proposal.ts";
import { allOpen } from "../../../support/letter-states.ts";
import { asItIs } from "../../../support/mending.ts";

const group: DigestGroup = {
  topic: "app",
  index: "logs",
  field: "it's n",
  error: "document_parsing_exception",
  ...allOpen(2),
  firstSeen: "2026-01-02T00:00:00.000Z",
  lastSeen: "2026-01-03T00:00:00.000Z",
  sample: { topic: "app", partition: 1, offset: 7, reason: "no number", value: null },
};
const beside: Proposal = {
  ...asItIs,
  id: "new-index",
  title: "Replay into a new index",
  change: "A new index -mended.",
  costs: ["It costs."],
  request: { method: "PUT", path: "/-mended", body: { "a\u202e  b": 1 } },
  index: "-mended",
};
const flatten: Proposal = { ...asItIs, id: "flatten", title: "Declare it", declare: true };
const mending: Mending = {
  target: { kind: "alias", index: "logs-2" },
  mapping: { type: "long" },
  template: { name: "t", mapsField: true },
  letters: 2,
  complete: true,
  proposals: [asItIs, beside, flatten],
};
const textOf = (one: Mending | TriedMending, config: string | null = null): string =>
  formatMending(
    { groups: [{ group, mending: one, problem: null }], more: 0, ended: null, statesProblems: [] },
    config,
  );

test("proposals say why, what they cost, which request makes them, and which command brings in this group alone", () => {
  expect(textOf(mending))
    .toBe(`        2 letters of topic app, index logs, field it's n: document_parsing_exception
           for example partition 1, offset 7: no number
           documents go to alias logs, now index logs-2
           mapping of it's n: {"type":"long"}
           made by: template t
           2 open letters to try changes with
         - Replay as it is now
           Nothing.
           then: bun run replay --topic app --refused-by logs --field 'it'\\''s n' --error document_parsing_exception
         - Replay into a new index
           A new index -mended.
           It costs.
           request: PUT /-mended {"a\\u202e  b":1}
           then: bun run replay --topic app --refused-by logs --field 'it'\\''s n' --error document_parsing_exception --index=-mended
         - Declare it
           Nothing.
           request: none; change the topic's declaration
           then: bun run replay --topic app --refused-by logs --field 'it'\\''s n' --error document_parsing_exception

Nothing was changed: send the request of one change, then bring the letters in as it says.
`);
});

test("a trial adds what each would do, marks the smallest that helps, and says what was not tried", () => {
  const none = { changed: 0, refused: 0, unknown: 0 };
  const good = { tried: 3, unchanged: 3, ...none };
  const verdicts: TriedMending["verdicts"] = {
    "as-it-is": {
      letters: { tried: 2, accepted: 0, partly: 0, refused: 2, unknown: 0 },
      good,
      reason: `no number${"!".repeat(400)}`,
      notes: ["a scratch index is left"],
    },
    "new-index": {
      letters: { tried: 2, accepted: 2, partly: 0, refused: 0, unknown: 0 },
      good,
      reason: null,
      notes: [],
    },
  };
  const text = textOf({ ...mending, verdicts, best: "new-index", incomparable: null }, "a b.yaml");
  expect(text).toContain(`         - Replay as it is now
           Nothing.
           letters: 0 of 2 accepted, 2 refused
           refused: no number${"!".repeat(291)}
           good records: 3 records as now
           note: a scratch index is left
           then: `);
  expect(text).toContain(`         - Replay into a new index (smallest that takes all)
           A new index -mended.
           It costs.
           letters: 2 of 2 accepted
           good records: 3 records as now
           request: PUT `);
  expect(text).toContain("           Nothing.\n           not tried\n           request: none");
  expect(text).toContain(" --config 'a b.yaml'\n");
  const unsure = textOf({ ...mending, verdicts: {}, best: null, incomparable: "It was blocked." });
  expect(unsure).toContain("           No change is marked as the smallest. It was blocked.\n");
});

test("what limits the answer is said: a group that cannot be looked at, more groups, letters that were not looked up", () => {
  const told = { group: { ...group, field: null }, mending: null, problem: "no\nright" };
  const all = { groups: [told], more: 3, ended: null, statesProblems: ["some are unknown"] };
  const text = formatMending(all, null);
  expect(text).toBe(`Note: some are unknown.
        2 letters of topic app, index logs: document_parsing_exception
           for example partition 1, offset 7: no number
           not looked at: no right

There are 3 more groups: choose with --topic or --error.
Nothing was changed: send the request of one change, then bring the letters in as it says.
`);
  expect(formatMending({ ...all, ended: "Kafka is\naway" }, null)).toContain(
    "\n3 more groups not looked at, because a server is away: Kafka is away\n",
  );
  expect(formatMending({ groups: [], more: 0, ended: null, statesProblems: [] }, null)).toBe(
    "There are no open dead letters.\n",
  );
  expect(textOf({ ...mending, mapping: null })).toContain("the index does not have the field it's n\n");
  expect(textOf({ ...mending, complete: false })).toContain(
    "2 open letters to try changes with, of about the newest 50,000 that could be read within 10 s: not all were read\n",
  );
});
