import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { createBulkGate } from "../../../../infra/host/bulks/bulk-gate.ts";
import type { Seat } from "../../../../infra/host/bulks/boarding.ts";
import { createBulkPost } from "../../../../infra/host/bulks/bulk-post.ts";
import type { SendBulk } from "../../../../infra/host/bulks/bulk-requests.ts";
import { DecodeTurns } from "../../../../infra/host/shares/decode-turns.ts";
import type { BulkAnswer, BulkItem, RequestFailure } from "../../../../lib/rules/outcomes/bulk-answer.ts";
import { advance, flush } from "../../../support/fake-time.ts";
import { fakedTime } from "../pump/pump-world.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const { signal } = new AbortController();

interface Sent {
  readonly names: readonly string[];
  readonly how: Parameters<SendBulk>[1];
  /** Resolves when the post has taken it. */
  answer(answer: BulkAnswer): Promise<void>;
}

const item = (status: number): BulkItem => ({
  status,
  result: status < 300 ? "created" : null,
  error: status < 300 ? null : { type: `of-${status}`, reason: "" },
});

/** A post whose requests are answered by hand; each sender sends one operation that bears its name. */
function setUp({ places = 4, maxDocuments = 100, maxBytes = 1e6 } = {}) {
  const requests: Sent[] = [];
  const answers: Record<string, BulkAnswer> = {};
  const seats: Record<string, Seat> = {};
  const reasons: unknown[] = [];
  const tenures = { check: (): boolean => true };
  const turns = new DecodeTurns();
  const post = createBulkPost({
    checkTenures: () => tenures.check(),
    gate: createBulkGate(places),
    limits: () => ({ maxDocuments, maxBytes }),
    turns,
    time: fakedTime,
    send(body, how) {
      const { promise, resolve } = Promise.withResolvers<BulkAnswer>();
      const names = [...String(body).matchAll(/"_id":"(.*?)"/g)].map(([, name = ""]) => name);
      const answer = (given: BulkAnswer): Promise<void> => (resolve(given), flush());
      requests.push({ names, how, answer });
      return promise;
    },
  });
  const sender = (
    name: string,
    {
      alone = false,
      again = false,
      pipeline = null as string | null,
      until = signal,
      operations = 1,
      isDue = (): boolean => true,
      mayMove = false,
    } = {},
  ) => ({
    documents: 1,
    bytes: 10,
    alone,
    again,
    board(seat: Seat) {
      seats[name] = seat;
      void seat
        .bulk(Buffer.from(`{"create":{"_index":"i","_id":"${name}"}}\n{"message":"${name}"}\n`), {
          pipeline,
          operations,
          pattern: name,
          documentAt: () => ({ index: "i", id: name }),
          signal: until,
          isDue,
          mayMove,
        })
        .then(
          (answer) => void (answers[name] = answer),
          (reason: unknown) => void reasons.push(reason),
        )
        .finally(() => seat.end());
    },
  });
  const offer = (...names: readonly string[]): Promise<void> => {
    for (const name of names) post.offer(sender(name));
    return flush();
  };
  const namesOf = (): (readonly string[])[] => requests.map(({ names }) => names);
  return { post, turns, requests, answers, reasons, tenures, seats, sender, offer, namesOf };
}

const failed = (failure: RequestFailure): BulkAnswer => ({ failure });

