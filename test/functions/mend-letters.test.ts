import { expect, test } from "bun:test";
import { proposeMending, tryMending, type TryMendingDeps } from "../../functions/mend-letters.ts";
import type { Trial } from "../../functions/try-topic/try-records.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { deadLetterOf } from "../../lib/rules/dead-letters/dead-letter.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import type { TrialFindings } from "../../lib/rules/trial/findings.ts";
import { readOperations } from "../../lib/rules/trial/operations.ts";
import { untimed } from "../support/mending.ts";
import { FakeReader } from "../support/fake-reader.ts";
import { sourceRecord, specification } from "../support/records.ts";
import { rejection } from "../support/rejection.ts";

const { signal } = new AbortController();
const reason = "failed to parse field [n] of type [long]. Preview of field's value: 'x'";
const input = {
  deadLetterTopic: "dead",
  group: { topic: "app", index: "logs", field: "n", error: "document_parsing_exception" },
  into: null,
  newest: 1_000,
  managed: true,
  limits: { maxDocuments: 1_000, maxBytes: 1_000_000 },
};

/** Takes all that it gets, except text in field `n` of the index as it is. */
function trialOf(index: string, isChanged: boolean, findings: Partial<TrialFindings>): Trial {
  const documents = new Map<string, never>();
  const failure = { kind: "connection" as const, message: "no" };
  return {
    bulk: (body) =>
      Promise.resolve(
        findings.unknown || findings.blocked
          ? { failure }
          : {
              items: readOperations(Buffer.from(body)).map(({ json }) =>
                json.includes('"x"') && index === "logs" && !isChanged
                  ? { status: 400, result: null, error: { type: "document_parsing_exception", reason } }
                  : { status: 201, result: "created", error: null },
              ),
            },
      ),
    findings: () =>
      Promise.resolve({ documents, targets: [], blocked: null, unknown: null, notes: [], ...findings }),
    close: () => Promise.resolve([]),
  };
}

interface World {
  /** Offsets of good records. */
  readonly good?: readonly number[];
  /** What the first trial finds out. */
  readonly first?: Partial<TrialFindings>;
  readonly taken?: readonly string[];
}

/** A topic whose record 9 was refused. */
function world({ good = [0, 1], first = {}, taken = [] }: World = {}): TryMendingDeps {
  const reader = new FakeReader();
  const record = (offset: number, n: unknown) => sourceRecord(JSON.stringify({ n }), { offset });
  const { key, value, headers } = deadLetterOf({
    topic: "app",
    record: record(9, "x"),
    rejection: { status: 400, type: "document_parsing_exception", reason, index: "logs" },
    attempts: 1,
    failedAt: 1_000,
  });
  reader.put("dead", { partition: 0, offset: 0, timestamp: 0, key, value, headers });
  reader.put("app", ...good.map((offset) => record(offset, offset)), record(9, "x"));
  const spec = specification({ format: "json", rejected: "dead-letter", index: "logs" });
  const holders = new Map(good.map((offset) => [documentId("app", record(offset, offset)), "logs"]));
  let trials = 0;
  return {
    reader,
    ...untimed(signal),
    refresh: () => Promise.resolve(),
    findHolders: () => Promise.resolve({ holders, problems: [] }),
    specificationOf: () => spec,
    specifications: () => [
      spec,
      { ...spec, topic: "b" },
      { ...spec, topic: "c", index: "c" },
      { ...spec, topic: "d", index: "logs{yyyy.MM.dd}" },
      { ...spec, topic: "e", index: "logs-000007" },
    ],
    readTarget: () =>
      Promise.resolve({
        kind: "alias",
        index: "logs-000007",
        mayRollOver: false,
        mappings: { properties: { n: { type: "long" } } },
        settings: {},
      }),
    isTaken: (name) => Promise.resolve(taken.includes(name)),
    makingTemplate: () => Promise.resolve(null),
    openTrial: (tried, index, { mappings, spec: changes }) =>
      trialOf(index, mappings !== undefined || changes !== undefined, (trials += 1) === 1 ? first : {}),
  };
}

