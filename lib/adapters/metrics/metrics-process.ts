import type { Registry } from "prom-client";
import manifest from "../../../package.json" with { type: "json" };
import { metricsOf } from "./metrics-of.ts";

/**
 * Metrics of the process as a whole: its version, and the process metrics of Prometheus' client guidelines that can be
 * measured reliably.
 *
 * prom-client's own default metrics are wrong on Bun 1.4: the event loop's mean is `Nan`, its minimum 2^63 ns,
 * V8's heap spaces are all 0 and `process_heap_bytes` is address space.
 */
export function registerProcessMetrics(registry: Registry): void {
  const { counter, gauge } = metricsOf(registry);
  counter("process_cpu_seconds_total", "User and system CPU time spent, in seconds.", [], function () {
    const { user, system } = process.cpuUsage();
    this.reset();
    this.inc((user + system) / 1e6);
  });
  gauge("process_resident_memory_bytes", "Resident memory, in bytes.", [], function () {
    this.set(process.memoryUsage.rss());
  });
  gauge("process_start_time_seconds", "When the process started, Unix time.").set(
    performance.timeOrigin / 1000,
  );
  gauge("penstock_build_info", "1; the label is the running version.", ["version"]).set(
    { version: manifest.version },
    1,
  );
}
