import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import {
  isAboutPatterns,
  isDataStream,
  refusalText,
  refusedPatterns,
} from "../../../rules/template/template-refusal.ts";
import type { TemplateRefusals } from "../../../rules/template/index-template.ts";
import { errorOf } from "../transport/version.ts";

/** Of one search for the guilty among ten thousand patterns, two of them: twice 2 × log2. */
const MAX_TRIES = 64;

/**
 * Lets the template cover as many of the patterns as Elasticsearch takes: one that it refuses, for another template or for a data
 * stream, keeps no other out. The refusal names what it is about; where it does not, the patterns are tried in halves.
 *
 * @param put writes the template, or tries it, with these patterns and those that were taken before; null: it was taken
 * @returns why the others are not covered. A data stream is not among them: it needs no template of ours
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused` where it is not one pattern's fault
 */
export async function coverPatterns(
  patterns: readonly string[],
  put: (patterns: readonly string[]) => Promise<RequestFailure | null>,
): Promise<TemplateRefusals> {
  const refused = new Map<string, string>();
  let tries = 0;

  async function cover(some: readonly string[]): Promise<void> {
    // With none left the first try is for what changed about the template itself.
    if (some.length === 0 && tries > 0) return;
    tries += 1;
    const failure = await put(some);
    if (failure === null) return;
    if (failure.kind !== "response" || failure.status !== 400 || failure.error === null)
      throw errorOf(failure);
    const { status, error } = failure;
    const leaveOut = (guilty: readonly string[]): void => {
      for (const pattern of guilty)
        if (!isDataStream(error, pattern)) refused.set(pattern, refusalText(status, error, pattern));
    };
    const named = new Set(refusedPatterns(error, some));
    if (named.size > 0 && tries < MAX_TRIES) {
      leaveOut([...named]);
      await cover(some.filter((pattern) => !named.has(pattern)));
    } else if (!isAboutPatterns(error)) {
      throw errorOf(failure);
    } else if (some.length === 1 || tries >= MAX_TRIES) {
      leaveOut(some);
    } else {
      const half = some.length >> 1;
      await cover(some.slice(0, half));
      await cover(some.slice(half));
    }
  }

  await cover(patterns);
  return refused;
}
