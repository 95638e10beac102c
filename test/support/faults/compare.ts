// `bun run compare [--rounds 3] [--freeze 20] [--records 60000]`: the same faults against Penstock and rsyslog, on one stack.
import { PenstockError } from "../../../lib/rules/errors.ts";
import { COMMON_OPTIONS, parseWords } from "../../../infra/cli/arguments.ts";
import { exitCodeOf } from "../../../infra/cli/exit-code.ts";
import { reportFailure } from "../../../infra/cli/failure.ts";
import { tolerateLostOutput } from "../../../infra/cli/faults.ts";
import { helpText } from "../../../infra/cli/help-text.ts";
import { abortOnSignals } from "../../../infra/cli/stop-signal.ts";
import { hasRsyslog } from "../../../infra/bench/rsyslog.ts";
import { eventually } from "../eventually.ts";
import { uniqueName } from "../kafka.ts";
import { AcknowledgedOffsets } from "./acknowledged.ts";
import { countKeyed, type KeyedTruth, numbersIn } from "./keyed-records.ts";
import { peakRssBytes } from "./memory.ts";
import { penstock, rsyslog, type Shipper, type ShipperPlace, type ShipperProcess } from "./shippers.ts";
import { type FaultWorld, type Lane, startFaultWorld } from "./world.ts";

const help = helpText({
  synopsis: "compare [options]",
  about: `Boots servers of its own, lets the same faults happen to Penstock and to rsyslog, and counts what is lost and doubled by
the number that each record carries. rsyslog is Debian's: apt-get install rsyslog-kafka rsyslog-elasticsearch.`,
  options: [
    ["--rounds N", "3 unless told"],
    ["--freeze SECONDS", "20 unless told"],
    ["--records N", "in each trial; 60000 unless told"],
  ],
  exitCodes:
    "0 Penstock lost and doubled nothing, 1 it did, or rsyslog is not installed, 2 wrong usage, 130 by a signal",
});

const PARTITIONS = 3;
const BATCH = 2_000;
const FILLER = "GET /assets/app.js HTTP/1.1 200 1043 - Mozilla/5.0 (X11; Linux x86_64) ".repeat(2);
/**
 * No document came for so long: what is missing by then does not come any more. A killed member's partitions are given
 * away after its session timeout, which is 45 s for librdkafka.
 */
const QUIET_MS = 75_000;
/** Doubles may still come once all numbers are there, but not much later. */
const QUIET_AT_THE_END_MS = 5_000;
const DONE_WITHIN_MS = 300_000;

/** Longer than librdkafka's `auto.commit.interval.ms`, 5 s. */
const WITHHELD_MS = 10_000;

interface Trial extends KeyedTruth {
  readonly shipper: string;
  readonly fault: string;
  readonly sent: number;
  /** From the end of the fault until the last document came. */
  readonly recoverySeconds: number;
  readonly peakRssBytes: number;
}

interface Stage {
  readonly world: FaultWorld;
  readonly lane: Lane;
  readonly shipper: Shipper;
  readonly process: ShipperProcess;
  readonly topic: string;
}

/** @returns the process that runs from then on */
type Inflict = (stage: Stage) => Promise<ShipperProcess>;

tolerateLostOutput();
process.exitCode = await main(process.argv.slice(2).filter((argument) => argument !== "--"));

