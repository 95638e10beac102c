import { describe, expect, test } from "bun:test";
import { AcknowledgedOffsets } from "./acknowledged.ts";
import { bulkTap } from "./bulk-tap.ts";
import { type CommitEntry, commitTap } from "./commit-tap.ts";

describe("acknowledged offsets", () => {
  test("a commit is early if one offset below it has no outcome", () => {
    const offsets = new AcknowledgedOffsets();
    for (const offset of [0, 1, 3]) offsets.note("t", 0, offset, "created");
    offsets.note("t", 0, 2, "retryable");
    offsets.committed("t", 0, 2);
    expect(offsets.early).toEqual([]);
    offsets.committed("t", 0, 4);
    expect(offsets.early).toEqual([{ topic: "t", partition: 0, committed: 4, acknowledged: 2 }]);
    offsets.note("t", 0, 2, "duplicate");
    offsets.committed("t", 0, 4);
    expect(offsets.early).toHaveLength(1);
    expect(offsets).toMatchObject({ total: 4, created: 3, duplicates: 1, commits: 3 });
  });
});

describe("the tap of bulks", () => {
  const bulkOf = (...offsets: number[]) => {
    const body = offsets.map((o) => `{"create":{"_index":"i","_id":"a.b:1:${o}:zz"}}\n{"x":1}\n`).join("");
    return Buffer.from(`POST /_bulk HTTP/1.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  };
  const answerOf = (...statuses: number[]) => {
    const body = JSON.stringify({ items: statuses.map((status) => ({ create: { status } })) });
    return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  };

  test("an offset counts by its own status, once its answer has arrived", () => {
    const offsets = new AcknowledgedOffsets();
    const traffic = { inFlight: 0 };
    const tap = bulkTap(offsets, traffic);
    tap.fromClient(bulkOf(0, 1, 2, 3));
    expect(traffic.inFlight).toBe(1);
    expect(offsets.total).toBe(0);
    tap.fromServer(answerOf(201, 409, 429, 400));
    expect(traffic.inFlight).toBe(0);
    expect(offsets.prefix("a.b", 1)).toBe(2);
    expect(offsets.has("a.b", 1, 3)).toBe(true);
    expect(offsets).toMatchObject({ created: 1, duplicates: 1 });
    expect([offsets.rejectedBelow("a.b", 1, 3), offsets.rejectedBelow("a.b", 1, 4)]).toEqual([0, 1]);
  });

  test("bulks of a closed connection are no longer in flight", () => {
    const traffic = { inFlight: 0 };
    const tap = bulkTap(new AcknowledgedOffsets(), traffic);
    tap.fromClient(bulkOf(0));
    tap.fromClient(bulkOf(1));
    expect(traffic.inFlight).toBe(2);
    tap.closed();
    expect(traffic.inFlight).toBe(0);
  });

  test("a bulk that failed as a whole acknowledges nothing", () => {
    const offsets = new AcknowledgedOffsets();
    const tap = bulkTap(offsets, { inFlight: 0 });
    tap.fromClient(bulkOf(0));
    tap.fromServer(Buffer.from("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}"));
    expect(offsets.total).toBe(0);
  });

  test("a document that was looked up and found counts as there; a search for something else tells nothing", () => {
    const request = (path: string, body: string) =>
      Buffer.from(`POST ${path} HTTP/1.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const found = JSON.stringify({ hits: { hits: [{ _id: "a.b:1:0:zz" }, { _id: "a.b:1:2:zz" }] } });
    const answer = (body: string) =>
      Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const offsets = new AcknowledgedOffsets();
    const traffic = { inFlight: 0 };
    const tap = bulkTap(offsets, traffic);
    tap.fromClient(request("/i/_search?size=1", '{"query":{"match_all":{}}}'));
    tap.fromServer(answer(found));
    expect(offsets.total).toBe(0);
    tap.fromClient(
      request("/i/_search", '{"query":{"ids":{"values":["a.b:1:0:zz","a.b:1:1:zz","a.b:1:2:zz"]}}}'),
    );
    expect(traffic.inFlight).toBe(0);
    tap.fromServer(answer(found));
    expect(offsets).toMatchObject({ total: 2, duplicates: 2 });
    expect(offsets.prefix("a.b", 1)).toBe(1);
    tap.fromClient(request("/i/_search", '{"query":{"ids":{"values":["a.b:1:1:zz"]}}}'));
    tap.fromServer(answer("{}"));
    expect(offsets.total).toBe(2);
  });
});

describe("the tap of commits", () => {
  interface Request {
    encode(): Promise<unknown>;
  }
  const fail = (): never => {
    throw new Error("kafkajs has no such module");
  };
  /** Modules of kafkajs without types. */
  const encoder: Promise<{
    offsetCommit: { protocol(at: { version: number }): (of: object) => { request: Request } };
    wrap: (of: object) => Promise<{ buffer: Buffer }>;
  }> = (async () => {
    const [offsetCommit, wrap] = (await Promise.all(
      ["requests/offsetCommit/index.js", "request.js"].map((path) => import(`kafkajs/src/protocol/${path}`)),
    )) as { default: never }[];
    return { offsetCommit: offsetCommit?.default ?? fail(), wrap: wrap?.default ?? fail() };
  })();

  test.each([2, 3, 4, 5])("reads what kafkajs writes in version %i, in any pieces", async (version) => {
    const { offsetCommit, wrap } = await encoder;
    const { request } = offsetCommit.protocol({ version })({
      groupId: "g.t",
      groupGenerationId: 3,
      memberId: "m",
      topics: [
        {
          topic: "t",
          partitions: [
            { partition: 0, offset: "12", metadata: "about" },
            { partition: 7, offset: "9007199254740991", metadata: null },
          ],
        },
      ],
    });
    const { buffer } = await wrap({ correlationId: 1, clientId: "penstock", request });
    const found: CommitEntry[] = [];
    const tap = commitTap((entry) => found.push(entry));
    for (const byte of Buffer.concat([buffer, buffer])) tap.fromClient(Buffer.from([byte]));
    const expected = [
      { groupId: "g.t", topic: "t", partition: 0, offset: 12 },
      { groupId: "g.t", topic: "t", partition: 7, offset: 9_007_199_254_740_991 },
    ];
    expect(found).toEqual([...expected, ...expected]);
  });
});
