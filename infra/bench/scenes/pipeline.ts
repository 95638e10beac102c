import { indexTemplateName } from "../../../lib/rules/template/index-template.ts";
import type { Stack } from "../../stack/stack.ts";
import type { FilledTopic, RecordKind } from "../load/broker.ts";
import { type Measurement, OURS } from "../kit/measurement.ts";
import { type Run, startMover } from "../load/mover.ts";
import { costOf } from "../kit/process-cost.ts";
import { indexTarget } from "../load/target.ts";
import { type Contender, inTurn, recordsText, type Scene, type SceneContext } from "../trials/scene.ts";

/** One contender in one round. CPU in seconds per million records. */
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

/** Compared with the other checkout, within a round. */
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
/** Percent, of a topic that many programs share. */
const MAX_REFUSED = 1;

const RECORDS: readonly (readonly [RecordKind, number, number])[] = [
  ["text", 500_000, 100_000],
  ["json", 200_000, 50_000],
  ["corpus", 100_000, 20_000],
];

/** What the whole way costs, and what is indexed at its end. */
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
  const contenders: Contender<Cost>[] = [];

  const add = async (
    who: string,
    checkout: string | undefined,
    elasticsearch: object = {},
  ): Promise<void> => {
    const index = `bench-pipeline-${contenders.length}`;
    const target = indexTarget(stack.elasticsearch.node, index, signal);
    const options = { broker, target, index, mayRefuse: true, checkout, elasticsearch };
    const mover = opened.use(await startMover(options, signal));
    const way = { who, index, topic, move: () => mover.move([topic]) };
    contenders.push({ who, run: measured(way, context, signal) });
  };
  for (const [who, checkout] of checkouts) await add(who, checkout);
  await add(`${OURS}, Elasticsearch's own mapping`, undefined, { manageTemplates: false });
  if (!quick) await add(`${OURS}, gzip`, undefined, { compression: "gzip" });
  return contenders;
}

interface Way {
  readonly who: string;
  readonly index: string;
  readonly topic: FilledTopic;
  readonly move: () => Promise<Run>;
}

/** Each contender creates its index itself, with its own template or without one. */
function measured(
  { who, index, topic, move }: Way,
  { stack, show }: SceneContext,
  signal: AbortSignal,
): () => Promise<Cost> {
  const target = indexTarget(stack.elasticsearch.node, index, signal);
  const template = new URL(`/_index_template/${indexTemplateName}`, stack.elasticsearch.node);
  let isShown = false;
  return async () => {
    // Another contender's template would keep this one from writing its own.
    await fetch(template, { method: "DELETE", signal });
    const before = serverCpu(stack);
    const { perSecond, cpuSeconds, documents, records } = await move();
    // Merging is part of the cost of these documents.
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

/** CPU seconds so far. */
function serverCpu({ kafka, elasticsearch }: Stack): { kafka: number; elasticsearch: number } {
  if (kafka.pid === undefined || elasticsearch.pid === undefined) throw new Error("a server is not running");
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
      // Compared within a round: the machine is not equally busy in each.
      const shares = values.map((value, round) => value / (base[round]?.[figure] ?? Number.NaN));
      return [plain, { what, who, figure: `${name}, against before`, unit: "×", values: shares, aim }];
    }),
  );
}