async function main(argv: readonly string[]): Promise<number> {
  let options: ReturnType<typeof parse>;
  try {
    options = parse(argv);
  } catch (error) {
    return reportFailure(error, { help, json: false, write: (text) => process.stderr.write(text) });
  }
  if (options === null) {
    print(help);
    return 0;
  }
  if (!hasRsyslog) print("rsyslog with imkafka is not installed: Penstock alone is shown\n");
  const shippers: ((place: ShipperPlace) => Shipper)[] = [penstock];
  if (hasRsyslog) {
    shippers.push(
      (place) => rsyslog(place, "as documented"),
      (place) => rsyslog(place, "own ids"),
    );
  }
  const interrupted = abortOnSignals();
  interrupted.addEventListener("abort", () => process.exit(exitCodeOf(interrupted.reason)));
  await using world = await startFaultWorld(1, interrupted);
  const trials: Trial[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [fault, inflict] of faults(options.freezeMs)) {
      for (const create of shippers) {
        const trial = await play(world, create, fault, inflict, options.records);
        trials.push(trial);
        print(`${row(trial)}\n`);
      }
    }
  }
  print(`\n${table(trials)}`);
  const ours = trials.filter(({ shipper }) => shipper === "Penstock");
  return hasRsyslog && ours.every(({ lost, doubled }) => lost === 0 && doubled === 0) ? 0 : 1;
}

function faults(freezeMs: number): readonly (readonly [string, Inflict])[] {
  return [
    [
      "SIGKILL mid-bulk, bulk held back",
      async ({ lane, shipper, process: running }) => {
        lane.elasticsearch.block("requests");
        await untilInFlight(lane);
        await running.kill("SIGKILL");
        lane.elasticsearch.unblock();
        return shipper.start();
      },
    ],
    [
      `SIGKILL, no answer for ${WITHHELD_MS / 1_000} s`,
      async ({ lane, shipper, process: running }) => {
        lane.elasticsearch.block("answers");
        await untilInFlight(lane);
        // Elasticsearch does the work, and nobody is told.
        await Bun.sleep(WITHHELD_MS);
        await running.kill("SIGKILL");
        lane.elasticsearch.unblock();
        return shipper.start();
      },
    ],
    [
      `Elasticsearch SIGSTOP ${freezeMs / 1_000} s`,
      async ({ world, process: running }) => {
        world.stack.elasticsearch.freeze();
        await Bun.sleep(freezeMs);
        world.stack.elasticsearch.thaw();
        return running;
      },
    ],
    [
      "Elasticsearch SIGKILL, restarted",
      async ({ world, process: running }) => {
        await world.stack.elasticsearch.kill();
        await world.stack.elasticsearch.start();
        return running;
      },
    ],
  ];
}

async function untilInFlight({ traffic }: Lane): Promise<void> {
  await eventually("a bulk is on its way", () => traffic.inFlight > 0);
}

async function play(
  world: FaultWorld,
  create: (place: ShipperPlace) => Shipper,
  fault: string,
  inflict: Inflict,
  records: number,
): Promise<Trial> {
  const topic = uniqueName("fault-compare");
  await world.kafka.createTopic(topic, PARTITIONS);
  await createIndex(world, topic);
  using reservation = await world.reserve(1);
  await using lane = await reservation.open(new AcknowledgedOffsets());
  const place = {
    // Not through the lane, whose tap does not read what librdkafka commits.
    broker: world.stack.kafka.brokers[0] ?? "",
    elasticsearchPort: Number(new URL(lane.elasticsearch.url).port),
    topic,
  };
  const shipper = create(place);
  let running = await shipper.start();
  try {
    let sent = 0;
    const send = async (upTo: number): Promise<void> => {
      for (; sent < upTo; sent += BATCH) await world.kafka.produce(topic, batchFrom(sent));
    };
    await send(records / 2);
    await eventually(
      "a quarter of the records is indexed",
      async () => (await indexed(world, topic)) >= records / 4,
      DONE_WITHIN_MS,
    );
    const sending = send(records);
    running = await inflict({ world, lane, shipper, process: running, topic });
    const overAt = performance.now();
    await sending;
    const doneAt = await untilQuiet(world, topic, records);
    const peak = (await peakRssBytes(running.pid)) ?? 0;
    const truth = countKeyed(records, await numbersIn(world.elasticsearch, topic));
    return {
      shipper: shipper.name,
      fault,
      sent: records,
      ...truth,
      recoverySeconds: Math.max(0, doneAt - overAt) / 1_000,
      peakRssBytes: peak,
    };
  } finally {
    await running.kill("SIGKILL");
    await shipper.forget();
    await world.elasticsearch.request("DELETE", `/${topic}`);
  }
}

