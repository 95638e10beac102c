import { Counter, Gauge, type Registry } from "prom-client";

/** Declares metrics in one registry; `collect` sets the values at scrape time. */
export function metricsOf(registry: Registry) {
  const registers = [registry];
  return {
    counter: <T extends string = never>(
      name: string,
      help: string,
      labelNames: T[] = [],
      collect?: (this: Counter<T>) => void,
    ) => new Counter<T>({ name, help, labelNames, registers, ...(collect && { collect }) }),
    gauge: <T extends string = never>(
      name: string,
      help: string,
      labelNames: T[] = [],
      collect?: (this: Gauge<T>) => void,
    ) => new Gauge<T>({ name, help, labelNames, registers, ...(collect && { collect }) }),
  };
}
