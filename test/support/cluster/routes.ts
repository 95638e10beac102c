import type { KafkaServer } from "../../../infra/stack/servers/kafka.ts";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.ts";

/** A way of its own from a host to each broker, which can be spoilt without touching the brokers. */
export interface Route {
  /** What the host is told. */
  readonly brokers: readonly string[];
  /** By broker, in order. */
  readonly proxies: readonly TcpProxy[];
}

/** By the name of the listener that it leads to. */
export interface Routes extends AsyncDisposable {
  readonly byListener: ReadonlyMap<string, Route>;
  /** The port that each broker tells whoever comes that way. */
  readonly advertisedPorts: Readonly<Record<string, readonly number[]>>;
  /** Once the brokers' ports are known. */
  leadTo(brokers: readonly KafkaServer[]): void;
  /** As at first. */
  heal(): Promise<void>;
}

/** @param listeners by name: the address that connections seem to come from */
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
