import { PenstockError } from "./errors.ts";
import { type Lacks, templateBody } from "./template-body.ts";

/** Name of the one index template that Penstock keeps. */
export const indexTemplateName = "penstock";
/** The alias over every index that Penstock writes to, and that the template covers. */
export const recordsAlias = "penstock-records";

/** Raised with every change of the template below, so that what an older version wrote is replaced. */
const templateVersion = 3;

/** What is there already, as far as it matters. */
export interface ExistingTemplate {
  readonly patterns: readonly string[];
  readonly version: number;
  /** What it does without, as `_meta` tells. */
  readonly without: readonly string[];
  /** All of it. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The body of a `PUT /_index_template/penstock`. */
export interface IndexTemplate {
  readonly index_patterns: readonly string[];
  readonly [member: string]: unknown;
}

/** By pattern that Elasticsearch does not let the template cover: why, as one sentence. */
export type TemplateRefusals = ReadonlyMap<string, string>;

/**
 * The patterns that the template has yet to be written with; none: it is to be written for its form alone; null: it does
 * as it is.
 * @param without what the server is known to lack
 */
export function missingPatterns(
  existing: ExistingTemplate | null,
  patterns: readonly string[],
  without: Lacks,
): readonly string[] | null {
  const there = new Set(existing?.patterns);
  const missing = [...new Set(patterns)].filter((pattern) => !there.has(pattern));
  if (missing.length > 0) return missing;
  return existing === null || there.size === 0 || isAsOurs(existing, without) ? null : [];
}

function isAsOurs({ version, without: theirs }: ExistingTemplate, without: Lacks): boolean {
  if (version !== templateVersion) return version > templateVersion;
  const known: ReadonlySet<string> = without;
  return theirs.length === known.size && theirs.every((extra) => known.has(extra));
}

/**
 * Patterns are only ever added: other hosts, and topics that come back, need theirs. A later version keeps its form: its
 * host writes it for all.
 */
export function coveringTemplate(
  existing: ExistingTemplate | null,
  patterns: readonly string[],
  without: Lacks = new Set(),
): IndexTemplate {
  const form = existing !== null && existing.version > templateVersion ? existing.body : ourForm(without);
  return { ...form, index_patterns: [...new Set([...(existing?.patterns ?? []), ...patterns])].sort() };
}

function ourForm(without: Lacks): object {
  return {
    // Above Elasticsearch's own `logs-*-*` (100), and below what a user would add for one topic (200 and more).
    priority: 150,
    version: templateVersion,
    _meta: {
      description: "Log records moved by Penstock; index patterns are only ever added",
      managed_by: "penstock",
      without: [...without].sort(),
    },
    template: { aliases: { [recordsAlias]: {} }, ...templateBody(without) },
  };
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
