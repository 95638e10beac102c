import { streamTemplatePriority } from "../template/stream-template.ts";

/** For a data stream whose template cannot be written. @param refusal ours (`stream-templates.ts`), or Elasticsearch's own (`template-refusal.ts`) */
export function streamRefusalRemedy(refusal: string): string {
  if (refusal.startsWith("there is an index named "))
    return "declare another dataStream, or delete that index (first reindex what you need of it)";
  if (refusal.startsWith("there is an alias named "))
    return "declare another dataStream, or remove that alias";
  if (refusal.startsWith("data streams need Elasticsearch "))
    return "upgrade Elasticsearch, or declare index instead of dataStream";
  if (/ that have the same priority \[/.test(refusal))
    return `give the other template another priority than ${streamTemplatePriority}, or declare another dataStream`;
  return "correct what the reason names, or declare another dataStream";
}

/** For an index that Penstock's template cannot cover. */
export const indexTemplateRemedy =
  "give the other template another priority (a higher one wins over Penstock's 150) or other patterns, or declare another index";
