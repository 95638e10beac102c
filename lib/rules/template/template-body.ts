import { maxFlattenedDepth } from "../json/flattened-json.ts";
import { defaultTemplate, type TemplateSettings } from "../model/settings.ts";
import { analysisSettings, tagAnalyzer, wordAnalyzer } from "./word-analysis.ts";

/**
 * What a server may lack: one without the module that it is in, or an older one. The template then does without, and is less.
 * - **words**: what parts words at `.`, `:`, `_`, `/` and `-` (in analysis-common).
 * - **beyondLimit**: that fields beyond what an index may have are left out of the mapping (since 8.14).
 * - **subobjects**: that `err` may be text in one record and an object in another (since 8.3).
 */
export type TemplateExtra = "words" | "beyondLimit" | "subobjects";

/** Of templates of one version. */
export interface TemplateForm {
  readonly settings: TemplateSettings;
  /** What the server is known to lack. */
  readonly without: ReadonlySet<TemplateExtra>;
}

/** Where nothing is chosen, and nothing lacking. */
export const fullForm: TemplateForm = { settings: defaultTemplate, without: new Set() };

/** The same for the same form; whoever finds another in the template writes his own. */
export function describeForm({ settings, without }: TemplateForm): string {
  const { codec, mode, wholeValues, refreshIntervalMs } = settings;
  const chosen = `codec ${codec}, mode ${mode}, whole values ${wholeValues}, refresh ${refreshIntervalMs ?? "default"}`;
  return without.size === 0 ? chosen : `${chosen}, without ${[...without].sort().join(" ")}`;
}

/** How a server that lacks one of them refuses the template. */
const refusals: readonly (readonly [TemplateExtra, RegExp])[] = [
  ["words", /(?:unknown|failed to find) (?:tokenizer|filter)/i],
  ["beyondLimit", /unknown setting \[index\.mapping\.total_fields\.ignore_dynamic_beyond_limit\]/],
  ["subobjects", /unsupported parameters:.*\bsubobjects\b/s],
];

/** What a refusal of the template says that the server lacks; null: it is about something else. */
export function lackOf(reason: string): TemplateExtra | null {
  return refusals.find(([, refusal]) => refusal.test(reason))?.[0] ?? null;
}

/** The settings of an index that are the user's to choose. */
function chosen({ codec, mode, refreshIntervalMs }: TemplateSettings): object {
  return {
    ...(codec !== "default" && { "index.codec": codec }),
    // Sources stay as they were written: to make them anew from the fields needs a licence.
    ...(mode === "logsdb" && { "index.mode": mode, "index.mapping.source.mode": "stored" }),
    ...(refreshIntervalMs !== null && { "index.refresh_interval": `${refreshIntervalMs}ms` }),
  };
}

/** The words of one field, beside it. A name that no producer has. */
const ownWords = "@words";
/** The words of a record's fields where they are one field, `kafka.value`. */
export const flattenedWords = "kafka.words";
/** Where the words of all fields but `message` are, without their order. Indices of older versions have none of them. */
export const wordFields: readonly string[] = [flattenedWords, `*.${ownWords}`];

/** Dynamic templates that a document may ask for by name: lib/rules/template/mixed-fields.ts. */
export const stringsTemplate = "strings";
export const doublesTemplate = "doubles";

/**
 * UTF-16 units of a text that is indexed as one value; a longer one is found by its words alone. Lucene takes no term of
 * more than 32,766 bytes: the document would be rejected.
 */
export const longestValue = 1024;
const keyword = { type: "keyword", ignore_above: longestValue };
/**
 * Aggregated and sorted by, and filtered by within a span of time: what is looked for among all documents is in the words.
 * An index of whole values, ids and sentences above all, is a sixth of a JSON record's bytes and a sixth of its CPU.
 */
const column = { ...keyword, index: false };
/** Kept in the source alone. */
const unsearched = { type: "keyword", index: false, doc_values: false };

/**
 * Settings and mappings of an index that Penstock writes to. What each choice costs and saves was measured:
 * infra/bench/README.md, "What the index template costs".
 */
