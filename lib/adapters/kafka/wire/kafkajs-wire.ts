import type { Logger as ConnectionLogger } from "kafkajs/src/network/connection.js";
import { abortable } from "../../../rules/base/abortable.ts";
import { PenstockError } from "../../../rules/base/errors.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { KafkaSettings } from "../../../rules/model/settings.ts";
import { deadline, type Time } from "../../../rules/base/time.ts";
import { systemTime } from "../../system/system-time.ts";
import { linkOptions } from "../client/client.ts";
import { createKafkaLinks, type KafkaLinks } from "../client/links.ts";
import { asKafkaError } from "../client/explain-error.ts";
import { createBrokerAddresses } from "./broker-addresses.ts";
import type { ApiCodec } from "../protocol/codec.ts";
import { apiCodecs } from "../protocol/codecs.ts";
import { firstOf } from "./first-of.ts";
import { LaneConnection } from "./lane-connection.ts";
import type { CallOptions, KafkaApi, KafkaCalls, KafkaWire, Lane } from "../protocol/wire.ts";

/** Backlog fetches come in phases. The other lanes stay open, because they are needed without delay. */
const BACKLOG_IDLE_MS = 60_000;
/** For metadata without topics, which any broker answers from memory. */
const BROKERS_MS = 10_000;
/** If any broker will do, how long until another one is asked too. */
const ANOTHER_AFTER_MS = 3_000;

interface PoolEntry {
  readonly connection: LaneConnection;
  readonly lane: Lane;
  /** Cancels the timer that closes it. */
  cancelIdleClose: () => void;
}

/**
 * Sends requests, encoded by our own codecs, over kafkajs' connections (its sockets, TLS and logins).
 *
 * State: the brokers' addresses from the latest metadata, and one connection per address and lane. Invariant: a request
 * to a node goes to the address the cluster reports for it; connections to other addresses are closed once the metadata
 * is known.
 */
