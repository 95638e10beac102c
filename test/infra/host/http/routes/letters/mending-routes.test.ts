import { expect, test } from "bun:test";
import type { Mending, TriedMending } from "../../../../../../functions/mend-letters.ts";
import type { ReplayJob } from "../../../../../../infra/api/letters/dead-letters.ts";
import { NO_OUTCOMES } from "../../../../../../functions/replay-dead-letters.ts";
import { PenstockError } from "../../../../../../lib/rules/base/errors.ts";
import { bearer, problemOf, setUp, token } from "../../fixture.ts";

const mending: Mending = {
  target: { kind: "index", index: "logs" },
  mapping: { type: "long" },
  template: null,
  letters: 3,
  complete: true,
  proposals: [],
};
const tried: TriedMending = { ...mending, verdicts: {}, best: null, incomparable: null };
const job: ReplayJob = {
  id: "id-1",
  state: "running",
  request: {
    topic: "app",
    error: "t",
    since: null,
    index: null,
    refusedBy: "logs",
    field: "n",
    dryRun: false,
  },
  startedAt: "2026-01-02T00:00:00.000Z",
  endedAt: null,
  progress: { read: 0, total: 0, outcomes: NO_OUTCOMES },
  result: null,
  error: null,
  change: { proposal: "new-index", request: null, made: false },
  left: null,
};
const words = { topic: "app", index: "logs", error: "t", field: "n" };
const request = { method: "PUT", path: "/logs/_mapping", body: { properties: { n: { type: "long" } } } };

function withMendings(busy = false, settings = {}) {
  const asked: unknown[] = [];
  const note =
    <T>(what: string, answer: T) =>
    (...about: readonly unknown[]): T => {
      asked.push([what, about[0], about[1]]);
      return answer;
    };
  const mendings = {
    propose: note("propose", Promise.resolve(mending)),
    tryOut: note("try", Promise.resolve(tried)),
    apply: note("apply", { kind: busy ? ("busy" as const) : ("started" as const), job }),
  };
  return { ...setUp(settings, { mendings }), asked };
}

const posted = (body: object, headers = {}) => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "content-type": "application/json", ...headers },
});

test("proposals are made, tried and applied for the group that is named", async () => {
  const { ask, asked } = withMendings();
  const query = new URLSearchParams({ ...words, into: "spare" }).toString();
  expect(await (await ask(`/dead-letters/proposals?${query}`)).json()).toEqual(mending);
  expect(await (await ask("/dead-letters/proposals/try", posted(words))).json()).toEqual(tried);
  const { field: _field, ...noField } = words;
  const applied = await ask(
    "/dead-letters/proposals/apply",
    posted({ ...noField, proposal: "ignore-malformed", request }),
  );
  expect([applied.status, applied.headers.get("location")]).toEqual([202, "/replay/id-1"]);
  expect(asked).toEqual([
    ["propose", words, "spare"],
    ["try", words, null],
    ["apply", { ...words, field: null }, { proposal: "ignore-malformed", request, into: null }],
  ]);
});

test("a running replay is named, and nothing is changed", async () => {
  const { ask } = withMendings(true);
  const refused = await ask(
    "/dead-letters/proposals/apply",
    posted({ ...words, proposal: "x", request: null }),
  );
  expect([refused.status, (await problemOf(refused))["job"]]).toEqual([409, "id-1"]);
});

test.each([
  ["try", { topic: "app", index: "logs" }, "error is missing."],
  ["try", { ...words, into: "UP" }, 'into "UP" is not an Elasticsearch index name.'],
  ["apply", { ...words, request: null }, "proposal is missing."],
  ["apply", { ...words, proposal: "x", request: null, force: true }, expect.stringContaining('"force"')],
])("%s %j is refused", async (what, body, detail) => {
  const { ask, asked } = withMendings();
  const response = await ask(`/dead-letters/proposals/${what}`, posted(body));
  expect([response.status, (await problemOf(response))["detail"]]).toEqual([400, detail]);
  expect(asked).toEqual([]);
});

test.each(["*", "hr-*", "_search", "a,b", ".kibana", "a/_doc"])("no index is named %p", async (index) => {
  const { ask, asked } = withMendings();
  const query = new URLSearchParams({ ...words, index }).toString();
  const response = await ask(`/dead-letters/proposals?${query}`);
  expect([response.status, (await problemOf(response))["detail"]]).toEqual([
    400,
    `index "${index}" is not an Elasticsearch index name.`,
  ]);
  expect(asked).toEqual([]);
});

test("the read-only token sees proposals, and neither tries nor applies them", async () => {
  const readOnlyToken = "may-look-and-not-change";
  const { ask, asked } = withMendings(false, { token, readOnlyToken });
  const reader = bearer(readOnlyToken);
  const query = new URLSearchParams(words).toString();
  expect((await ask(`/dead-letters/proposals?${query}`, { headers: reader })).status).toBe(200);
  for (const what of ["try", "apply"]) {
    const body = what === "try" ? words : { ...words, proposal: "x", request: null };
    expect((await ask(`/dead-letters/proposals/${what}`, posted(body, reader))).status).toBe(403);
  }
  expect(asked).toHaveLength(1);
});

test("is 503 where Kafka or Elasticsearch does not answer", async () => {
  const failing = () => Promise.reject(new PenstockError("elasticsearch_unavailable", "no answer"));
  const mendings = { propose: failing, tryOut: failing, apply: () => ({ kind: "started" as const, job }) };
  const { ask } = setUp({}, { mendings });
  const query = new URLSearchParams(words).toString();
  expect((await ask(`/dead-letters/proposals?${query}`)).status).toBe(503);
  expect((await ask("/dead-letters/proposals/try", posted(words))).status).toBe(503);
});