export function templateBody({ settings, without }: TemplateForm): {
  readonly settings: object;
  readonly mappings: object;
} {
  const has = (extra: TemplateExtra): boolean => !without.has(extra);
  // No norms: they rank by length, which nobody asks of logs.
  const text = { type: "text", norms: false, ...(has("words") && { analyzer: wordAnalyzer }) };
  // Words are looked for in them, phrases in `message` alone. Where words are not parted, letters alone are.
  const words = {
    type: "text",
    norms: false,
    index_options: "docs",
    analyzer: has("words") ? wordAnalyzer : "simple",
  };
  const whole = settings.wholeValues === "indexed" ? keyword : column;
  const withWords = (field: object): object => ({ ...field, fields: { [ownWords]: words } });
  // Digits are words too.
  const figures = { ...words, analyzer: has("words") ? wordAnalyzer : "standard" };
  const withFigures = (type: string): object => ({ type, fields: { [ownWords]: figures } });
  return {
    settings: {
      // Elasticsearch bounds how many fields an index has, and not how long their names are: those of producers stand in the
      // cluster state, which every node keeps in memory.
      "index.mapping.field_name_length.limit": 1_000,
      // A value that does not fit its field is left out of it, and so is a field that there is no room for: the source has
      // both, `_ignored` names them, and the record is found by the rest.
      "index.mapping.ignore_malformed": true,
      ...(has("beyondLimit") && { "index.mapping.total_fields.ignore_dynamic_beyond_limit": true }),
      // Text and its words are two: as many names as by default.
      "index.mapping.total_fields.limit": 2_000,
      "index.query.default_field": ["message", ...wordFields, "tags", "log.level", "kafka.headers"],
      ...(has("words") && { "index.analysis": analysisSettings }),
      ...chosen(settings),
    },
    mappings: {
      // Text that looks like a date in one record need not be one in the next.
      date_detection: false,
      // `err` is text in one record and an object in another: both are mapped, `err` and `err.message`.
      ...(has("subobjects") && { subobjects: false }),
      dynamic_templates: [
        // Bytes that were not UTF-8: kept in the source only, as ECS has it. Not a property: an own `event` may be text.
        {
          event_original: {
            path_match: "event.original",
            match_mapping_type: "string",
            mapping: unsearched,
          },
        },
        { [stringsTemplate]: { match_mapping_type: "string", mapping: withWords(whole) } },
        // Text where a number was expected is not in that field, and is found all the same; so are numbers, by their digits.
        ...(["long", "boolean"] as const).map((type) => ({
          [`${type}s`]: { match_mapping_type: type, mapping: withFigures(type) },
        })),
        // By default `float`, of which an epoch's seconds are more than it can tell apart.
        { [doublesTemplate]: { match_mapping_type: "double", mapping: withFigures("double") } },
      ],
      properties: {
        "@timestamp": { type: "date" },
        message: has("words") ? text : withWords(text),
        // `env:prod`, `mitre_execution`.
        tags: has("words")
          ? { ...keyword, fields: { [ownWords]: { ...words, analyzer: tagAnalyzer } } }
          : keyword,
        "kafka.topic": keyword,
        // Audit and replay search by topic and offset; of one offset there are as many documents as partitions.
        "kafka.partition": { type: "integer", index: false },
        "kafka.offset": { type: "long" },
        "kafka.key": withWords(column),
        "kafka.key_base64": column,
        // One field for any number of names, which producers choose.
        "kafka.headers": { type: "flattened", ignore_above: longestValue },
        // A record's own fields where they would be too many: lib/rules/json/flattened-json.ts.
        "kafka.value": { type: "flattened", ignore_above: longestValue, depth_limit: maxFlattenedDepth },
        "kafka.value_base64": unsearched,
        // Fields for which such a record was refused.
        "kafka.refused": keyword,
        [flattenedWords]: words,
        // Ours are in lower case, and so is what is looked for.
        "log.level": { ...keyword, normalizer: "lowercase" },
        "log.file.path": withWords(column),
      },
    },
  };
}
