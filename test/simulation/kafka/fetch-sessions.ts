import type { SeededRandom } from "../../../infra/bench/kit/random.ts";
import type { FetchRequest, KafkaError } from "../../../lib/adapters/kafka/protocol/wire.ts";
import { askedIn, FetchSession, type FetchContext } from "./fetch-session.ts";

/** `min.incremental.fetch.session.eviction.ms` of Kafka. */
const EVICTION_MS = 120_000;

/** All fetch sessions of one broker process. */
export interface FetchSessions {
  context(request: FetchRequest): FetchContext;
  /** Takes the slots, as other consumers may. */
  evictAll(): void;
  readonly size: number;
}

/** @param slots `max.incremental.fetch.session.cache.slots` */
export function createFetchSessions(random: SeededRandom, slots: number, nowMs: () => number): FetchSessions {
  const sessions = new Map<number, FetchSession>();

  const hasRoom = (size: number): boolean => {
    if (sessions.size < slots) return true;
    const now = nowMs();
    const stale = [...sessions.values()].find(({ usedMs }) => now - usedMs > EVICTION_MS);
    const smaller = [...sessions.values()]
      .filter(({ createdMs, partitions }) => now - createdMs > EVICTION_MS && partitions.size < size)
      .sort((one, other) => one.partitions.size - other.partitions.size)[0];
    const evicted = stale ?? smaller;
    return evicted !== undefined && sessions.delete(evicted.id);
  };

  const sessionless = (request: FetchRequest): FetchContext => ({
    asked: askedIn(request),
    answer: (partitions) => ({ error: null, sessionId: 0, partitions }),
  });

  const full = (request: FetchRequest): FetchContext => {
    const asked = askedIn(request);
    return {
      asked,
      answer(partitions) {
        if (!hasRoom(partitions.length)) return { error: null, sessionId: 0, partitions };
        let id = 0;
        while (id === 0 || sessions.has(id)) id = random.below(2 ** 31);
        const session = new FetchSession(id, nowMs());
        session.begin(asked, partitions);
        sessions.set(id, session);
        return { error: null, sessionId: id, partitions };
      },
    };
  };

  const incremental = (session: FetchSession): FetchContext => {
    session.usedMs = nowMs();
    session.epoch = session.epoch === 2 ** 31 - 1 ? 1 : session.epoch + 1;
    const expected = session.epoch;
    return {
      asked: [...session.partitions.values()].map(({ asked }) => asked),
      answer: (partitions) =>
        session.epoch === expected
          ? { error: null, sessionId: session.id, partitions: session.changed(partitions) }
          : { error: "INVALID_FETCH_SESSION_EPOCH", sessionId: session.id, partitions: [] },
    };
  };

  return {
    context(request) {
      if (request.sessionEpoch <= 0) {
        // A request for a new session, or without one, ends the session it names.
        sessions.delete(request.sessionId);
        return request.sessionEpoch === 0 ? full(request) : sessionless(request);
      }
      const session = sessions.get(request.sessionId);
      if (session === undefined) return refused("FETCH_SESSION_ID_NOT_FOUND");
      if (session.epoch !== request.sessionEpoch) return refused("INVALID_FETCH_SESSION_EPOCH");
      session.update(request);
      if (session.partitions.size > 0) return incremental(session);
      sessions.delete(session.id);
      return sessionless(request);
    },
    evictAll: () => sessions.clear(),
    get size() {
      return sessions.size;
    },
  };
}

function refused(error: KafkaError): FetchContext {
  return { asked: [], answer: () => ({ error, sessionId: 0, partitions: [] }) };
}
