import type { KafkaServer } from "../../../infra/stack/servers/kafka.ts";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.ts";

/** A host's own connections to each broker, which can be broken without touching the brokers. */
export interface Route {
  /** The addresses for the host's config. */
  readonly brokers: readonly string[];
  /** One per broker, in order. */
  readonly proxies: readonly TcpProxy[];
}

/** Routes by the name of their listener. */
export interface Routes extends AsyncDisposable {
  readonly byListener: ReadonlyMap<string, Route>;
  /** The port that each broker advertises to clients of this route. */
  readonly advertisedPorts: Readonly<Record<string, readonly number[]>>;
  /** Call it when the brokers' ports are known. */
  leadTo(brokers: readonly KafkaServer[]): void;
  /** Removes all faults. */
  heal(): Promise<void>;
}

/** @param listeners by name: the apparent client address */
export async function openRoutes(
  listeners: ReadonlyMap<string, string>,
  brokerCount: number,
): Promise<Routes> {
  let brokers: readonly KafkaServer[] = [];
  const open = async (name: string, from: string): Promise<Route> => {
    const proxies = await Promise.all(
      Array.from({ length: brokerCount }, (_, at) =>
        startTcpProxy(() => `http://${brokers[at]?.listener(name)}`, { from }),
      ),
    );
    return { brokers: proxies.map(({ url }) => new URL(url).host), proxies };
  };
  const opened = [...listeners].map(async ([name, from]): Promise<[string, Route]> => [
    name,
    await open(name, from),
  ]);
  const byListener = new Map(await Promise.all(opened));
  const all = [...byListener.values()].flatMap(({ proxies }) => proxies);
  return {
    byListener,
    advertisedPorts: Object.fromEntries(
      [...byListener].map(([name, { brokers }]) => [
        name,
        brokers.map((address) => Number(address.split(":")[1])),
      ]),
    ),
    leadTo(found) {
      brokers = found;
    },
    async heal() {
      await Promise.all(all.map((proxy) => proxy.reset()));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((proxy) => proxy[Symbol.asyncDispose]()));
    },
  };
}
