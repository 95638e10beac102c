import { matchesGlob } from "../model/names.ts";
import type { TemplateRefusals } from "../template/index-template.ts";
import { streamTemplateName, streamTemplatePriority } from "../template/stream-template.ts";
import { retentionMs } from "../model/data-stream.ts";
import type { Holdings } from "../progress/holdings.ts";
import { counted, durationText } from "../base/units.ts";
import { streamRefusalRemedy } from "../remedies/template.ts";
import { streamTemplateRemedy } from "../remedies/target.ts";
import { type Check, checksOf, namesText } from "./check.ts";

const { ok, warning, failed } = checksOf("elasticsearch");

/** An index template of the cluster. */
export interface TemplateFacts {
  readonly name: string;
  readonly patterns: readonly string[];
  /** 0 if the template has none. */
  readonly priority: number;
  /** Whether it makes data streams instead of indices. */
  readonly isOfStreams: boolean;
}

/** A data stream that topics are declared with. */
export interface DeclaredStream {
  readonly stream: string;
  readonly topics: readonly string[];
  readonly retention: string | null;
}

export interface StreamFacts {
  readonly manageTemplates: boolean;
  /** By name of the stream, why Penstock's template cannot be written; empty if templates are not managed. */
  readonly refusals: TemplateRefusals;
  readonly templates: readonly TemplateFacts[];
}

/** Checks that each declared stream would get its template, and that no other template would be used instead. */
export function judgeStreams(declared: readonly DeclaredStream[], facts: StreamFacts): Check[] {
  const checks = declared.flatMap((one) => troubleOf(one, facts));
  const well = declared.length - new Set(checks.map(({ name }) => name)).size;
  return well === 0
    ? checks
    : [ok("data streams", `${counted(well, "template")} there, or can be written`), ...checks];
}

function troubleOf(
  { stream, topics, retention }: DeclaredStream,
  { manageTemplates, refusals, templates }: StreamFacts,
): Check[] {
  const name = `data stream ${stream}`;
  const declaredFor = `declared for ${namesText(topics)}`;
  const refusal = refusals.get(stream);
  if (refusal !== undefined)
    return [failed(name, `${refusal}; ${declaredFor}`, streamRefusalRemedy(refusal))];
  const used = templateFor(stream, templates);
  const isOurs = used?.name === streamTemplateName(stream);
  if (manageTemplates && (isOurs || used === null || used.priority < streamTemplatePriority)) return [];
  if (used === null)
    return [
      failed(
        name,
        `no index template makes it, and elasticsearch.manageTemplates is false; ${declaredFor}`,
        streamTemplateRemedy,
      ),
    ];
  const which = `index template ${used.name} (priority ${used.priority})`;
  if (!used.isOfStreams)
    return [
      failed(
        name,
        `${which} is used for it, which makes an index and no data stream; ${declaredFor}`,
        "add data_stream to that template, or lower its priority",
      ),
    ];
  if (manageTemplates)
    return [
      warning(
        name,
        `${which} is used for it instead of Penstock's (${streamTemplatePriority}): its mappings and retention count`,
        "lower its priority, or leave it if that is intended",
      ),
    ];
  if (retention === null) return [];
  return [
    warning(
      name,
      `its retention of ${retention} is not applied, because elasticsearch.manageTemplates is false`,
      `set lifecycle.data_retention in ${used.name}, or remove retention from the declaration`,
    ),
  ];
}

/** Checks that existing streams keep documents as long as declared. @param held what each target holds */
export function judgeRetentions(
  declared: readonly DeclaredStream[],
  held: ReadonlyMap<string, Holdings>,
): Check[] {
  return declared.flatMap(({ stream, topics, retention }) => {
    const holdings = held.get(stream);
    if (retention === null || holdings?.kind !== "data stream" || holdings.reason !== null) return [];
    const ms = holdings.retentionMs;
    if (ms === retentionMs(retention)) return [];
    const kept = ms === null ? "it does not delete by age" : `it keeps documents for ${durationText(ms)}`;
    return [
      warning(
        `retention of ${stream}`,
        `${kept}, and ${retention} is declared for ${namesText(topics)}`,
        "a host changes it when the topic starts; if one runs, its log says why it could not: grant manage_data_stream_lifecycle, or change the stream's lifecycle yourself",
      ),
    ];
  });
}

/** The template that Elasticsearch uses for a new index or data stream: of those that match, that of the highest priority. */
export function templateFor(name: string, templates: readonly TemplateFacts[]): TemplateFacts | null {
  let used: TemplateFacts | null = null;
  for (const template of templates) {
    const matches = template.patterns.some((pattern) => matchesGlob(pattern, name));
    if (matches && (used === null || template.priority > used.priority)) used = template;
  }
  return used;
}
