import { type Measurement, OURS } from "../kit/measurement.ts";
import { median } from "../kit/median.ts";
import { startEndpoint } from "../stand-ins/endpoint-process.ts";
import { measurePaced, type PacedRound } from "../trials/paced.ts";
import type { Scene } from "../trials/scene.ts";

const TOPICS = 300;
const PER_SECOND = 2;
const RECORDS_PER_BULK = 20;
/** Of the CPU of the other checkout. */
const CPU_SHARE = 1 / 30;

/** What a record costs in many topics with few records each. */
export const quietTopics: Scene = {
  name: "quiet-topics",
  about:
    "300 topics with 2 records/s each: CPU, records per bulk, latency; into an endpoint that answers at once",
  async run({ broker, quick, rounds, seed, checkouts, progress }, signal) {
    await using endpoint = await startEndpoint(signal);
    const found = new Map<string, PacedRound[]>();
    for (const [who, checkout] of checkouts) {
      progress(`quiet-topics: ${who}`, found.size / checkouts.size);
      const group = `quiet${found.size}`;
      // Its own topics: records left by another checkout would be read first.
      const topics = Array.from({ length: TOPICS }, (_, n) => `${group}-${n}`);
      await broker.createTopics(topics, 1);
      const rate = { recordsPerSecond: PER_SECOND * TOPICS, sendEveryMs: 10, warmUpMs: 10_000 };
      const run = { broker, node: endpoint.url, topics, rounds, seed, group, checkout, ...rate };
      found.set(who, await measurePaced({ ...run, roundMs: quick ? 10_000 : 30_000 }, signal));
    }
    return measurementsOf(`${TOPICS} topics with ${PER_SECOND} text records/s each`, found);
  },
};

function measurementsOf(what: string, found: ReadonlyMap<string, readonly PacedRound[]>): Measurement[] {
  const measurements = [...found].flatMap(([who, rounds]): Measurement[] => {
    const values = (figure: keyof PacedRound): number[] => rounds.map((round) => round[figure]);
    const aim = who === OURS ? { atLeast: RECORDS_PER_BULK } : undefined;
    const cpu = values("cpuSecondsPerMillion");
    return [
      { what, who, figure: "CPU per million records", unit: "s", values: cpu },
      { what, who, figure: "records in a bulk", unit: "records", values: values("recordsPerBulk"), aim },
      { what, who, figure: "p50", unit: "ms", values: values("p50") },
      { what, who, figure: "p99", unit: "ms", values: values("p99") },
    ];
  });
  const [ours, other] = [...found.values()].map((rounds) =>
    median(rounds.map(({ cpuSecondsPerMillion }) => cpuSecondsPerMillion)),
  );
  if (ours !== undefined && other !== undefined)
    measurements.push({
      what,
      who: OURS,
      figure: "CPU, share of the other's",
      unit: "×",
      values: [ours / other],
      aim: { atMost: CPU_SHARE },
    });
  return measurements;
}
