import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import type { OpenConnections } from "../../../lib/adapters/system/open-connections.ts";
import { connectionBound } from "../../../lib/rules/limits/connection-bound.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";

/** Limits the connections of a server. Bun accepts every connection and reports none before its first request. */
export interface ConnectionWatch {
  /** The maximum; beyond it, connections are closed. */
  readonly most: number;
  /** The number of connections to the port. */
  readonly count: (port: number) => number;
  /** Called with their number when all connections were cut. */
  readonly onCut: (count: number) => void;
  /** Called if the port could not be reopened at once. It is tried again. */
  readonly onClosed: (error: unknown) => void;
  readonly everyMs: number;
}

const COUNT_MS = 250;

/** Without figures from the kernel there is no limit. */
export function watchConnections(
  { descriptorLimit, descriptors, to }: OpenConnections,
  failures: Pick<ThrottledLogger, "warn" | "error">,
): ConnectionWatch {
  const most = connectionBound(descriptorLimit);
  return {
    most,
    everyMs: COUNT_MS,
    // The tables are long with many connections to Kafka, so they are read only if ours may be too many.
    count: (port) => ((descriptors() ?? Infinity) > most ? (to(port) ?? 0) : 0),
    onCut: (connections) =>
      failures.warn("too many HTTP connections: all were closed", {
        reason: "http_connections",
        connections,
        most,
      }),
    onClosed: (error) =>
      failures.error("the HTTP port is closed and will be reopened as soon as possible", {
        reason: "http_closed",
        error: messageOf(error),
      }),
  };
}
