import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import {
  isAboutPatterns,
  isDataStream,
  refusalText,
  refusedPatterns,
} from "../../../rules/template/template-refusal.ts";
import type { TemplateRefusals } from "../../../rules/template/index-template.ts";
import { errorOf } from "../transport/version.ts";

/** Enough to find two bad patterns among ten thousand by bisection: 2 × 2 × log2(10,000) is 53. */
const MAX_TRIES = 64;

/**
 * Covers as many of the patterns as Elasticsearch accepts. A pattern refused because of another template or a data
 * stream does not block the others. If the refusal does not name its patterns, they are found by bisection.
 *
 * @param put writes or simulates the template with these patterns plus those accepted before; returns null on success
 * @returns the refused patterns and why. Data streams are not among them: they need no template of ours
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused` if no single pattern is at fault
 */
export async function coverPatterns(
  patterns: readonly string[],
  put: (patterns: readonly string[]) => Promise<RequestFailure | null>,
): Promise<TemplateRefusals> {
  const refused = new Map<string, string>();
  let tries = 0;

  async function cover(some: readonly string[]): Promise<void> {
    // An empty first call still writes: the template's other content may have changed.
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
