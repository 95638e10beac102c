import { PenstockError } from "./errors.ts";
import { maxFlattenedDepth, maxNameLength } from "./flattened-json.ts";

/** Name of the one index template that Penstock keeps. */
export const indexTemplateName = "penstock";
/** The alias over every index that Penstock writes to, and that the template covers. */
export const recordsAlias = "penstock-records";

/** Raised with every change of the template below, so that what an older version wrote is replaced. */
const templateVersion = 2;

/** What is there already, as far as it matters. */
export interface ExistingTemplate {
  readonly patterns: readonly string[];
  readonly version: number;
}

/** The body of a `PUT /_index_template/penstock`. */
export interface IndexTemplate {
  readonly index_patterns: readonly string[];
  readonly template: { readonly mappings: object };
  readonly [member: string]: unknown;
}

/** By pattern that Elasticsearch does not let the template cover: why, as one sentence. */
export type TemplateRefusals = ReadonlyMap<string, string>;

/**
 * The patterns that the template has yet to be written with; none: it is to be written for its form alone; null: it does
 * as it is.
 */
export function missingPatterns(
  existing: ExistingTemplate | null,
  patterns: readonly string[],
): readonly string[] | null {
  const there = new Set(existing?.patterns);
  const missing = [...new Set(patterns)].filter((pattern) => !there.has(pattern));
  if (missing.length > 0) return missing;
  return there.size > 0 && (existing?.version ?? 0) < templateVersion ? [] : null;
}

/** Patterns are only ever added: other hosts, and topics that come back, need theirs. */
export function coveringTemplate(
  existing: ExistingTemplate | null,
  patterns: readonly string[],
): IndexTemplate {
  return { index_patterns: [...new Set([...(existing?.patterns ?? []), ...patterns])].sort(), ...body };
}

/** Why nothing may be written, as one sentence. */
export function templateTrouble(reason: string): string {
  return `the index template cannot be ensured: ${reason}`;
}

/** @throws PenstockError `elasticsearch_refused` where the pattern is among what was refused */
export function throwRefused(refusals: TemplateRefusals, pattern: string): void {
  const reason = refusals.get(pattern);
  if (reason === undefined) return;
  throw new PenstockError("elasticsearch_refused", templateTrouble(reason), { retryable: true });
}

// What each choice below costs and saves was measured: infra/bench/README.md, "What the index template costs".

/** Lucene takes no term of more than 32,766 bytes: the document would be rejected. */
const keyword = { type: "keyword", ignore_above: 1024 };

const body = {
  // Above Elasticsearch's own `logs-*-*` (100), and below what a user would add for one topic (200 and more).
  priority: 150,
  version: templateVersion,
  _meta: {
    description: "Log records moved by Penstock; index patterns are only ever added",
    managed_by: "penstock",
  },
  template: {
    // Elasticsearch bounds how many fields an index has (1,000), and not how long their names are: those of producers stand
    // in the cluster state, which every node keeps in memory.
    settings: { "index.mapping.field_name_length.limit": maxNameLength },
    aliases: { [recordsAlias]: {} },
    mappings: {
      // Text that looks like a date in one record need not be one in the next, which would then be rejected.
      date_detection: false,
      dynamic_templates: [
        // Bytes that were not UTF-8: kept in the source only, as ECS has it. Not a property: an own `event` may be text.
        {
          event_original: {
            path_match: "event.original",
            match_mapping_type: "string",
            mapping: { type: "keyword", index: false, doc_values: false },
          },
        },
        // Not text and keyword both, as by default: a quarter less CPU and 9 % less space for JSON records.
        { strings: { match_mapping_type: "string", mapping: keyword } },
      ],
      properties: {
        "@timestamp": { type: "date" },
        // The twin, for exact search, sorting and counting whole lines, is the dearest choice here: of a text record's 285 bytes
        // 134, and a third of the CPU. Norms rank by length, which nobody asks of logs: 2 bytes a document.
        message: { type: "text", norms: false, fields: { keyword } },
        tags: keyword,
        // Audit and replay search by these: 4 bytes a document, 5 % of the CPU.
        kafka: {
          properties: {
            topic: keyword,
            partition: { type: "integer" },
            offset: { type: "long" },
            key: keyword,
            key_base64: keyword,
            // One field for any number of names, which producers choose. As many fields would be 7 % smaller, and no cheaper.
            headers: { type: "flattened", ignore_above: 1024 },
            // A record's own fields where they would be too many: lib/rules/flattened-json.ts.
            value: { type: "flattened", ignore_above: 1024, depth_limit: maxFlattenedDepth },
            value_base64: { type: "keyword", index: false, doc_values: false },
          },
        },
      },
    },
  },
};
