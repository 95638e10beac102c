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

/** Large fetches come in times, and then not for long. The others are needed at once when they are needed. */
const BACKLOG_IDLE_MS = 60_000;
/** Which brokers there are, any broker has at hand. */
const BROKERS_MS = 10_000;
/** After so long another broker is asked too, where any will do. */
const ANOTHER_AFTER_MS = 3_000;

interface Line {
  readonly connection: LaneConnection;
  readonly lane: Lane;
  /** Calls off that it is closed. */
  stayOpen: () => void;
}

/** Over connections of kafkajs: its sockets, TLS and logins. What is said over them is encoded here. */
export function createKafkaWire(
  settings: KafkaSettings,
  logger: Logger,
  links: KafkaLinks = createKafkaLinks(),
  time: Time = systemTime,
): KafkaWire {
  const options = linkOptions(settings, links);
  const connectionLogger = passOn(logger);
  const addresses = createBrokerAddresses();
  const lines = new Map<string, Line>();
  let closed: PenstockError | null = null;
  let asking: Promise<void> | null = null;

  const lineTo = (address: string, lane: Lane): Line => {
    if (closed !== null) throw closed;
    const name = `${lane} ${address}`;
    const line = lines.get(name) ?? {
      connection: new LaneConnection(address, options, connectionLogger),
      lane,
      stayOpen: () => {},
    };
    lines.set(name, line);
    return line;
  };

  const end = (name: string, line: Line, error: PenstockError): void => {
    lines.delete(name);
    line.stayOpen();
    line.connection.cut(error);
  };

  /** Those of brokers that are gone, and of the configured addresses under which no broker knows itself. */
  const endStrangers = (): void => {
    const known = addresses.all();
    for (const [name, line] of lines) {
      const { address, underWay } = line.connection;
      if (known.has(address)) continue;
      const isSeed = settings.brokers.includes(address);
      if (isSeed && underWay > 0) continue;
      end(name, line, unavailable(`${address} is not part of the cluster any more`));
    }
  };

  const ask = async <A extends KafkaApi>(
    line: Line,
    api: A,
    request: KafkaCalls[A]["request"],
    untilMs: number,
    signal: AbortSignal | undefined,
  ): Promise<KafkaCalls[A]["answer"]> => {
    const { connection, lane } = line;
    line.stayOpen();
    if (!connection.isOpen) {
      using limit = deadline(time, Math.max(0, untilMs - time.monotonicMs()), signal);
      await abortable(connection.open(), limit.signal);
    }
    const asked = connection.ask(api, request, Math.max(1, untilMs - time.monotonicMs()));
    try {
      return await (signal === undefined ? asked : abortable(asked, signal));
    } finally {
      if (lane === "backlog") {
        line.stayOpen();
        line.stayOpen = time.after(BACKLOG_IDLE_MS, () => {
          if (connection.underWay === 0) connection.cut(unavailable(`${connection.address} was idle`));
        });
      }
    }
  };

  /** In words, unless the caller called it off. */
  const said = async (error: unknown, at: readonly string[], signal?: AbortSignal): Promise<unknown> => {
    if (signal?.aborted === true) return signal.reason;
    return closed ?? asKafkaError(error, settings, at);
  };

  /** Those that are connected first, the least busy in front; then whoever served last. */
  const candidates = (): string[] => {
    const open = [...lines.values()]
      .filter(({ lane, connection }) => lane === "questions" && connection.isOpen)
      .toSorted((a, b) => a.connection.underWay - b.connection.underWay)
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
      (address) => async () => ask(lineTo(address, lane), api, request, untilMs, signal),
    );
    try {
      return await firstOf(tries, time, Math.min(ANOTHER_AFTER_MS, timeoutMs / 3), signal);
    } catch (error) {
      throw await said(error, links.addresses.lostOf(settings.brokers), signal);
    }
  };

  const take = <A extends KafkaApi>(api: A, answer: KafkaCalls[A]["answer"]): KafkaCalls[A]["answer"] => {
    if (api !== "Metadata" || !("brokers" in answer)) return answer;
    addresses.take(answer.brokers);
    if (answer.brokers.length > 0) endStrangers();
    return answer;
  };

  /** Asked once for all who want to know. */
  const askBrokers = (): Promise<void> => {
    asking ??= askAny("Metadata", { topics: [] }, { lane: "questions", timeoutMs: BROKERS_MS })
      .then((answer) => void take("Metadata", answer))
      .finally(() => {
        asking = null;
      });
    return asking;
  };

  /** @throws PenstockError where no broker has that id */
  const addressOf = async (nodeId: number, signal: AbortSignal): Promise<string> => {
    const known = addresses.of(nodeId);
    if (known !== null) return known;
    await abortable(askBrokers(), signal);
    const told = addresses.of(nodeId);
    if (told !== null) return told;
    throw unavailable(`broker ${nodeId} is not part of the cluster at the moment`);
  };

  const lastOf = (nodeId: number): string[] => {
    const address = addresses.last(nodeId);
    return address === null ? links.addresses.lostOf(settings.brokers) : [address];
  };

  /** Connects, and where nothing answers looks once whether the broker has moved. @throws what `LaneConnection.open` does */
  const openTo = async (
    nodeId: number,
    lane: Lane,
    untilMs: number,
    callerSignal?: AbortSignal,
  ): Promise<Line> => {
    const known = addresses.of(nodeId);
    if (known !== null) {
      const line = lineTo(known, lane);
      if (line.connection.isOpen) return line;
    }
    using limit = deadline(time, Math.max(0, untilMs - time.monotonicMs()), callerSignal);
    const { signal } = limit;
    const first = await addressOf(nodeId, signal);
    try {
      const line = lineTo(first, lane);
      await abortable(line.connection.open(), signal);
      return line;
    } catch (error) {
      addresses.doubt(nodeId, first);
      if (signal.aborted) throw error;
      const next = await addressOf(nodeId, signal);
      if (next === first) throw error;
      const line = lineTo(next, lane);
      await abortable(line.connection.open(), signal);
      return line;
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
      const line = await openTo(nodeId, lane, untilMs, signal);
      return await ask(line, api, request, untilMs + (codec.mayWaitMs?.(request) ?? 0), signal);
    } catch (error) {
      throw await said(error, lastOf(nodeId), signal);
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
      const address = addresses.last(to);
      if (address === null) return;
      const line = lines.get(`${lane} ${address}`);
      line?.connection.cut(unavailable(`the ${lane} connection to ${address} was cut`));
    },
    async knows(to, api, version) {
      try {
        const { connection } = await openTo(to, "questions", time.monotonicMs() + BROKERS_MS);
        const { key, version: spoken } = apiCodecs[api];
        const known = connection.versions[key];
        return known !== undefined && version <= spoken && version >= known.minVersion;
      } catch (error) {
        throw await said(error, lastOf(to));
      }
    },
    close() {
      closed ??= unavailable("the connections to Kafka are closed");
      for (const [name, line] of lines) end(name, line, closed);
      return Promise.resolve();
    },
  };
}

function unavailable(text: string): PenstockError {
  return new PenstockError("kafka_unavailable", text, { retryable: true });
}

/** At debug: what matters is reported by us, once. What kafkajs itself calls debug is said of each request. */
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
