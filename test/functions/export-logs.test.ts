import { expect, test } from "bun:test";
import { exportedDocuments, exportLogs, type ExportFormat } from "../../functions/export-logs.ts";
import { specification } from "../support/records.ts";
import { rejection } from "../support/rejection.ts";
import { answeredHit, searchAnswer } from "../support/search-answer.ts";

interface Body {
  readonly size: number;
  readonly _source: boolean;
  readonly search_after?: readonly [number, number, number, string, number];
}

/** An index with this many documents; `isTooLong` decides for each page. */
function elasticsearch(
  count: number,
  isTooLong: (body: Body) => boolean = () => false,
  source = '{"message":"m,\\n1",\n"n":1.000}',
) {
  const sizes: number[] = [];
  const search = (_: readonly string[], given: object): Promise<string | null> => {
    const body = given as Body;
    sizes.push(body.size);
    if (isTooLong(body)) return Promise.resolve(null);
    const from = body.search_after?.[2] ?? count;
    const offsets = Array.from({ length: Math.min(body.size, from) }, (_, n) => from - 1 - n);
    return Promise.resolve(
      searchAnswer(offsets.map((offset) => answeredHit({ offset, source: body._source ? source : null }))),
    );
  };
  return { sizes, search };
}

async function exported(
  deps: Pick<Parameters<typeof exportLogs>[1], "search">,
  format: ExportFormat,
  columns: readonly string[] = [],
): Promise<string> {
  const input = {
    topics: ["app"],
    query: null,
    fromMs: 0,
    toMs: 1,
    managed: true,
    rebuilt: null,
    format,
    columns,
  };
  let text = "";
  const fieldCaps = () => Promise.reject(new Error("no field is asked for"));
  const inForce = new Map([["app", specification()]]);
  for await (const piece of exportLogs({ ...input, inForce }, { ...deps, fieldCaps })) text += piece;
  return text;
}

test("NDJSON has one line per document, as written", async () => {
  const text = await exported(elasticsearch(3), "ndjson");
  expect(text).toBe('{"message":"m,\\n1", "n":1.000}\n'.repeat(3));
});

test("CSV has a header, and each document's message", async () => {
  expect(await exported(elasticsearch(1), "csv")).toBe(
    'timestamp,topic,partition,offset,message,"n"\r\n"2026-03-04T12:00:00.000Z","app","0","0","m,\n1","1.000"\r\n',
  );
  expect(await exported(elasticsearch(1), "csv", ["gone", "n"])).toContain(
    'message,"gone","n"\r\n"2026-03-04T12:00:00.000Z","app","0","0","m,\n1","","1.000"\r\n',
  );
});

test("pages follow each other up to the limit", async () => {
  const all = elasticsearch(1_234);
  expect((await exported(all, "csv")).split("2026-")).toHaveLength(1_235);
  const more = elasticsearch(exportedDocuments + 5);
  expect((await exported(more, "csv")).split("2026-")).toHaveLength(exportedDocuments + 1);
  expect(more.sizes).toHaveLength(20);
});

test("pages get smaller if documents are large, and one too large by itself is named", async () => {
  const isTooLong = ({ size, _source, search_after: after }: Body) =>
    _source && (size > 2 || (after?.[2] ?? 5) === 3);
  const world = elasticsearch(5, isTooLong);
  const lines = (await exported(world, "ndjson")).trimEnd().split("\n");
  expect(lines).toHaveLength(5);
  expect(lines.filter((line) => line.includes("GET /app-1/_doc/app%3A0%3A2%3Ax"))).toHaveLength(1);
});

test("an incomplete answer ends it", async () => {
  const search = () => Promise.resolve(searchAnswer([], { timed_out: true }));
  expect(await rejection(exported({ search }, "ndjson"))).toMatchObject({
    code: "elasticsearch_unavailable",
    retryable: true,
  });
});

test("failed shards are named by their index, and fail at the next try, too", async () => {
  const failures = [{ shard: 0, index: "odd", reason: { type: "t", reason: "No mapping" } }];
  const search = () => Promise.resolve(searchAnswer([], { _shards: { total: 2, failed: 1, failures } }));
  expect(await rejection(exported({ search }, "ndjson"))).toMatchObject({
    code: "elasticsearch_unavailable",
    message: '1 of 2 shards failed: t: No mapping (index "odd").',
    retryable: false,
  });
});

test("a cell of CSV has at most 1,000 values of a list, and says how many more there are", async () => {
  const source = `{"message":"m","a":[${"1,".repeat(4_999)}1]}`;
  const text = await exported(
    elasticsearch(1, () => false, source),
    "csv",
  );
  expect(text).toContain(',message,"a"\r\n');
  expect(text).toContain(', 1, … and 4000 more"\r\n');
  expect(text.length).toBeLessThan(4_000);
});

test("others have their turn between documents", async () => {
  let [turns, isDone] = [0, false];
  const turn = (): void => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await exported(elasticsearch(200), "csv");
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(400);
});