/** The same mapping for all, with the number as what is counted by. */
async function createIndex(world: FaultWorld, index: string): Promise<void> {
  const { status } = await world.elasticsearch.request("PUT", `/${index}`, {
    mappings: { properties: { n: { type: "long" }, key: { type: "keyword" } } },
  });
  if (status !== 200) throw new Error(`the index ${index} was not created: ${status}`);
}

function batchFrom(from: number): { partition: number; key: string; value: string }[] {
  return Array.from({ length: BATCH }, (_, at) => {
    const n = from + at;
    return {
      partition: n % PARTITIONS,
      key: String(n),
      value: JSON.stringify({ key: `record-${n}`, n, line: FILLER }),
    };
  });
}

async function indexed(world: FaultWorld, index: string): Promise<number> {
  const { body } = await world.elasticsearch.request("GET", `/${index}/_stats/indexing`);
  const all = body["_all"] as { primaries: { indexing: { index_total: number } } };
  return all.primaries.indexing.index_total;
}

/** @returns when the last document came: all numbers are there and nothing more comes, or nothing comes any more */
async function untilQuiet(world: FaultWorld, index: string, records: number): Promise<number> {
  let last = -1;
  let changedAt = performance.now();
  await eventually(
    "nothing more comes",
    async () => {
      const now = await world.elasticsearch.count(index);
      if (now !== last) {
        last = now;
        changedAt = performance.now();
      }
      const wait = now === records ? QUIET_AT_THE_END_MS : QUIET_MS;
      return performance.now() - changedAt >= wait;
    },
    DONE_WITHIN_MS,
  );
  return changedAt;
}

function row({
  shipper,
  fault,
  sent,
  documents,
  lost,
  doubled,
  recoverySeconds,
  peakRssBytes: peak,
}: Trial): string {
  const numbers = [sent, documents, lost, doubled].map((value) => value.toLocaleString("en-US").padStart(11));
  const megabytes = `${Math.round(peak / 1024 / 1024)} MB`;
  return `${fault.padEnd(34)}${shipper.padEnd(24)}${numbers.join("")}${recoverySeconds.toFixed(1).padStart(9)} s${megabytes.padStart(9)}`;
}

function table(trials: readonly Trial[]): string {
  const titles = ["sent", "documents", "lost", "doubled"].map((title) => title.padStart(11)).join("");
  const head = `${"fault".padEnd(34)}${"shipper".padEnd(24)}${titles}${"recovery".padStart(11)}${"peak RSS".padStart(9)}\n`;
  const sorted = trials.toSorted(
    (a, b) => a.fault.localeCompare(b.fault) || a.shipper.localeCompare(b.shipper),
  );
  return head + sorted.map((trial) => `${row(trial)}\n`).join("");
}

function parse(argv: readonly string[]): { rounds: number; freezeMs: number; records: number } | null {
  const { values } = parseWords({
    args: [...argv],
    options: {
      help: COMMON_OPTIONS.help,
      rounds: { type: "string", default: "3" },
      freeze: { type: "string", default: "20" },
      records: { type: "string", default: "60000" },
    },
  });
  if (values.help) return null;
  const records = whole("--records", values.records);
  if (records % (2 * BATCH) !== 0)
    throw new PenstockError("usage", `--records is a multiple of ${2 * BATCH}, not ${records}`);
  return {
    rounds: whole("--rounds", values.rounds),
    freezeMs: whole("--freeze", values.freeze) * 1_000,
    records,
  };
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0)
    throw new PenstockError("usage", `${name} is a whole number above 0, not ${text}`);
  return value;
}

function print(text: string): void {
  process.stdout.write(text);
}
