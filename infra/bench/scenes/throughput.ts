import { startEndpoint } from "../endpoint-process.ts";
import type { LineFormat } from "../lines.ts";
import { byFigure, type Measurement } from "../measurement.ts";
import { type Mover, type Run, startMover } from "../mover.ts";
import { hasRsyslog, moveByRsyslog } from "../rsyslog.ts";
import { costsOf, OURS, recordsText, type Scene } from "./scene.ts";

/** CPU seconds per million records at most. */
const AIMS = { text: 1.5, json: 3 };
const TEXT_PER_SECOND = 500_000;
/** Until its code is compiled; a host runs for weeks. */
const WARM_UP_ROUNDS = 3;

/** The cost of a record where the receiver costs nothing. */
export const throughput: Scene = {
  name: "throughput",
  about: "CPU and records/s into a bulk endpoint that answers at once, a process of its own; text and JSON",
  async run(context, signal) {
    const { broker, quick, rounds, checkouts } = context;
    const sizes: readonly (readonly [LineFormat, number])[] = [
      ["text", 1_000_000],
      ["json", quick ? 200_000 : 300_000],
    ];
    await using endpoint = await startEndpoint(signal);
    const measurements: Measurement[] = [];
    for (const [format, records] of sizes) {
      const topic = await context.filled(format, records);
      await using opened = new AsyncDisposableStack();
      const contenders = new Map<string, () => Promise<Run>>();
      for (const [who, checkout] of checkouts) {
        const mover: Mover = opened.use(await startMover({ broker, target: endpoint, checkout }, signal));
        for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
          context.progress(`${recordsText(topic)}: ${who} warms up`, round / WARM_UP_ROUNDS);
          await mover.move([topic]);
        }
        contenders.set(who, () => mover.move([topic]));
      }
      if (hasRsyslog) {
        const place = { broker: broker.brokers[0] ?? "", target: endpoint, index: topic.topic };
        contenders.set("rsyslog", () => moveByRsyslog(topic, place, signal));
      }
      const runs = new Map([...contenders.keys()].map((who) => [who, [] as Run[]]));
      for (let round = 0; round < rounds; round += 1) {
        for (const [who, move] of contenders) {
          context.progress(`${recordsText(topic)}: ${who}, round ${round + 1} of ${rounds}`, round / rounds);
          runs.get(who)?.push(await move());
        }
      }
      for (const [who, some] of runs)
        measurements.push(...measurementsOf(recordsText(topic), who, some, format));
    }
    return byFigure(measurements);
  },
};

function measurementsOf(what: string, who: string, runs: readonly Run[], format: LineFormat): Measurement[] {
  const ours = who === OURS;
  return [
    ...costsOf(what, who, runs, ours ? { atMost: AIMS[format] } : undefined),
    {
      what,
      who,
      figure: "records per second",
      unit: "records/s",
      values: runs.map(({ perSecond }) => perSecond),
      aim: ours && format === "text" ? { atLeast: TEXT_PER_SECOND } : undefined,
    },
  ];
}