describe("joining", () => {
  /** Offers a name once a piece of it is decoded, which takes until it is told. */
  const decoding = (offer: (name: string) => Promise<void>, names: readonly string[]) => {
    const decoded = names.map(() => Promise.withResolvers<void>());
    return {
      pieces: names.map((name, at) => ({
        decodePiece: async () => (await decoded[at]?.promise, void offer(name)),
      })),
      tell: (at: number) => decoded[at]?.resolve(),
    };
  };

  test("what is decoded in one round travels together", async () => {
    const { turns, offer, namesOf } = setUp();
    const { pieces, tell } = decoding(offer, ["a", "b", "c"]);
    for (const piece of pieces) turns.enter(piece);
    tell(0);
    tell(1);
    await flush();
    expect(namesOf()).toEqual([]);
    tell(2);
    await flush();
    expect(namesOf()).toEqual([["a", "b", "c"]]);
  });

  test("what takes long to decode is not waited for, nor the next round", async () => {
    const { turns, offer, namesOf, requests } = setUp();
    const { pieces, tell } = decoding(offer, ["a", "b", "c", "d", "e"]);
    for (const piece of pieces.slice(0, 3)) turns.enter(piece);
    tell(0);
    tell(1);
    await flush();
    await advance(5);
    expect(namesOf()).toEqual([["a", "b"]]);
    await requests[0]?.answer({ items: [item(201), item(201)] });
    for (const piece of pieces.slice(3)) turns.enter(piece);
    tell(2);
    await flush();
    expect(namesOf()).toEqual([["a", "b"], ["c"]]);
  });

  test("leaves at once while nothing is in flight, and gathers meanwhile", async () => {
    const { offer, namesOf, requests, answers } = setUp();
    await offer("a");
    await offer("b");
    await offer("c");
    expect(namesOf()).toEqual([["a"]]);
    await requests[0]?.answer({ items: [item(201)] });
    expect(namesOf()).toEqual([["a"], ["b", "c"]]);
    await requests[1]?.answer({ items: [item(201), item(409)] });
    expect(answers).toEqual({
      a: { items: [item(201)] },
      b: { items: [item(201)] },
      c: { items: [item(409)] },
    });
  });

  test("does not wait for an answer that takes unusually long", async () => {
    const { offer, namesOf } = setUp();
    await offer("a");
    await offer("b");
    await advance(100);
    expect(namesOf()).toEqual([["a"], ["b"]]);
  });

  test("what fills a request does not wait either, and no request holds more", async () => {
    const { offer, namesOf } = setUp({ maxDocuments: 2 });
    await offer("a");
    await offer("b", "c", "d");
    expect(namesOf()).toEqual([["a"], ["b", "c"]]);
  });

  test("each keeps its pipeline, and who looks for a document finds its own", async () => {
    const { post, sender, offer, requests } = setUp();
    await offer("first");
    post.offer(sender("a", { pipeline: "p" }));
    post.offer(sender("b"));
    await requests[0]?.answer({ items: [item(201)] });
    const joint = requests[1]?.how;
    expect(joint).toMatchObject({ pipeline: null, operations: 2, pattern: ["a", "b"] });
    expect(joint?.documentAt(1)).toEqual({ index: "i", id: "b" });
  });

  test("one that is withdrawn does not board, one that sends nothing holds up nobody", async () => {
    const { post, sender, offer, namesOf, requests } = setUp();
    await offer("first");
    const gone = sender("gone");
    post.offer(gone);
    post.offer({ ...sender("empty"), board: (seat) => seat.end() });
    await offer("a");
    post.withdraw(gone);
    await requests[0]?.answer({ items: [item(201)] });
    expect(namesOf()).toEqual([["first"], ["a"]]);
  });
});

describe("a common request that fails", () => {
  /** The answer of a request of `a` and `b`. */
  async function joint(answer: BulkAnswer) {
    const world = setUp();
    await world.offer("first");
    await world.offer("a", "b");
    await world.requests[0]?.answer({ items: [item(201)] });
    await world.requests[1]?.answer(answer);
    return world;
  }

  test.each([
    ["400", failed({ kind: "response", status: 400, error: { type: "parse_exception", reason: "" } })],
    ["413", failed({ kind: "response", status: 413, error: null })],
    ["no answer in time", failed({ kind: "timeout", message: "late" })],
    ["too few items", { items: [item(201)] }],
  ])("for what may be one's fault is sent apart: %s", async (_what, answer) => {
    const { namesOf, answers, requests } = await joint(answer);
    expect(namesOf().slice(2)).toEqual([["a"], ["b"]]);
    expect(answers).not.toHaveProperty("a");
    await requests[2]?.answer(answer);
    await requests[3]?.answer({ items: [item(201)] });
    expect(answers["a"]).toEqual(answer);
    expect(answers["b"]).toEqual({ items: [item(201)] });
  });

  test.each([429, 503, 401])("for what is nobody's fault falls on each: %d", async (status) => {
    const answer = failed({ kind: "response", status, error: null });
    const { namesOf, answers } = await joint(answer);
    expect(namesOf()).toHaveLength(2);
    expect(answers).toMatchObject({ a: answer, b: answer });
  });
});

