import { indexTemplateName } from "../../../lib/rules/template/index-template.ts";
import type { Stack } from "../../stack/stack.ts";
import type { FilledTopic, RecordKind } from "../load/broker.ts";
import { type Measurement, OURS } from "../kit/measurement.ts";
import { type MoverOptions, type Run, startMover } from "../load/mover.ts";
import { costOf } from "../kit/process-cost.ts";
import { hasRsyslog, moveByRsyslog } from "../stand-ins/rsyslog.ts";
import { indexTarget } from "../load/target.ts";
import { type Contender, inTurn, recordsText, type Scene, type SceneContext } from "../trials/scene.ts";

/** Of one contender in one round. CPU in seconds per million records. */
interface Cost {
  readonly perSecond: number;
  readonly ownCpu: number;
  readonly kafkaCpu: number;
  readonly elasticsearchCpu: number;
  readonly bytes: number;
  readonly refused: number;
}

const FIGURES: readonly (readonly [keyof Cost, string, Measurement["unit"]])[] = [
  ["perSecond", "documents per second", "records/s"],
  ["ownCpu", "own CPU per million", "s"],
  ["elasticsearchCpu", "Elasticsearch's CPU per million, merge included", "s"],
  ["kafkaCpu", "Kafka's CPU per million", "s"],
  ["bytes", "bytes per document, merged", "B"],
  ["refused", "refused", "%"],
];

/** Against the version before, in the same round. */
const AIMS: Readonly<Partial<Record<RecordKind, Partial<Record<keyof Cost, Measurement["aim"]>>>>> = {
  text: {
    perSecond: { atLeast: 1.3 },
    ownCpu: { atMost: 1.1 },
    elasticsearchCpu: { atMost: 0.6 },
    bytes: { atMost: 0.5 },
  },
  json: {
    perSecond: { atLeast: 1.3 },
    ownCpu: { atMost: 1.1 },
    elasticsearchCpu: { atMost: 0.9 },
    bytes: { atMost: 0.8 },
  },
};
/** Of a topic that many programs share, in percent. */
const MAX_REFUSED = 1;

const RECORDS: readonly (readonly [RecordKind, number, number])[] = [
  ["text", 500_000, 100_000],
  ["json", 200_000, 50_000],
  ["corpus", 100_000, 20_000],
];

/** What the whole way costs, and what is there at its end. */
export const pipeline: Scene = {
  name: "pipeline",
  about:
    "Kafka, host and Elasticsearch on one machine: documents/s, CPU of all three, bytes, refused; text, JSON, the corpus",
  async run(context, signal) {
    const measurements: Measurement[] = [];
    for (const [kind, records, fewer] of RECORDS) {
      const topic = await context.filled(kind, context.quick ? fewer : records);
      await using opened = new AsyncDisposableStack();
      const contenders = await contendersFor(topic, context, opened, signal);
      const results = await inTurn(recordsText(topic), contenders, context);
      const before = [...context.checkouts.keys()].find((who) => who !== OURS);
      measurements.push(...measurementsOf(topic, results, before));
    }
    if (!hasRsyslog)
      context.progress("rsyslog is left out: apt-get install rsyslog-kafka rsyslog-elasticsearch", 1);
    return measurements;
  },
};

