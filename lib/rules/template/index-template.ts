import { PenstockError } from "../base/errors.ts";
import { describeForm, fullForm, templateBody, type TemplateForm } from "./template-body.ts";

/** Name of the only index template that Penstock maintains. */
export const indexTemplateName = "penstock";
/** The alias of every index that Penstock writes to and the template covers. */
export const recordsAlias = "penstock-records";

/** Raise it with every change of the template below, so that templates of older versions are replaced. */
const templateVersion = 3;

/** The stored template, as far as it matters. */
export interface ExistingTemplate {
  readonly patterns: readonly string[];
  readonly version: number;
  /** `_meta.form`, written by `describeForm`. */
  readonly form: string;
  /** The complete template. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The body of a `PUT /_index_template/penstock`. */
export interface IndexTemplate {
  readonly index_patterns: readonly string[];
  readonly [member: string]: unknown;
}

/** By pattern that Elasticsearch does not let the template cover: the reason, as one sentence. */
export type TemplateRefusals = ReadonlyMap<string, string>;

/** The patterns to add to the template. Empty if only its form has to be written, null if it can stay as it is. */
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
 * Only adds patterns: other hosts, and topics that come back, need theirs. Keeps the form of a newer version, whose host
 * writes it for all.
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

/** Why nothing may be written, as one sentence. A running topic may go on as it was declared before. */
export function templateTrouble(reason: string): string {
  return `the index template could not be set up, and until it is, the topic cannot write as declared: ${reason}`;
}

/** The cause of an error about a template that Elasticsearch, or another template, does not allow. */
export class RefusedTemplate extends Error {
  override readonly name = "RefusedTemplate";
}

/** @throws PenstockError `elasticsearch_refused`, caused by a `RefusedTemplate`, if the pattern is among those refused */
export function throwRefused(refusals: TemplateRefusals, pattern: string): void {
  const reason = refusals.get(pattern);
  if (reason === undefined) return;
  const cause = new RefusedTemplate(reason);
  throw new PenstockError("elasticsearch_refused", templateTrouble(reason), { retryable: true, cause });
}