describe("a common request that hangs", () => {
  test("holds its company up for two seconds, and who is not well goes alone", async () => {
    const { offer, namesOf, requests, answers, seats } = setUp();
    await offer("first");
    await offer("a", "b");
    await requests[0]?.answer({ items: [item(201)] });
    expect(requests[1]?.how.shardTimeoutMs).toBe(5_000);
    await advance(1_900);
    expect(namesOf()).toHaveLength(2);
    await advance(100);
    expect(namesOf().slice(2)).toEqual([["a"], ["b"]]);
    await requests[2]?.answer({ items: [item(201)] });
    expect(answers["a"]).toEqual({ items: [item(201)] });
    await advance(3_000);
    await requests[3]?.answer({ items: [item(201)] });
    expect({ a: seats["a"]?.fit, b: seats["b"]?.fit }).toEqual({ a: true, b: false });
    // Too late: told already.
    await requests[1]?.answer({ items: [item(503), item(503)] });
    expect(answers).toMatchObject({ a: { items: [item(201)] }, b: { items: [item(201)] } });
  });

  test("that took long makes each go alone once, unless the answer says whose shard it was", async () => {
    for (const status of [201, 503]) {
      const { offer, requests, seats } = setUp();
      await offer("first");
      await offer("a", "b");
      await requests[0]?.answer({ items: [item(201)] });
      await advance(1_200);
      await requests[1]?.answer({ items: [item(status), item(201)] });
      expect(seats["b"]?.fit).toBe(status === 503);
    }
  });
});

test.each([
  ["many documents may take longer than the few that are usual", 2_000, true],
  ["few may not", 1, false],
])("%s", async (_what, operations, fit) => {
  const { post, sender, requests, seats } = setUp();
  for (let at = 0; at < 8; at += 1) {
    post.offer(sender(`quiet-${at}`));
    await advance(20);
    await requests[at]?.answer({ items: [item(201)] });
  }
  post.offer(sender("busy", { operations }));
  await flush();
  await advance(2_000);
  await requests[8]?.answer({ items: Array.from({ length: operations }, () => item(201)) });
  expect(seats["busy"]?.fit).toBe(fit);
});

test("who is alone waits for nobody, and those that were in trouble have half of the places", async () => {
  const { post, sender, offer, namesOf } = setUp({ places: 4 });
  await offer("a");
  for (const name of ["x", "y", "z"]) post.offer(sender(name, { alone: true, again: true }));
  await flush();
  expect(namesOf()).toEqual([["a"], ["x"], ["y"]]);
  post.offer(sender("new", { alone: true }));
  await flush();
  expect(namesOf().at(-1)).toEqual(["new"]);
});

test("what waits for a place is not sent any more once whoever sent it has ended", async () => {
  const { post, sender, offer, namesOf, requests, reasons } = setUp({ places: 1 });
  const ended = new AbortController();
  await offer("first");
  post.offer(sender("a", { until: ended.signal }));
  await offer("b");
  await requests[0]?.answer({ items: [item(201)] });
  // Sent apart, each waits for the place.
  await advance(2_000);
  ended.abort(new Error("the topic was closed"));
  await requests[1]?.answer(failed({ kind: "timeout", message: "late" }));
  expect(namesOf()).toEqual([["first"], ["a", "b"], ["b"]]);
  expect(reasons).toEqual([ended.signal.reason]);
});

