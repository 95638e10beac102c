import { maxFlattenedDepth } from "../json/flattened-json.ts";
import { defaultTemplate, type TemplateSettings } from "../model/settings.ts";
import { analysisSettings, tagAnalyzer, wordAnalyzer } from "./word-analysis.ts";

/**
 * Features that an older server, or one without the module, may lack. The template then omits them.
 * - **words**: splits words at `.`, `:`, `_`, `/` and `-` (module analysis-common).
 * - **beyondLimit**: leaves fields beyond the limit of an index out of the mapping (since 8.14).
 * - **subobjects**: lets `err` be text in one record and an object in another (since 8.3).
 * - **constantKeyword**: keeps a value that all documents share once per index (module constant-keyword); data streams only.
 * - **lifecycle**: deletes a data stream's old indices (module data-streams, since 8.11).
 */
export type TemplateExtra = "words" | "beyondLimit" | "subobjects" | "constantKeyword" | "lifecycle";

/** A variant of the template within one version. */
export interface TemplateForm {
  readonly settings: TemplateSettings;
  /** What the server is known to lack. */
  readonly without: ReadonlySet<TemplateExtra>;
}

/** The form with default settings and all features. */
export const fullForm: TemplateForm = { settings: defaultTemplate, without: new Set() };

/** Identifies a form. A host that finds another one in the template writes its own. */
export function describeForm({ settings, without }: TemplateForm): string {
  const { codec, mode, wholeValues, refreshIntervalMs } = settings;
  const chosen = `codec ${codec}, mode ${mode}, whole values ${wholeValues}, refresh ${refreshIntervalMs ?? "default"}`;
  return without.size === 0 ? chosen : `${chosen}, without ${[...without].sort().join(" ")}`;
}

/** How a server without the feature refuses the template. */
const refusals: readonly (readonly [TemplateExtra, RegExp])[] = [
  ["words", /(?:unknown|failed to find) (?:tokenizer|filter)/i],
  ["beyondLimit", /unknown setting \[index\.mapping\.total_fields\.ignore_dynamic_beyond_limit\]/],
  ["subobjects", /unsupported parameters:.*\bsubobjects\b/s],
  ["constantKeyword", /(?:mapper type|No handler for type) \[constant_keyword\]/],
  ["lifecycle", /unknown field \[lifecycle\]/],
];

/** The feature that the server lacks according to its refusal; null if the refusal is about something else. */
export function lackOf(reason: string): TemplateExtra | null {
  return refusals.find(([, refusal]) => refusal.test(reason))?.[0] ?? null;
}

/** The index settings that the user can choose. */
function chosen({ codec, mode, refreshIntervalMs }: TemplateSettings): object {
  return {
    ...(codec !== "default" && { "index.codec": codec }),
    // Keeps sources as they were written: synthetic sources need a licence.
    ...(mode === "logsdb" && { "index.mode": mode, "index.mapping.source.mode": "stored" }),
    ...(refreshIntervalMs !== null && { "index.refresh_interval": `${refreshIntervalMs}ms` }),
  };
}

/** The subfield with a field's words. No producer uses this name. */
const ownWords = "@words";
/** The words of a record whose fields are all in `kafka.value`. */
export const flattenedWords = "kafka.words";
/** The words of all fields except `message`, without their order. Indices of older versions lack these fields. */
export const wordFields: readonly string[] = [flattenedWords, `*.${ownWords}`];

/** Dynamic templates that a document can request by name: lib/rules/template/mixed-fields.ts. */
export const stringsTemplate = "strings";
export const doublesTemplate = "doubles";

/**
 * UTF-16 units of a text that is indexed as one value; a longer one can be found only by its words. A term of more than
 * 32,766 bytes (Lucene's limit) would cause the document to be rejected.
 */
export const longestValue = 1024;
const keyword = { type: "keyword", ignore_above: longestValue };
/**
 * For aggregating, sorting, and filtering within a time range; searches over all documents use the words. An index of
 * whole values (mainly ids and sentences) takes a sixth of a JSON record's bytes and of its CPU.
 */
