import { describe, expect, test } from "bun:test";
import type {
  DeclarationService,
  EditAnswer,
} from "../../../../../infra/host/services/declaration-service.ts";
import type { DeclarationsListing } from "../../../../../functions/list-declarations.ts";
import { hostStopping, PenstockError } from "../../../../../lib/rules/base/errors.ts";
import { reconcileResult } from "../../../../support/reconcile-result.ts";
import { bearer, problemOf, setUp, token } from "../fixture.ts";

const listing: DeclarationsListing = {
  config: { path: "config.yaml", ok: true, error: null, entries: [] },
  etcd: null,
};
const body = { action: "add", declaration: { topic: "app" } };
const asJson = (body: unknown) => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "content-type": "application/json" },
});

/** Routes over a desk that gives this answer; an Error is thrown. */
function withDesk(answer: EditAnswer | Error, settings = {}) {
  const edits: unknown[] = [];
  const declarations: Pick<DeclarationService, "list" | "edit"> = {
    list: () => Promise.resolve(listing),
    edit: (body, dryRun) => {
      edits.push({ body, dryRun });
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  return { ...setUp(settings, { declarations }), edits };
}

const written = { kind: "written", key: "logs/a", revision: 8, action: "added" } as const;

describe("GET /declarations", () => {
  test("is the listing", async () => {
    const response = await withDesk(written).ask("/declarations");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(listing as never);
  });

  test("two at once, each until it was read", async () => {
    const { ask } = withDesk(written);
    const [first, second] = [await ask("/declarations"), await ask("/declarations")];
    const refused = await ask("/declarations");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    await first.text();
    expect((await ask("/declarations")).status).toBe(200);
    await second.body?.cancel();
    expect((await ask("/declarations")).status).toBe(200);
  });

  test("takes no parameters, and the token where one is set", async () => {
    const refused = await withDesk(written).ask("/declarations?key=a");
    expect((await problemOf(refused)).detail).toBe('Unknown parameter "key": this path takes none.');
    const { ask } = withDesk(written, { token });
    expect((await ask("/declarations")).status).toBe(401);
    expect((await ask("/declarations", { headers: bearer(token) })).status).toBe(200);
  });
});

describe("POST /declarations", () => {
  test("four at once, previews among them", async () => {
    const wait = Promise.withResolvers<EditAnswer>();
    const { ask } = setUp(
      {},
      { declarations: { list: () => Promise.resolve(listing), edit: () => wait.promise } },
    );
    const edits = Array.from({ length: 4 }, () => ask("/declarations?dryRun=true", asJson(body)));
    await Promise.resolve();
    const refused = await ask("/declarations", asJson(body));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    wait.resolve(written);
    for (const edit of edits) expect((await edit).status).toBe(200);
    expect((await ask("/declarations", asJson(body))).status).toBe(200);
  });

  test.each([
    ["", false],
    ["?dryRun=false", false],
    ["?dryRun=true", true],
  ])("%s passes the body on", async (query, dryRun) => {
    const { ask, edits } = withDesk(written);
    const response = await ask(`/declarations${query}`, asJson(body));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ key: "logs/a", revision: 8, action: "added" });
    expect(edits).toEqual([{ body, dryRun }]);
  });

  test("that is dry is the text before and after, and the plan it leads to", async () => {
    const result = reconcileResult({ carriedOut: false });
    const edit = { key: "logs/a", revision: 7, action: "added", before: null, after: "[]" } as const;
    const { ask } = withDesk({ kind: "preview", edit: { kind: "planned", ...edit }, result });
    const response = await ask("/declarations?dryRun=true", asJson(body));
    const { plan, hash, conflicts, excluded, sources } = result;
    expect(await response.json()).toEqual({ ...edit, plan, hash, conflicts, excluded, sources });
  });

  const faults = [
    { field: "declaration.index", reason: 'index "A" is none' },
    { field: "declaration.frmat", reason: 'field frmat is unknown; did you mean "format"?' },
  ];
  test.each<[string, EditAnswer | Error, number, Record<string, unknown>]>([
    [
      "a request that says nothing",
      { kind: "malformed", faults: [{ field: "action", reason: "action is required" }] },
      400,
      {
        detail: "action is required.",
        field: "action",
        errors: [{ field: "action", reason: "action is required" }],
      },
    ],
    [
      "a declaration that hosts would refuse",
      { kind: "refused", faults },
      422,
      {
        detail: 'index "A" is none; field frmat is unknown; did you mean "format"?',
        field: "declaration.index",
        errors: faults,
      },
    ],
    [
      "an entry that is not there",
      { kind: "refused", about: "target", reason: 'it does not declare "a"' },
      422,
      { detail: 'it does not declare "a".', field: "target" },
    ],
    [
      "a lost race",
      { kind: "lost", key: "logs/a", revision: 9, text: "[]" },
      409,
      {
        detail: 'etcd key "logs/a" was changed by another writer: it is at revision 9 now.',
        key: "logs/a",
        revision: 9,
        text: "[]",
      },
    ],
    ["a host without etcd", { kind: "no etcd" }, 404, { detail: expect.stringContaining("no etcd section") }],
    [
      "a login that may not write",
      new PenstockError("etcd_refused", "etcd at x refused: permission denied"),
      403,
      { detail: "etcd at x refused: permission denied." },
    ],
    [
      "an etcd that is not there",
      new PenstockError("etcd_unavailable", "etcd at x is not available", { retryable: true }),
      503,
      { detail: "etcd at x is not available." },
    ],
    ["a host that stops", hostStopping(), 503, { detail: "The host is stopping." }],
    ["a fault of ours", new Error("bug"), 500, {}],
  ])("tells of %s", async (_, answer, status, wanted) => {
    const response = await withDesk(answer).ask("/declarations", asJson(body));
    expect(response.status).toBe(status);
    expect(await problemOf(response)).toMatchObject({ status, ...wanted });
  });

  test("refuses what is no JSON object and unknown parameters, and asks nobody", async () => {
    const { ask, edits } = withDesk(written);
    const post = async (query: string, init: Parameters<typeof ask>[1]) => {
      const response = await ask(`/declarations${query}`, { method: "POST", ...init });
      return [response.status, (await problemOf(response)).detail];
    };
    expect(await post("", { body: "{}" })).toEqual([415, "The body must be application/json."]);
    expect(await post("", asJson([]))).toEqual([400, "The body must be a JSON object."]);
    expect(await post("", { ...asJson({}), body: "{" })).toEqual([400, "The body is not valid JSON."]);
    const deep = `{"declaration":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
    expect(await post("", { ...asJson({}), body: deep })).toEqual([
      400,
      "The body is nested deeper than 32 levels.",
    ]);
    expect(await post("?dryrun=true", asJson(body))).toEqual([
      400,
      'Unknown parameter "dryrun": it must be dryRun.',
    ]);
    expect(await post("?dryRun=yes", asJson(body))).toEqual([400, 'dryRun "yes" must be true or false.']);
    expect((await post("", asJson({ ...body, key: "x".repeat(70_000) })))[0]).toBe(413);
    expect(edits).toEqual([]);
  });

  test("from a foreign page is refused", async () => {
    const { ask, edits } = withDesk(written);
    const init = asJson(body);
    const response = await ask("/declarations", {
      ...init,
      headers: { ...init.headers, origin: "http://evil.example" },
    });
    expect(response.status).toBe(403);
    expect(edits).toEqual([]);
  });
});
