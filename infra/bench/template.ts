// `bun run bench:template`: what each choice in the index template costs and saves, on a real Elasticsearch.
import { z } from "zod";
import { fullForm, templateBody } from "../../lib/rules/template-body.ts";
import { wordAnalyzer } from "../../lib/rules/word-analysis.ts";
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
  readonly settings: object;
  readonly mappings: object;
}

const INDEX = "bench-template";
const AT_ONCE = 2;
const HEADER_NAMES = 40;

/** As lib/rules/template-body.ts writes it; what a variant changes is looked up, so that a rename shows. */
const bodyShape = z.object({
  settings: z.record(z.string(), z.unknown()),
  mappings: z.looseObject({
    dynamic_templates: z.array(z.record(z.string(), z.looseObject({ mapping: z.looseObject({}) }))),
    properties: z.looseObject({
      message: z.looseObject({ type: z.literal("text"), norms: z.literal(false) }),
      "kafka.offset": z.looseObject({ type: z.literal("long") }),
      "kafka.partition": z.looseObject({ type: z.literal("integer") }),
    }),
  }),
});
type Body = z.infer<typeof bodyShape>;

const twin = { keyword: { type: "keyword", ignore_above: 1024 } };

/** How the body differs in one choice. */
const choices: Readonly<Record<"any" | "text" | "json", Readonly<Record<string, (body: Body) => void>>>> = {
  any: {
    "the template": () => {},
    best_compression: (body) => set(body, "index.codec", "best_compression"),
    "refresh each 5 s": (body) => set(body, "index.refresh_interval", "5s"),
    "logsdb, sources as written": (body) => {
      set(body, "index.mode", "logsdb");
      set(body, "index.mapping.source.mode", "stored");
      set(body, "index.codec", "default");
    },
    "sorted by time": (body) => {
      set(body, "index.sort.field", "@timestamp");
      set(body, "index.sort.order", "desc");
    },
    "words parted by the standard tokenizer": (body) =>
      set(body, "index.analysis", { analyzer: { [wordAnalyzer]: standard } }),
    "words parted by it behind a char filter": (body) =>
      set(body, "index.analysis", {
        char_filter: { parts: { type: "mapping", mappings: [".=> ", ":=> ", "_=> "].map(escaped) } },
        analyzer: { [wordAnalyzer]: { ...standard, char_filter: ["parts"] } },
      }),
    "words parted by char_group": (body) =>
      set(body, "index.analysis", {
        tokenizer: {
          group: { type: "char_group", tokenize_on_chars: ["whitespace", "punctuation", "symbol"] },
        },
        analyzer: { [wordAnalyzer]: { ...standard, tokenizer: "group" } },
      }),
    "values of no use refuse the record": (body) => {
      delete body.settings["index.mapping.ignore_malformed"];
      delete body.settings["index.mapping.total_fields.ignore_dynamic_beyond_limit"];
      delete body.mappings["subobjects"];
    },
  },
  text: {
    "message with its keyword twin": ({ mappings }) => {
      mappings.properties.message["fields"] = twin;
    },
    "message without positions": ({ mappings }) => {
      mappings.properties.message["index_options"] = "docs";
    },
    "kafka.offset not searchable": ({ mappings }) => {
      mappings.properties["kafka.offset"]["index"] = false;
    },
    "kafka.partition searchable": ({ mappings }) => {
      delete mappings.properties["kafka.partition"]["index"];
    },
  },
  json: {
    "whole values indexed": (body) => {
      delete stringsOf(body)["index"];
    },
    "no words but those of the message": (body) => {
      delete stringsOf(body)["fields"];
    },
    "no words of numbers": (body) => {
      for (const type of ["long", "double"])
        body.mappings.dynamic_templates.unshift({ [type]: { match_mapping_type: type, mapping: { type } } });
    },
    "numbers not searchable": (body) => {
      for (const type of ["long", "double"])
        body.mappings.dynamic_templates.unshift({
          [type]: { match_mapping_type: type, mapping: { type, index: false } },
        });
    },
  },
};

const standard = { type: "custom", tokenizer: "standard", filter: ["lowercase"] };

/** Of a char filter's rule: what it puts in stands without the spaces around it. */
function escaped(rule: string): string {
  return rule.replaceAll(" ", "\\u0020");
}

function set({ settings }: Body, name: string, value: unknown): void {
  settings[name] = value;
}

function stringsOf({ mappings }: Body): Record<string, unknown> {
  const found = mappings.dynamic_templates.flatMap(({ strings }) => strings ?? [])[0];
  if (found === undefined) throw new Error("the template says nothing of strings");
  return found.mapping;
}

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
  const bare = templateBody({ ...fullForm, without: new Set(["words"]) });
  return [
    ...variants("text records", text, { ...choices.any, ...choices.text }),
    { what: "text records", who: "a server without what parts words", bodies: text, ...bare },
    { what: "text records", who: "ids made by Elasticsearch", bodies: withoutIds, ...templateBody(fullForm) },
    ...variants("JSON records of 1.1 KB", json, { ...choices.any, ...choices.json }),
    { what: "JSON records of 1.1 KB", who: "a server without what parts words", bodies: json, ...bare },
    ...variants("text records with 3 headers", withHeaders, { "the template": () => {} }),
  ];
}

function variants(
  what: string,
  bodies: readonly Buffer<ArrayBuffer>[],
  chosen: Readonly<Record<string, (body: Body) => void>>,
): Variant[] {
  return Object.entries(chosen).map(([who, change]) => {
    const body = bodyShape.parse(structuredClone(templateBody(fullForm)));
    change(body);
    const { settings, mappings } = body;
    return { what, who, bodies, settings, mappings };
  });
}

interface Cost {
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly bytes: number;
}

async function costOfIndexing(
  { node, pid }: ElasticsearchServer,
  { bodies, settings, mappings }: Variant,
  records: number,
  signal: AbortSignal,
): Promise<Cost> {
  if (pid === undefined) throw new Error("Elasticsearch does not run");
  const request = elasticsearchRequest(node, signal);
  await request("PUT", `/${INDEX}`, { settings, mappings });
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
