import { PenstockError } from "../base/errors.ts";
import { describeForm, fullForm, templateBody, type TemplateForm } from "./template-body.ts";

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
  /** As `_meta` tells it: `describeForm`. */
  readonly form: string;
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
 */
export function missingPatterns(
  existing: ExistingTemplate | null,
  patterns: readonly string[],
  form: TemplateForm,
): readonly string[] | null {
  const there = new Set(existing?.patterns);
  const missing = [...new Set(patterns)].filter((pattern) => !there.has(pattern));
  if (missing.length > 0) return missing;
  return existing === null || there.size === 0 || isAsOurs(existing, form) ? null : [];
}

function isAsOurs(existing: ExistingTemplate, form: TemplateForm): boolean {
  if (existing.version !== templateVersion) return existing.version > templateVersion;
  return existing.form === describeForm(form);
}

/**
 * Patterns are only ever added: other hosts, and topics that come back, need theirs. A later version keeps its form: its
 * host writes it for all.
 */
export function coveringTemplate(
  existing: ExistingTemplate | null,
  patterns: readonly string[],
  form: TemplateForm = fullForm,
): IndexTemplate {
  const body = existing !== null && existing.version > templateVersion ? existing.body : bodyOf(form);
  return { ...body, index_patterns: [...new Set([...(existing?.patterns ?? []), ...patterns])].sort() };
}

function bodyOf(form: TemplateForm): object {
  return {
    // Above Elasticsearch's own `logs-*-*` (100), and below what a user would add for one topic (200 and more).
    priority: 150,
    version: templateVersion,
    _meta: {
      description: "Log records moved by Penstock; index patterns are only ever added",
      managed_by: "penstock",
      form: describeForm(form),
    },
    template: { aliases: { [recordsAlias]: {} }, ...templateBody(form) },
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