const column = { ...keyword, index: false };
/** Only in the source. */
const unsearched = { type: "keyword", index: false, doc_values: false };

/**
 * Settings and mappings of the indices that Penstock writes to. infra/bench/README.md says what each choice costs and
 * saves, under "What the index template costs".
 */
export function templateBody({ settings, without }: TemplateForm): {
  readonly settings: object;
  readonly mappings: { readonly properties: object; readonly [parameter: string]: unknown };
} {
  const has = (extra: TemplateExtra): boolean => !without.has(extra);
  // No norms: nobody ranks log lines by their length.
  const text = { type: "text", norms: false, ...(has("words") && { analyzer: wordAnalyzer }) };
  // Searched for words; only `message` is searched for phrases. `simple` splits at everything but letters.
  const words = {
    type: "text",
    norms: false,
    index_options: "docs",
    analyzer: has("words") ? wordAnalyzer : "simple",
  };
  const whole = settings.wholeValues === "indexed" ? keyword : column;
  const withWords = (field: object): object => ({ ...field, fields: { [ownWords]: words } });
  // Here digits are words too.
  const figures = { ...words, analyzer: has("words") ? wordAnalyzer : "standard" };
  const withFigures = (type: string): object => ({ type, fields: { [ownWords]: figures } });
  return {
    settings: {
      // Elasticsearch limits the number of fields, but not the length of their names. Producers choose them, and every
      // node keeps them in memory (cluster state).
      "index.mapping.field_name_length.limit": 1_000,
      // Leaves out a value that does not fit its field, and a field beyond the limit. The source keeps both, `_ignored`
      // names them, and the record can be found by its other fields.
      "index.mapping.ignore_malformed": true,
      ...(has("beyondLimit") && { "index.mapping.total_fields.ignore_dynamic_beyond_limit": true }),
      // Twice the default, because text and its words count as two fields.
      "index.mapping.total_fields.limit": 2_000,
      "index.query.default_field": ["message", ...wordFields, "tags", "log.level", "kafka.headers"],
      ...(has("words") && { "index.analysis": analysisSettings }),
      ...chosen(settings),
    },
    mappings: {
      // Text that looks like a date in one record need not be one in the next.
      date_detection: false,
      // `err` may be text in one record and an object in another: both `err` and `err.message` are mapped.
      ...(has("subobjects") && { subobjects: false }),
      dynamic_templates: [
        // Bytes that were not UTF-8, only in the source as in ECS. Not a property: a record's own `event` may be text.
        {
          event_original: {
            path_match: "event.original",
            match_mapping_type: "string",
            mapping: unsearched,
          },
        },
        { [stringsTemplate]: { match_mapping_type: "string", mapping: withWords(whole) } },
        // Makes text in a numeric field searchable, although the field ignores it, and numbers by their digits.
        ...(["long", "boolean"] as const).map((type) => ({
          [`${type}s`]: { match_mapping_type: type, mapping: withFigures(type) },
        })),
        // The default `float` is too coarse for seconds since the epoch.
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
        // Audit and replay search by topic and offset; an offset has one document per partition.
        "kafka.partition": { type: "integer", index: false },
        "kafka.offset": { type: "long" },
        "kafka.key": withWords(column),
        "kafka.key_base64": column,
        // One field for any number of names, because producers choose them.
        "kafka.headers": { type: "flattened", ignore_above: longestValue },
        // A record's own fields if they are too many: lib/rules/json/flattened-json.ts.
        "kafka.value": { type: "flattened", ignore_above: longestValue, depth_limit: maxFlattenedDepth },
        "kafka.value_base64": unsearched,
        // Fields that caused an index to refuse such a record.
        "kafka.refused": keyword,
        [flattenedWords]: words,
        // Our levels are in lower case; this lowers the case of search terms too.
        "log.level": { ...keyword, normalizer: "lowercase" },
        "log.file.path": withWords(column),
      },
    },
  };
}