describe("where a repeated id may not meet its document", () => {
  test("a part of a slow common request gets a timeout, so that it is looked up; others are sent apart", async () => {
    const { post, sender, offer, requests, namesOf, answers } = setUp({ places: 1 });
    await offer("first");
    post.offer(sender("stream", { mayMove: true }));
    await offer("index");
    await requests[0]?.answer({ items: [item(201)] });
    await advance(2_000);
    expect(answers["stream"]).toMatchObject({ failure: { kind: "timeout" } });
    // It is not answered twice.
    await requests[1]?.answer({ items: [item(201), item(201)] });
    expect(answers).toMatchObject({
      stream: { failure: { kind: "timeout" } },
      index: { items: [item(201)] },
    });
    expect(namesOf()).toEqual([["first"], ["stream", "index"]]);
  });

  test.each<[RequestFailure, number]>([
    [{ kind: "bad_answer", message: "" }, 1],
    [{ kind: "timeout", message: "" }, 1],
    [{ kind: "response", status: 400, error: null }, 2],
  ])("after %p, only what was not executed is sent apart", async (failure, apart) => {
    const { post, sender, offer, requests, namesOf, answers } = setUp();
    await offer("first");
    post.offer(sender("stream", { mayMove: true }));
    await offer("index");
    await requests[0]?.answer({ items: [item(201)] });
    await requests[1]?.answer(failed(failure));
    expect(namesOf().slice(2)).toHaveLength(apart);
    if (apart === 1) expect(answers["stream"]).toEqual({ failure });
  });
});

test("what waits for a place is not sent any more once its partition has moved to another host", async () => {
  const { post, sender, offer, namesOf, requests, answers } = setUp({ places: 1 });
  let isOurs = true;
  await offer("first");
  post.offer(sender("lost", { alone: true, isDue: () => isOurs }));
  await flush();
  isOurs = false;
  await requests[0]?.answer({ items: [item(201)] });
  expect(namesOf()).toEqual([["first"]]);
  expect(answers["lost"]).toMatchObject({ failure: { kind: "connection" } });
});

test("a host that was frozen finds out that its partitions moved before it sends, not by a later timer", async () => {
  const { post, sender, tenures, requests, answers } = setUp();
  let isOurs = true;
  tenures.check = () => (isOurs = false);
  post.offer(sender("lost", { isDue: () => isOurs }));
  await flush();
  expect(requests).toEqual([]);
  expect(answers["lost"]).toMatchObject({ failure: { kind: "connection" } });
});

test("what has waited for the template is not sent any more if records moved away meanwhile, whose ids may not meet", async () => {
  const { post, sender, offer, tenures, requests } = setUp({ places: 1 });
  let isOurs = true;
  await offer("first");
  post.offer(sender("stream", { mayMove: true, isDue: () => isOurs }));
  post.offer(sender("index", { isDue: () => isOurs }));
  await requests[0]?.answer({ items: [item(201)] });
  const isDue = (): boolean | undefined => requests[1]?.how.isDue?.();
  expect(isDue()).toBe(true);
  tenures.check = () => false;
  expect(isDue()).toBe(false);
  tenures.check = () => true;
  isOurs = false;
  expect([isDue(), requests[0]?.how.isDue?.()]).toEqual([false, true]);
  isOurs = true;
  // The stream's part was told that it takes too long, and is looked up by now.
  await advance(2_000);
  expect(isDue()).toBe(false);
});

test("while another host may own its partitions, a host sends only what meets its own document if both send it", async () => {
  const { post, sender, tenures, namesOf, answers } = setUp();
  tenures.check = () => false;
  post.offer(sender("fixed"));
  post.offer(sender("moving", { mayMove: true }));
  await flush();
  expect(namesOf()).toEqual([["fixed"]]);
  expect(answers["moving"]).toMatchObject({ failure: { kind: "connection" } });
  tenures.check = () => true;
  post.offer(sender("later", { mayMove: true, alone: true }));
  await flush();
  expect(namesOf()).toEqual([["fixed"], ["later"]]);
});

test("an attempt's later bulks go alone, each with a place of its own", async () => {
  const { post, sender, namesOf, requests } = setUp();
  let seat: Seat | null = null;
  const own = sender("a");
  post.offer({
    ...own,
    board(given) {
      seat = given;
      own.board(given);
    },
  });
  await flush();
  await requests[0]?.answer({ items: [item(201)] });
  if (seat !== null) own.board(seat);
  await flush();
  expect(namesOf()).toEqual([["a"], ["a"]]);
});
