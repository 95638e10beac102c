import type { BenchBroker } from "./broker.ts";
import type { EndpointProcess } from "./endpoint-process.ts";
import { startHostProcess, type HostProcess } from "./host-process.ts";
import { poll } from "./poll.ts";
import { costOf } from "./process-cost.ts";

/** What it cost to move one filled topic once. */
export interface Run {
  readonly records: number;
  readonly cpuSeconds: number;
  /** From the change that declared the topic until the endpoint had all documents; joining the group included. */
  readonly seconds: number;
  readonly peakRssBytes: number;
}

export interface ThroughputOptions {
  readonly broker: BenchBroker;
  readonly brokers: readonly string[];
  readonly endpoint: EndpointProcess;
  readonly topic: string;
  readonly records: number;
  readonly format: "text" | "json";
  /** Counted ones; one more goes before, with cold code. */
  readonly rounds: number;
  /** The checkout whose host is measured; this one unless told. */
  readonly checkout?: string;
  onRun?(run: Run, round: number): void;
}

const GROUP_PREFIX = "bench";
const RUN_WITHIN_MS = 600_000;

/**
 * Moves the same filled topic several times with one host: declared, read to its end and committed, taken out again, its
 * group deleted. @returns the runs after the first one, which has cold code
 */
export async function measureThroughput(
  options: ThroughputOptions,
  signal: AbortSignal,
): Promise<readonly Run[]> {
  const { broker, endpoint, topic } = options;
  const config = {
    kafka: { brokers: options.brokers, groupPrefix: GROUP_PREFIX },
    elasticsearch: { nodes: [endpoint.url] },
  };
  const runs: Run[] = [];
  await using host = await startHostProcess({ ...config, topics: [] }, signal, options.checkout);
  for (let round = 0; round <= options.rounds; round += 1) {
    const run = await moveOnce(host, config, options, signal);
    options.onRun?.(run, round);
    runs.push(run);
    await host.replaceConfig({ ...config, topics: [] });
    await untilGone(host, topic, signal);
    await broker.admin.deleteGroups([`${GROUP_PREFIX}.${topic}`]);
  }
  return runs.slice(1);
}

async function moveOnce(
  host: HostProcess,
  config: object,
  { broker, endpoint, topic, records, format }: ThroughputOptions,
  signal: AbortSignal,
): Promise<Run> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(RUN_WITHIN_MS)]);
  const before = costOf(host.pid);
  const documentsBefore = await endpoint.documents();
  const startedAt = performance.now();
  await host.replaceConfig({ ...config, topics: [{ topic, format }] });
  // The endpoint is asked, not the host: asking costs whoever is asked.
  await poll(
    async () => ((await endpoint.documents()) - documentsBefore >= records ? true : null),
    20,
    limited,
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  await broker.untilCommitted(`${GROUP_PREFIX}.${topic}`, topic, records, limited);
  const after = costOf(host.pid);
  const moved = (await endpoint.documents()) - documentsBefore;
  if (moved !== records) throw new Error(`${moved} documents arrived for ${records} records`);
  return {
    records,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    seconds,
    peakRssBytes: after.peakRssBytes,
  };
}

async function untilGone(host: HostProcess, topic: string, signal: AbortSignal): Promise<void> {
  await poll(async () => ((await host.states()).has(topic) ? null : true), 50, signal);
}