test("the smallest change that takes all is found by what happens now", async () => {
  const tried = await tryMending(input, world());
  expect(tried).toMatchObject({ letters: 1, best: "malformed-as-text", incomparable: null });
  expect(tried.verdicts["as-it-is"]).toMatchObject({
    letters: { tried: 1, refused: 1 },
    good: { tried: 2, unchanged: 2 },
  });
});

test("without a good record a change may be the smallest, and the verdict says that none was compared", async () => {
  const tried = await tryMending(input, world({ good: [] }));
  expect(tried).toMatchObject({ best: "malformed-as-text", incomparable: null });
  expect(tried.verdicts["malformed-as-text"]?.good.tried).toBe(0);
});

test("good records are looked for after a refresh, which may be refused", async () => {
  const asked: string[] = [];
  const deps = world();
  const tried = await tryMending(input, {
    ...deps,
    refresh: (index) => (
      asked.push(`refresh ${index}`),
      Promise.reject(new PenstockError("elasticsearch_refused", "no right"))
    ),
    findHolders: (...about) => (asked.push("look"), deps.findHolders(...about)),
  });
  expect(asked.slice(-2)).toEqual(["refresh logs", "look"]);
  expect(tried.verdicts["as-it-is"]?.good.tried).toBe(2);
  const away = new PenstockError("elasticsearch_unavailable", "no answer");
  const refused = tryMending(input, { ...world(), refresh: () => Promise.reject(away) });
  expect(await rejection(refused)).toBe(away);
});

test.each([{ unknown: "it did not answer" }, { blocked: "it did not answer" }])(
  "if the first trial is %j, nothing is compared, and none is called the smallest",
  async (first) => {
    const tried = await tryMending(input, world({ first }));
    expect(tried.verdicts["malformed-as-text"]?.letters).toMatchObject({ tried: 1, refused: 0 });
    expect(tried.best).toBeNull();
    expect(tried.incomparable).toBe("What happens without a change could not be tried: it did not answer");
  },
);

test("without time for a trial, it says so", async () => {
  const tried = await tryMending(input, { ...world(), trialDeadline: AbortSignal.abort() });
  expect(tried).toMatchObject({ verdicts: {}, best: null, incomparable: "There was no time for a trial." });
});

test("other topics that write to the index, or to the one behind it, are named", async () => {
  const { proposals } = await proposeMending(input, world());
  const inPlace = proposals.find(({ id }) => id === "ignore-malformed");
  expect(inPlace?.costs.at(-1)).toEndWith("their records are not tried: b, e.");
});

test("indices that earlier changes made are proposed, and a new one gets a free name", async () => {
  const indices = async (taken: readonly string[]) => {
    const { proposals } = await proposeMending(input, world({ taken }));
    return proposals.flatMap(({ index }) => index ?? []);
  };
  expect(await indices([])).toEqual(["logs-mended"]);
  expect(await indices(["logs-mended", "logs-mended-2"])).toEqual([
    "logs-mended",
    "logs-mended-2",
    "logs-mended-3",
  ]);
});

test("an index that neither a declaration nor an open letter names is not looked at", async () => {
  const asked: string[] = [];
  const look = (index: string, declared: string | null) => {
    const deps = world();
    return proposeMending(
      { ...input, group: { ...input.group, index } },
      {
        ...deps,
        specificationOf: () => (declared === null ? null : specification({ index: declared })),
        readTarget: (spec, until) => {
          asked.push(spec.index);
          return deps.readTarget(spec, until);
        },
      },
    );
  };
  const refused = await rejection(look("hr-secret", "logs-{yyyy.MM.dd}"));
  expect(refused).toMatchObject({
    code: "usage",
    message: 'index "hr-secret" is not where topic "app" goes, and no open letter of this group was read',
  });
  expect(asked).toEqual([]);
  expect(await look("logs", null)).toMatchObject({ letters: 1 });
  expect(await look("logs-2026.11.30", "logs-{yyyy.MM.dd}")).toMatchObject({ letters: 0 });
  expect(asked).toEqual(["logs", "logs-2026.11.30"]);
});
