import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import type { OpenConnections } from "../../../lib/adapters/system/open-connections.ts";
import { connectionBound } from "../../../lib/rules/limits/connection-bound.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";

/** Bounds the connections of a server. Bun takes every one that comes, and tells of none before its first request. */
export interface ConnectionWatch {
  /** More than so many are closed. */
  readonly most: number;
  /** Connections to the port. */
  readonly count: (port: number) => number;
  /** Told where all were cut, with their number. */
  readonly onCut: (count: number) => void;
  /** Told where the port could not be opened again at once; it is tried again. */
  readonly onClosed: (error: unknown) => void;
  readonly everyMs: number;
}

const COUNT_MS = 250;

/** Where the kernel does not tell, no connection is too many. */
export function watchConnections(
  { descriptorLimit, descriptors, to }: OpenConnections,
  failures: Pick<ThrottledLogger, "warn" | "error">,
): ConnectionWatch {
  const most = connectionBound(descriptorLimit);
  return {
    most,
    everyMs: COUNT_MS,
    // The tables are long where there are many connections to Kafka: they are read only where there may be too many to us.
    count: (port) => ((descriptors() ?? Infinity) > most ? (to(port) ?? 0) : 0),
    onCut: (connections) =>
      failures.warn("more HTTP connections than there may be: all were closed", {
        reason: "http_connections",
        connections,
        most,
      }),
    onClosed: (error) =>
      failures.error("the HTTP port is closed, and opened as soon as it can be", {
        reason: "http_closed",
        error: messageOf(error),
      }),
  };
}
