import { retentionMs } from "../model/data-stream.ts";
import { type ExistingTemplate, recordsAlias } from "./index-template.ts";
import { describeForm, templateBody, type TemplateForm } from "./template-body.ts";

/** A data stream with the retention that its template sets; null for none. */
export interface StreamTarget {
  readonly stream: string;
  readonly retention: string | null;
}

/** The alias of every data stream that Penstock sets up. An alias cannot hold indices and data streams together. */
export const streamsAlias = "penstock-streams";
/**
 * The aliases that together hold every record of the managed templates. Either may be missing: an alias exists as soon as
 * there is something to hold.
 */
export const everyAlias: readonly string[] = [recordsAlias, streamsAlias];
/** The component template with the settings and mappings of all these streams. */
export const streamComponentName = "penstock-streams";
/** The index templates of all streams, as a pattern of names. */
export const streamTemplatePattern = "penstock-stream-*";

/** The name of a stream's own index template. */
export function streamTemplateName(stream: string): string {
  return `penstock-stream-${stream}`;
}

/**
 * One above Penstock's template for indices, so that one of its patterns (`logs-*`) does not take a stream's name away.
 */
export const streamTemplatePriority = 151;

/** Raise it with every change of the bodies below, so that templates of older versions are replaced. */
const streamTemplateVersion = 1;

const managed = { managed_by: "penstock" };

/** The body of a `PUT /_component_template/penstock-streams`. */
export function streamComponent(form: TemplateForm): Readonly<Record<string, unknown>> {
  return {
    version: streamTemplateVersion,
    _meta: {
      ...managed,
      description: "Settings and mappings of the data streams that Penstock writes to",
      // The lifecycle is no part of it: a server that lacks it must not look like another form.
      form: describeForm({ ...form, without: form.without.difference(new Set(["lifecycle"])) }),
    },
    template: streamBody(form),
  };
}

/**
 * A stream's own part: its name, its lifecycle and the alias. Without a declared retention the lifecycle only rolls the
 * stream over; documents are kept for as long as the cluster's own default says.
 * @param inlined with the component's content instead of its name, for a simulation before the component exists
 */
export function streamTemplate(
  { stream, retention }: StreamTarget,
  form: TemplateForm,
  inlined = false,
): Readonly<Record<string, unknown>> {
  const lifecycle = retention === null ? {} : { data_retention: retention };
  const hasLifecycle = !form.without.has("lifecycle");
  return {
    index_patterns: [stream],
    priority: streamTemplatePriority,
    version: streamTemplateVersion,
    _meta: {
      ...managed,
      description: "A data stream that Penstock writes to",
      form: hasLifecycle ? `lifecycle, retention ${retention ?? "default"}` : "no lifecycle",
    },
    data_stream: {},
    composed_of: inlined ? [] : [streamComponentName],
    template: {
      ...(inlined && streamBody(form)),
      aliases: { [streamsAlias]: {} },
      ...(hasLifecycle && { lifecycle }),
    },
  };
}

/** Whether the stored template can stay: it is as ours would be, or of a newer version, whose host writes it for all. */
export function isUpToDate(
  existing: Pick<ExistingTemplate, "version" | "form"> | null,
  ours: Readonly<Record<string, unknown>>,
): boolean {
  if (existing === null) return false;
  if (existing.version !== streamTemplateVersion) return existing.version > streamTemplateVersion;
  return existing.form === Reflect.get(Object(ours["_meta"]), "form");
}

/** As for indices, plus what only a data stream has. */
function streamBody(form: TemplateForm): object {
  const { settings, mappings } = templateBody(form);
  const part = { type: form.without.has("constantKeyword") ? "keyword" : "constant_keyword" };
  return {
    settings: {
      // Elasticsearch 9 gives streams `logs-*-*` the mode logsdb of its own accord, which may rebuild sources from fields.
      "index.mode": "standard",
      ...settings,
    },
    mappings: {
      ...mappings,
      properties: {
        ...mappings.properties,
        // A data stream does not let its time be malformed, which the settings allow for all other fields.
        "@timestamp": { type: "date", ignore_malformed: false },
        // The first document of a backing index sets the value.
        "data_stream.type": part,
        "data_stream.dataset": part,
        "data_stream.namespace": part,
      },
    },
  };
}

/** A data stream's lifecycle as Elasticsearch shows it; null if the stream has none. */
export interface StreamLifecycle {
  readonly enabled: boolean;
  /** As written, such as `30d`; null if unlimited. */
  readonly retention: string | null;
}

/** Whether an existing stream keeps documents for another time than declared. Undeclared retention is never imposed. */
export function retentionDiffers({ retention }: StreamTarget, lifecycle: StreamLifecycle | null): boolean {
  if (retention === null) return false;
  if (lifecycle === null || !lifecycle.enabled || lifecycle.retention === null) return true;
  return retentionMs(lifecycle.retention) !== retentionMs(retention);
}
