import type { SeededRandom } from "../../../infra/bench/kit/random.ts";
import { apiCodecs } from "../../../lib/adapters/kafka/protocol/codecs.ts";
import { firstOf } from "../../../lib/adapters/kafka/wire/first-of.ts";
import type { ApiCodec } from "../../../lib/adapters/kafka/protocol/codec.ts";
import type {
  CallOptions,
  KafkaApi,
  KafkaCalls,
  KafkaWire,
  Lane,
} from "../../../lib/adapters/kafka/protocol/wire.ts";
import { abortable } from "../../../lib/rules/base/abortable.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { deadline, type Time } from "../../../lib/rules/base/time.ts";
import type { SimulatedConnection } from "./connection.ts";

export interface SimulatedWireOptions {
  readonly time: Time;
  readonly random: SeededRandom;
  readonly nodeIds: readonly number[];
  readonly connect: (nodeId: number, lane: Lane) => SimulatedConnection | null;
  /** Called when the wire is closed. */
  readonly onClosed: () => void;
}

/** After this time another broker is asked too, if any will do. */
const ANOTHER_AFTER_MS = 3_000;
const CONNECT_MS = 10_000;

/** One client's connections to the simulated brokers, like those of `createKafkaWire`. */
export function createSimulatedWire({
  time,
  random,
  nodeIds,
  connect,
  onClosed,
}: SimulatedWireOptions): KafkaWire {
  const connections = new Map<string, SimulatedConnection>();
  let closed: PenstockError | null = null;

  const connectionTo = (nodeId: number, lane: Lane): SimulatedConnection => {
    const name = `${lane} ${nodeId}`;
    const before = connections.get(name);
    if (before !== undefined && !before.isClosed) return before;
    const connection = connect(nodeId, lane);
    if (connection === null) throw unavailable(`broker ${nodeId} is not part of the cluster`);
    connections.set(name, connection);
    return connection;
  };

  const ask = async <A extends KafkaApi>(
    nodeId: number,
    api: A,
    request: KafkaCalls[A]["request"],
    { lane, timeoutMs, signal }: CallOptions,
  ): Promise<KafkaCalls[A]["answer"]> => {
    const untilMs = time.monotonicMs() + timeoutMs;
    const connection = connectionTo(nodeId, lane);
    if (!connection.isOpen) {
      using limit = deadline(time, timeoutMs, signal);
      try {
        await abortable(connection.open(), limit.signal);
      } catch (error) {
        throw signal?.aborted === true || error instanceof PenstockError
          ? error
          : unavailable(`broker ${nodeId} was not connected within ${timeoutMs} ms`);
      }
    }
    const codec: ApiCodec<A> = apiCodecs[api];
    const limitMs = Math.max(1, untilMs + (codec.mayWaitMs?.(request) ?? 0) - time.monotonicMs());
    const answer = connection.ask(api, request, limitMs);
    return signal === undefined ? answer : abortable(answer, signal);
  };

  /** Connected ones first, then the others in random order. */
  const candidates = (): number[] => {
    const open = nodeIds.filter((nodeId) => connections.get(`questions ${nodeId}`)?.isOpen === true);
    const chosen = nodeIds
      .map((nodeId) => ({ nodeId, place: random.next() }))
      .sort((one, other) => one.place - other.place)
      .map(({ nodeId }) => nodeId);
    return [...new Set([...open, ...chosen])];
  };

  return {
    async call(to, api, request, how) {
      how.signal?.throwIfAborted();
      if (closed !== null) throw closed;
      if (to !== null) return ask(to, api, request, how);
      const tries = candidates().map((nodeId) => () => ask(nodeId, api, request, how));
      return firstOf(tries, time, Math.min(ANOTHER_AFTER_MS, how.timeoutMs / 3), how.signal);
    },
    cut(to, lane) {
      connections.get(`${lane} ${to}`)?.close(`is cut off: ${lane}`);
      connections.delete(`${lane} ${to}`);
    },
    async knows(to, api, version) {
      const connection = connectionTo(to, "questions");
      using limit = deadline(time, CONNECT_MS);
      await abortable(connection.open(), limit.signal);
      return version <= apiCodecs[api].version;
    },
    close() {
      closed ??= unavailable("the connections to Kafka are closed");
      for (const connection of connections.values()) connection.close("is not asked any more");
      connections.clear();
      onClosed();
      return Promise.resolve();
    },
  };
}

function unavailable(text: string): PenstockError {
  return new PenstockError("kafka_unavailable", text, { retryable: true });
}
