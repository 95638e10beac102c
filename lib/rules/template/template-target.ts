import type { Specification } from "../model/declaration.ts";
import { indexPatternOf } from "../model/names.ts";
import { streamTemplateName, type StreamTarget } from "./stream-template.ts";

/** What a template has to cover before a topic is written: the pattern of its indices, or its data stream. */
export type TemplateTarget = string | StreamTarget;

/** Identifies a target, also in a bulk: the pattern itself, or the name of the stream's template. */
export function targetKey(target: TemplateTarget): string {
  return typeof target === "string" ? target : streamTemplateName(target.stream);
}

export function templateTargetOf({
  index,
  dataStream,
  retention,
}: Pick<Specification, "index" | "dataStream" | "retention">): TemplateTarget {
  return dataStream === null ? indexPatternOf(index) : { stream: dataStream, retention };
}

/** The key of a topic's target. */
export function templateKeyOf(spec: Parameters<typeof templateTargetOf>[0]): string {
  return targetKey(templateTargetOf(spec));
}

/** The targets of these topics, each once. */
export function templateTargetsOf(specs: Iterable<Specification>): TemplateTarget[] {
  const targets = new Map<string, TemplateTarget>();
  for (const spec of specs) targets.set(templateKeyOf(spec), templateTargetOf(spec));
  return [...targets.values()];
}