async function contendersFor(
  topic: FilledTopic,
  context: SceneContext,
  opened: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Contender<Cost>[]> {
  const { stack, broker, checkouts, quick } = context;
  const { node } = stack.elasticsearch;
  const contenders: Contender<Cost>[] = [];

  const add = async (who: string, move: (index: string) => Promise<() => Promise<Run>>): Promise<void> => {
    const index = `bench-pipeline-${contenders.length}`;
    contenders.push({ who, run: measured({ who, index, topic, move: await move(index) }, context, signal) });
  };
  const addHost = (who: string, options: Pick<MoverOptions, "checkout" | "elasticsearch">): Promise<void> =>
    add(who, async (index) => {
      const target = indexTarget(node, index, signal);
      const mover = await startMover({ broker, target, index, mayRefuse: true, ...options }, signal);
      opened.use(mover);
      return () => mover.move([topic]);
    });

  for (const [who, checkout] of checkouts) await addHost(who, { checkout });
  await addHost(`${OURS}, Elasticsearch's own mapping`, {
    checkout: undefined,
    elasticsearch: { manageTemplates: false },
  });
  if (!quick) await addHost(`${OURS}, gzip`, { checkout: undefined, elasticsearch: { compression: "gzip" } });
  if (hasRsyslog)
    await add("rsyslog", async (index) => {
      const target = indexTarget(node, index, signal);
      const place = { broker: broker.brokers[0] ?? "", target, index, mayRefuse: true };
      return () => moveByRsyslog(topic, place, signal);
    });
  return contenders;
}

interface Way {
  readonly who: string;
  readonly index: string;
  readonly topic: FilledTopic;
  readonly move: () => Promise<Run>;
}

/** Each run into an index that it makes itself, by its own template or by none. */
function measured(
  { who, index, topic, move }: Way,
  { stack, show }: SceneContext,
  signal: AbortSignal,
): () => Promise<Cost> {
  const target = indexTarget(stack.elasticsearch.node, index, signal);
  const template = new URL(`/_index_template/${indexTemplateName}`, stack.elasticsearch.node);
  let isShown = false;
  return async () => {
    // Another one's: with it this one would not write its own.
    await fetch(template, { method: "DELETE", signal });
    const before = serverCpu(stack);
    const { perSecond, cpuSeconds, documents, records } = await move();
    // Merging is work of these documents too.
    const bytes = await target.mergedBytes();
    const after = serverCpu(stack);
    if (!isShown) show({ what: `a document, ${topic.kind}`, who, text: await target.shortDocument() });
    isShown = true;
    await target.remove();
    const perMillion = (seconds: number): number => (seconds / records) * 1e6;
    return {
      perSecond,
      ownCpu: perMillion(cpuSeconds),
      kafkaCpu: perMillion(after.kafka - before.kafka),
      elasticsearchCpu: perMillion(after.elasticsearch - before.elasticsearch),
      bytes: bytes / documents,
      refused: (1 - documents / records) * 100,
    };
  };
}

/** In seconds, so far. */
function serverCpu({ kafka, elasticsearch }: Stack): { kafka: number; elasticsearch: number } {
  if (kafka.pid === undefined || elasticsearch.pid === undefined) throw new Error("a server does not run");
  return { kafka: costOf(kafka.pid).cpuSeconds, elasticsearch: costOf(elasticsearch.pid).cpuSeconds };
}

function measurementsOf(
  topic: FilledTopic,
  results: ReadonlyMap<string, readonly Cost[]>,
  before: string | undefined,
): Measurement[] {
  const what = recordsText(topic);
  const base = before === undefined ? [] : (results.get(before) ?? []);
  return [...results].flatMap(([who, costs]) =>
    FIGURES.flatMap(([figure, name, unit]): Measurement[] => {
      const values = costs.map((cost) => cost[figure]);
      const refusedAim =
        figure === "refused" && topic.kind === "corpus" ? ({ atMost: MAX_REFUSED } as const) : undefined;
      const plain = { what, who, figure: name, unit, values, aim: who === OURS ? refusedAim : undefined };
      const aim = AIMS[topic.kind]?.[figure];
      if (who !== OURS || base.length === 0 || figure === "refused" || figure === "kafkaCpu") return [plain];
      // Of the same round: the machine is not equally busy in each.
      const shares = values.map((value, round) => value / (base[round]?.[figure] ?? Number.NaN));
      return [plain, { what, who, figure: `${name}, against before`, unit: "×", values: shares, aim }];
    }),
  );
}
