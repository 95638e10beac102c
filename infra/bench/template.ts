// `bun run bench:template`: what each choice in the index template costs and saves, on a real Elasticsearch.
import { z } from "zod";
import { fullForm, templateBody } from "../../lib/rules/template-body.ts";
import { COMMON_OPTIONS, parseWords, wholeNumber } from "../cli/arguments.ts";
import { helpText, JSON_ROW } from "../cli/help-text.ts";
import { bootStack } from "../stack/boot.ts";
import type { ElasticsearchServer } from "../stack/elasticsearch.ts";
import { BENCH_EXIT_CODES, runBench } from "./command.ts";
import { elasticsearchRequest } from "./elasticsearch-request.ts";
import { byFigure, type Measurement } from "./measurement.ts";
import { costOf } from "./process-cost.ts";
import { createProgressBar } from "./progress-bar.ts";
import { seededRandom } from "./random.ts";
import { readyBodies, sendBodies } from "./ready-bodies.ts";
import { reportOf } from "./report.ts";

const help = helpText({
  synopsis: "bench:template [options]",
  about: `Boots Elasticsearch and loads the same documents into indices that differ from the template in one choice each, in turn:
how much CPU Elasticsearch takes for them, and how large the index is once it is merged into one segment.`,
  options: [["--records N", "of each kind; 200000 unless told"], ["--rounds N", "3 unless told"], JSON_ROW],
  exitCodes: BENCH_EXIT_CODES,
});

interface Invocation {
  readonly records: number;
  readonly rounds: number;
  readonly json: boolean;
}

interface Variant {
  readonly what: string;
  readonly who: string;
  readonly bodies: readonly Buffer<ArrayBuffer>[];
  readonly mappings: object;
}

const INDEX = "bench-template";
const AT_ONCE = 2;
const HEADER_NAMES = 40;

/** As lib/rules/index-template.ts writes it; what a variant changes is looked up, so that a rename shows. */
const mappingsShape = z.looseObject({
  dynamic_templates: z.array(z.record(z.string(), z.unknown())),
  properties: z.looseObject({
    message: z.looseObject({
      type: z.literal("text"),
      norms: z.literal(false),
      fields: z.object({ keyword: z.looseObject({}) }),
    }),
    kafka: z.looseObject({ properties: z.looseObject({ headers: z.unknown() }) }),
  }),
});

const storeStats = z.object({
  _all: z.object({ primaries: z.object({ store: z.object({ size_in_bytes: z.number() }) }) }),
});

process.exitCode = await runBench(help, parse, async ({ records, rounds, json }, signal) => {
  const variants = variantsOf(records);
  await using stack = await bootStack({ kafka: false, etcd: false, signal });
  using bar = createProgressBar(process.stderr);
  const found = new Map(variants.map((variant) => [variant, [] as Cost[]]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [n, variant] of variants.entries()) {
      signal.throwIfAborted();
      bar.show(
        `round ${round} of ${rounds}: ${variant.what}, ${variant.who}`,
        (round + n / variants.length) / (rounds + 1),
      );
      const cost = await costOfIndexing(stack.elasticsearch, variant, records, signal);
      // The first warms up.
      if (round > 0) found.get(variant)?.push(cost);
    }
  }
  const measurements = byFigure([...found].flatMap(([variant, costs]) => measurementsOf(variant, costs)));
  process.stdout.write(
    json
      ? `${JSON.stringify(measurements, null, 2)}\n`
      : reportOf([{ scene: "index template", measurements }]),
  );
});

