import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  type Ask,
  FetchSession,
  nextEpoch,
  type SessionRequest,
} from "../../../../lib/rules/fetch/session.ts";
import { rounds } from "../../../support/rounds.ts";

/** The broker's side, as in `FetchSession.scala`: the sessions it keeps. */
class ModelBroker {
  readonly sessions = new Map<number, { epoch: number; readonly asks: Map<string, Ask> }>();
  hasSlot = true;
  #ids = 0;

  answer(request: SessionRequest): { error: string | null; sessionId: number; asks: Map<string, Ask> } {
    const { sessionId, sessionEpoch, topics, forgotten } = request;
    const named = topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, ...ask }): [string, Ask] => [`${topic}/${partition}`, ask]),
    );
    if (sessionEpoch <= 0) {
      this.sessions.delete(sessionId);
      const asks = new Map(named);
      if (sessionEpoch < 0 || !this.hasSlot) return { error: null, sessionId: 0, asks };
      this.sessions.set((this.#ids += 1), { epoch: 1, asks });
      return { error: null, sessionId: this.#ids, asks };
    }
    const session = this.sessions.get(sessionId);
    if (session === undefined)
      return { error: "FETCH_SESSION_ID_NOT_FOUND", sessionId: 0, asks: new Map<string, Ask>() };
    if (session.epoch !== sessionEpoch)
      return { error: "INVALID_FETCH_SESSION_EPOCH", sessionId: 0, asks: new Map<string, Ask>() };
    for (const [key, ask] of named) session.asks.set(key, ask);
    for (const { topic, partitions } of forgotten)
      for (const partition of partitions) session.asks.delete(`${topic}/${partition}`);
    session.epoch += 1;
    if (session.asks.size > 0) return { error: null, sessionId, asks: session.asks };
    this.sessions.delete(sessionId);
    return { error: null, sessionId: 0, asks: session.asks };
  }
}

type Step =
  | { readonly kind: "want"; readonly key: number; readonly offset: number; readonly maxBytes: number }
  | { readonly kind: "drop"; readonly key: number }
  /** The fate of the next request and its answer. */
  | { readonly kind: "fetch"; readonly fate: "answered" | "lost on the way" | "answer lost" }
  | { readonly kind: "evicted" }
  | { readonly kind: "slots"; readonly free: boolean };

const key = fc.nat({ max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("want" as const),
      key,
      offset: fc.nat({ max: 3 }),
      maxBytes: fc.constantFrom(1, 2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("drop" as const), key }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("fetch" as const),
      fate: fc.constantFrom(
        "answered" as const,
        "answered" as const,
        "lost on the way" as const,
        "answer lost" as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "evicted" as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("slots" as const), free: fc.boolean() }) },
);
const nameOf = (key: number): [string, number] => [`t${Math.floor(key / 2)}`, key % 2];

test("after any changes, answers and losses, an answer covers exactly what is wanted", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const broker = new ModelBroker();
      const session = new FetchSession();
      const wanted = new Map<string, Ask>();
      const fetchOnce = (fate: "answered" | "lost on the way" | "answer lost"): boolean => {
        if (session.size === 0) return true;
        const request = session.next();
        for (const { partitions } of request.topics)
          expect(new Set(partitions.map(({ partition }) => partition)).size).toBe(partitions.length);
        if (fate === "lost on the way") session.lost();
        if (fate === "lost on the way") return false;
        const { error, sessionId, asks } = broker.answer(request);
        if (fate === "answer lost") session.lost();
        if (fate === "answer lost") return false;
        if (!session.answered(error, sessionId)) return false;
        expect(asks).toEqual(wanted);
        for (const [name, ask] of wanted) {
          const [topic = "", partition] = name.split("/");
          expect(session.asked(topic, Number(partition))).toEqual(ask);
          expect(session.unchanged(topic, Number(partition))).toEqual(ask);
        }
        return true;
      };
      for (const one of steps) {
        if (one.kind === "want") {
          const [topic, partition] = nameOf(one.key);
          const ask = { fetchOffset: one.offset, maxBytes: one.maxBytes };
          session.want(topic, partition, ask);
          wanted.set(`${topic}/${partition}`, ask);
        } else if (one.kind === "drop") {
          const [topic, partition] = nameOf(one.key);
          session.drop(topic, partition);
          wanted.delete(`${topic}/${partition}`);
        } else if (one.kind === "evicted") broker.sessions.clear();
        else if (one.kind === "slots") broker.hasSlot = one.free;
        else fetchOnce(one.fate);
        expect(session.size).toBe(wanted.size);
      }
      // Whatever happened, the second request is answered.
      expect(fetchOnce("answered") || fetchOnce("answered")).toBe(true);
      // Abandoned sessions are closed, except one whose first answer was lost: its id is unknown here.
      const lost = steps.filter((one) => one.kind === "fetch" && one.fate === "answer lost");
      expect(broker.sessions.size).toBeLessThanOrEqual(1 + lost.length);
    }),
    { numRuns: rounds(500, 100) },
  );
});