export function createKafkaWire(
  settings: KafkaSettings,
  logger: Logger,
  links: KafkaLinks = createKafkaLinks(),
  time: Time = systemTime,
): KafkaWire {
  const options = linkOptions(settings, links);
  const connectionLogger = passOn(logger);
  const addresses = createBrokerAddresses();
  const pool = new Map<string, PoolEntry>();
  let closed: PenstockError | null = null;
  let asking: Promise<void> | null = null;

  const entryFor = (address: string, lane: Lane): PoolEntry => {
    if (closed !== null) throw closed;
    const name = `${lane} ${address}`;
    const entry = pool.get(name) ?? {
      connection: new LaneConnection(address, options, connectionLogger),
      lane,
      cancelIdleClose: () => {},
    };
    pool.set(name, entry);
    return entry;
  };

  const end = (name: string, entry: PoolEntry, error: PenstockError): void => {
    pool.delete(name);
    entry.cancelIdleClose();
    entry.connection.cut(error);
  };

  /** Closes connections to removed brokers, and to configured addresses that no broker advertises. */
  const closeUnknown = (): void => {
    const known = addresses.all();
    for (const [name, entry] of pool) {
      const { address, pending } = entry.connection;
      if (known.has(address)) continue;
      const isSeed = settings.brokers.includes(address);
      if (isSeed && pending > 0) continue;
      end(name, entry, unavailable(`${address} is no longer part of the cluster`));
    }
  };

  const ask = async <A extends KafkaApi>(
    entry: PoolEntry,
    api: A,
    request: KafkaCalls[A]["request"],
    untilMs: number,
    signal: AbortSignal | undefined,
  ): Promise<KafkaCalls[A]["answer"]> => {
    const { connection, lane } = entry;
    entry.cancelIdleClose();
    if (!connection.isOpen) {
      using limit = deadline(time, Math.max(0, untilMs - time.monotonicMs()), signal);
      await abortable(connection.open(), limit.signal);
    }
    const asked = connection.ask(api, request, Math.max(1, untilMs - time.monotonicMs()));
    try {
      return await (signal === undefined ? asked : abortable(asked, signal));
    } finally {
      if (lane === "backlog") {
        entry.cancelIdleClose();
        entry.cancelIdleClose = time.after(BACKLOG_IDLE_MS, () => {
          if (connection.pending === 0) connection.cut(unavailable(`${connection.address} was idle`));
        });
      }
    }
  };

  /** Explains the error for a person, unless the caller aborted. */
  const explain = async (error: unknown, at: readonly string[], signal?: AbortSignal): Promise<unknown> => {
    if (signal?.aborted === true) return signal.reason;
    return closed ?? asKafkaError(error, settings, at);
  };

  /** Connected brokers first, the least busy in front; then the others at random, and last those that failed. */
  const candidates = (): string[] => {
    const open = [...pool.values()]
      .filter(({ lane, connection }) => lane === "questions" && connection.isOpen)
      .toSorted((a, b) => a.connection.pending - b.connection.pending)
      .map(({ connection }) => connection.address);
    const rest = new Set([...settings.brokers, ...addresses.all()]);
    const chosen: string[] = [];
    while (rest.size > 0) {
      const next = links.addresses.choose([...rest]);
      rest.delete(next);
      chosen.push(next);
    }
    return [...new Set([...open, ...chosen])];
  };

  const askAny = async <A extends KafkaApi>(
    api: A,
    request: KafkaCalls[A]["request"],
    { lane, timeoutMs, signal }: CallOptions,
  ): Promise<KafkaCalls[A]["answer"]> => {
    const untilMs = time.monotonicMs() + timeoutMs;
    const tries = candidates().map(
      (address) => async () => ask(entryFor(address, lane), api, request, untilMs, signal),
    );
    try {
      return await firstOf(tries, time, Math.min(ANOTHER_AFTER_MS, timeoutMs / 3), signal);
    } catch (error) {
      throw await explain(error, links.addresses.lostOf(settings.brokers), signal);
    }
  };

  const take = <A extends KafkaApi>(api: A, answer: KafkaCalls[A]["answer"]): KafkaCalls[A]["answer"] => {
    if (api !== "Metadata" || !("brokers" in answer)) return answer;
    addresses.take(answer.brokers);
    if (answer.brokers.length > 0) closeUnknown();
    return answer;
  };

  /** All callers share one request. */
  const askBrokers = (): Promise<void> => {
    asking ??= askAny("Metadata", { topics: [] }, { lane: "questions", timeoutMs: BROKERS_MS })
      .then((answer) => void take("Metadata", answer))
      .finally(() => {
        asking = null;
      });
    return asking;
  };

  /** @throws PenstockError if no broker has that id */
  const addressOf = async (nodeId: number, signal: AbortSignal): Promise<string> => {
    const known = addresses.of(nodeId);
    if (known !== null) return known;
    await abortable(askBrokers(), signal);
    const told = addresses.of(nodeId);
    if (told !== null) return told;
    throw unavailable(`broker ${nodeId} is not part of the cluster at the moment`);
  };

  const lastOf = (nodeId: number): string[] => {
    const address = addresses.of(nodeId);
    return address === null ? links.addresses.lostOf(settings.brokers) : [address];
  };

  /** Connects. If that fails, checks once whether the broker has moved. @throws what `LaneConnection.open` does */
  const openTo = async (
    nodeId: number,
    lane: Lane,
    untilMs: number,
    callerSignal?: AbortSignal,
  ): Promise<PoolEntry> => {
    const known = addresses.of(nodeId);
    if (known !== null) {
      const entry = entryFor(known, lane);
      if (entry.connection.isOpen) return entry;
    }
    using limit = deadline(time, Math.max(0, untilMs - time.monotonicMs()), callerSignal);
    const { signal } = limit;
    const first = await addressOf(nodeId, signal);
    try {
      const entry = entryFor(first, lane);
      await abortable(entry.connection.open(), signal);
      return entry;
    } catch (error) {
      addresses.forget(nodeId, first);
      if (signal.aborted) throw error;
      const next = await addressOf(nodeId, signal);
      if (next === first) throw error;
      const entry = entryFor(next, lane);
      await abortable(entry.connection.open(), signal);
      return entry;
    }
  };

  const askNode = async <A extends KafkaApi>(
    nodeId: number,
    api: A,
    request: KafkaCalls[A]["request"],
    { lane, timeoutMs, signal }: CallOptions,
  ): Promise<KafkaCalls[A]["answer"]> => {
    const untilMs = time.monotonicMs() + timeoutMs;
    try {
      const codec: ApiCodec<A> = apiCodecs[api];
      const entry = await openTo(nodeId, lane, untilMs, signal);
      return await ask(entry, api, request, untilMs + (codec.mayWaitMs?.(request) ?? 0), signal);
    } catch (error) {
      throw await explain(error, lastOf(nodeId), signal);
    }
  };

  return {
    async call(to, api, request, how) {
      how.signal?.throwIfAborted();
      if (closed !== null) throw closed;
      const answer = await (to === null ? askAny(api, request, how) : askNode(to, api, request, how));
      return take(api, answer);
    },
    cut(to, lane) {
      const address = addresses.of(to);
      if (address === null) return;
      const entry = pool.get(`${lane} ${address}`);
      entry?.connection.cut(unavailable(`the ${lane} connection to ${address} was cut`));
    },
    async knows(to, api, version) {
      try {
        const { connection } = await openTo(to, "questions", time.monotonicMs() + BROKERS_MS);
        const { key, version: spoken } = apiCodecs[api];
        const known = connection.versions[key];
        return known !== undefined && version <= spoken && version >= known.minVersion;
      } catch (error) {
        throw await explain(error, lastOf(to));
      }
    },
    close() {
      closed ??= unavailable("the connections to Kafka are closed");
      for (const [name, entry] of pool) end(name, entry, closed);
      return Promise.resolve();
    },
  };
}

function unavailable(text: string): PenstockError {
  return new PenstockError("kafka_unavailable", text, { retryable: true });
}

/** Lowers kafkajs' warnings and errors to debug, as we report them ourselves, and drops its debug line per request. */
function passOn(logger: Logger): ConnectionLogger {
  const pass = (message: string): void => logger.debug("kafkajs", { message });
  const silent = (): void => {};
  const passing = (): ConnectionLogger => ({
    namespace: passing,
    debug: silent,
    info: silent,
    warn: pass,
    error: pass,
  });
  return passing();
}