function variantsOf(records: number): Variant[] {
  const ours = mappingsShape.parse(templateBody(fullForm).mappings);
  const { properties } = ours;
  const withProperties = (changed: object): object => ({
    ...ours,
    properties: { ...properties, ...changed },
  });
  const random = seededRandom(7);
  const headers = () => [
    { name: "trace_id", value: Buffer.from(random.below(2 ** 31).toString(16)) },
    { name: `x-header-${random.below(HEADER_NAMES)}`, value: Buffer.from(`value ${random.below(100)}`) },
    { name: "source", value: Buffer.from(random.pick(["agent", "gateway", "cron"])) },
  ];
  const bodies = { index: INDEX, records, seed: 1 };
  const text = readyBodies({ ...bodies, format: "text" });
  const withoutIds = text.map((body) => Buffer.from(body.toString().replaceAll(/,"_id":"[^"]*"/g, "")));
  const json = readyBodies({ ...bodies, format: "json" });
  const withHeaders = readyBodies({ ...bodies, format: "text", headers });
  const {
    fields: { keyword: twin },
    ...messageAlone
  } = properties.message;
  const [textual, structured, headed] = [
    "text records",
    "JSON records of 1.1 KB",
    "text records with 3 headers",
  ];
  return [
    { what: textual, who: "the template", bodies: text, mappings: ours },
    {
      what: textual,
      who: "message without its keyword twin",
      bodies: text,
      mappings: withProperties({ message: messageAlone }),
    },
    {
      what: textual,
      who: "the twin with doc values only",
      bodies: text,
      mappings: withProperties({
        message: { ...messageAlone, fields: { keyword: { ...twin, index: false } } },
      }),
    },
    {
      what: textual,
      who: "the twin without doc values",
      bodies: text,
      mappings: withProperties({
        message: { ...messageAlone, fields: { keyword: { ...twin, doc_values: false } } },
      }),
    },
    {
      what: textual,
      who: "message with norms",
      bodies: text,
      mappings: withProperties({ message: { ...properties.message, norms: true } }),
    },
    {
      what: textual,
      who: "kafka.* kept, not searchable",
      bodies: text,
      mappings: withProperties({ kafka: { type: "object", enabled: false } }),
    },
    { what: textual, who: "ids made by Elasticsearch", bodies: withoutIds, mappings: ours },
    { what: structured, who: "the template", bodies: json, mappings: ours },
    {
      what: structured,
      who: "strings as Elasticsearch's default",
      bodies: json,
      mappings: { ...ours, dynamic_templates: [] },
    },
    { what: structured, who: "date detection", bodies: json, mappings: { ...ours, date_detection: true } },
    { what: headed, who: "the template: flattened", bodies: withHeaders, mappings: ours },
    {
      what: headed,
      who: `a field for each of ${HEADER_NAMES + 2} names`,
      bodies: withHeaders,
      mappings: withProperties({
        kafka: {
          properties: { ...properties.kafka.properties, headers: { type: "object", dynamic: true } },
        },
      }),
    },
  ];
}

interface Cost {
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly bytes: number;
}

async function costOfIndexing(
  { node, pid }: ElasticsearchServer,
  { bodies, mappings }: Variant,
  records: number,
  signal: AbortSignal,
): Promise<Cost> {
  if (pid === undefined) throw new Error("Elasticsearch does not run");
  const request = elasticsearchRequest(node, signal);
  await request("PUT", `/${INDEX}`, { mappings });
  const before = costOf(pid).cpuSeconds;
  const startedAt = performance.now();
  await sendBodies(node, bodies, AT_ONCE);
  const seconds = (performance.now() - startedAt) / 1_000;
  // Merging is work of these documents too.
  await request("POST", `/${INDEX}/_forcemerge?max_num_segments=1`);
  await request("POST", `/${INDEX}/_refresh`);
  const cpuSeconds = costOf(pid).cpuSeconds - before;
  const bytes = storeStats.parse(await request("GET", `/${INDEX}/_stats/store`))._all.primaries.store
    .size_in_bytes;
  await request("DELETE", `/${INDEX}`);
  return { cpuSeconds: (cpuSeconds / records) * 1e6, seconds, bytes: bytes / records };
}

function measurementsOf({ what, who }: Variant, costs: readonly Cost[]): Measurement[] {
  return [
    {
      what,
      who,
      figure: "bytes per document, merged",
      unit: "B",
      values: costs.map(({ bytes }) => bytes),
    },
    {
      what,
      who,
      figure: "Elasticsearch's CPU per million, merge included",
      unit: "s",
      values: costs.map(({ cpuSeconds }) => cpuSeconds),
    },
    { what, who, figure: "indexed in", unit: "s", values: costs.map(({ seconds }) => seconds) },
  ];
}

/** Null: help was asked for. @throws saying what is wrong with the usage */
function parse(args: string[]): Invocation | null {
  const { values } = parseWords({
    args,
    options: {
      records: { type: "string", default: "200000" },
      rounds: { type: "string", default: "3" },
      ...COMMON_OPTIONS,
    },
  });
  if (values.help) return null;
  return {
    records: wholeNumber("records", values.records, 1_000),
    rounds: wholeNumber("rounds", values.rounds, 1),
    json: values.json,
  };
}
