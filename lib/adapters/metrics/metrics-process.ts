import { Counter, Gauge, type Registry } from "prom-client";
import manifest from "../../../package.json" with { type: "json" };

/**
 * What is true of the process as a whole: its version, and the process metrics of Prometheus' client guidelines that
 * can be had without guessing.
 *
 * prom-client's own default metrics do not hold on Bun 1.4: the event loop's mean is `Nan`, its minimum 2^63 ns,
 * V8's heap spaces are all 0 and `process_heap_bytes` is address space.
 */
export function registerProcessMetrics(registry: Registry): void {
  const registers = [registry];
  const cpu = {
    name: "process_cpu_seconds_total",
    help: "User and system CPU time spent, in seconds.",
    registers,
  };
  // oxlint-disable-next-line no-new
  new Counter({
    ...cpu,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  const memory = { name: "process_resident_memory_bytes", help: "Resident memory, in bytes.", registers };
  // oxlint-disable-next-line no-new
  new Gauge({
    ...memory,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  const start = {
    name: "process_start_time_seconds",
    help: "When the process started, Unix time.",
    registers,
  };
  new Gauge(start).set(performance.timeOrigin / 1000);
  const build = {
    name: "penstock_build_info",
    help: "1; the label says which version runs.",
    labelNames: ["version"] as const,
    registers,
  };
  new Gauge(build).set({ version: manifest.version }, 1);
}