describe("a session", () => {
  function standing(partitions: number): FetchSession {
    const session = new FetchSession();
    for (let n = 0; n < partitions; n += 1) session.want(`t${n}`, 0, { fetchOffset: 0, maxBytes: 1 });
    session.next();
    session.answered(null, 7);
    return session;
  }

  test("a request names only changes", () => {
    const session = standing(10_000);
    expect(session.next()).toEqual({ sessionId: 7, sessionEpoch: 1, topics: [], forgotten: [] });
    session.answered(null, 7);
    session.want("t5", 0, { fetchOffset: 9, maxBytes: 1 });
    session.want("t6", 0, { fetchOffset: 0, maxBytes: 1 });
    session.drop("t7", 0);
    expect(session.next()).toEqual({
      sessionId: 7,
      sessionEpoch: 2,
      topics: [{ topic: "t5", partitions: [{ partition: 0, fetchOffset: 9, maxBytes: 1 }] }],
      forgotten: [{ topic: "t7", partitions: [0] }],
    });
  });

  test("a partition dropped and wanted again before the next request is only updated", () => {
    const session = standing(2);
    session.drop("t0", 0);
    session.want("t0", 0, { fetchOffset: 3, maxBytes: 1 });
    expect(session.next()).toMatchObject({ topics: [{ topic: "t0" }], forgotten: [] });
  });

  test("without a slot each request names all, and answered partitions come last", () => {
    const session = new FetchSession();
    for (const topic of ["a", "b", "c"]) session.want(topic, 0, { fetchOffset: 0, maxBytes: 1 });
    session.next();
    session.answered(null, 0);
    session.drop("a", 0);
    session.want("a", 0, { fetchOffset: 5, maxBytes: 1 });
    const { topics, ...rest } = session.next();
    expect(rest).toEqual({ sessionId: 0, sessionEpoch: 0, forgotten: [] });
    expect(topics.map(({ topic }) => topic)).toEqual(["b", "c", "a"]);
    expect(session.isOpen).toBe(false);
  });

  test("epochs are counted, and wrap to 1: 0 would start a new session", () => {
    const session = standing(1);
    for (let epoch = 1; epoch <= 3; epoch += 1) {
      expect(session.next().sessionEpoch).toBe(epoch);
      session.answered(null, 7);
    }
    expect(nextEpoch(2 ** 31 - 2)).toBe(2 ** 31 - 1);
    expect(nextEpoch(2 ** 31 - 1)).toBe(1);
  });

  test("an unknown session is started again; one with a wrong epoch is closed by the next request", () => {
    const gone = standing(1);
    gone.next();
    expect(gone.answered("FETCH_SESSION_ID_NOT_FOUND", 0)).toBe(false);
    expect(gone.next()).toMatchObject({ sessionId: 0, sessionEpoch: 0, topics: [{ topic: "t0" }] });
    const other = standing(1);
    other.next();
    expect(other.answered("INVALID_FETCH_SESSION_EPOCH", 0)).toBe(false);
    expect(other.next()).toMatchObject({ sessionId: 7, sessionEpoch: 0, topics: [{ topic: "t0" }] });
  });
});
