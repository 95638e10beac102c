import { type Measurement, OURS } from "../kit/measurement.ts";
import { median } from "../kit/median.ts";
import { measureQuietTopics, type QuietRound } from "../trials/quiet-topics.ts";
import type { Scene } from "../trials/scene.ts";

const TOPICS = 300;
const PER_SECOND = 2;
const RECORDS_PER_BULK = 20;
/** Of the CPU of the one that it is measured against. */
const CPU_SHARE = 1 / 30;

/** What a record costs where few come, of many topics. */
export const quietTopics: Scene = {
  name: "quiet-topics",
  about:
    "300 topics with 2 records/s each: CPU, records in a bulk, latency; into the endpoint that answers at once",
  async run({ broker, quick, rounds, seed, checkouts, progress }, signal) {
    const found = new Map<string, QuietRound[]>();
    for (const [who, checkout] of checkouts) {
      progress(`quiet-topics: ${who}`, found.size / checkouts.size);
      const group = `quiet${found.size}`;
      // Of its own: what another left there would be read first.
      const topics = Array.from({ length: TOPICS }, (_, n) => `${group}-${n}`);
      await broker.createTopics(topics, 1);
      const recordsPerSecond = { ofEach: PER_SECOND };
      const roundMs = quick ? 10_000 : 30_000;
      const run = { broker, topics, recordsPerSecond, rounds, roundMs, seed, group, checkout };
      found.set(who, await measureQuietTopics(run, signal));
    }
    return measurementsOf(`${TOPICS} topics with ${PER_SECOND} text records/s each`, found);
  },
};

function measurementsOf(what: string, found: ReadonlyMap<string, readonly QuietRound[]>): Measurement[] {
  const measurements = [...found].flatMap(([who, rounds]): Measurement[] => {
    const values = (figure: keyof QuietRound): number[] => rounds.map((round) => round[figure]);
    const aim = who === OURS ? { atLeast: RECORDS_PER_BULK } : undefined;
    return [
      {
        what,
        who,
        figure: "CPU per million records",
        unit: "s",
        values: values("cpuSecondsPerMillion"),
      },
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
