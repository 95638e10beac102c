import type { ElasticsearchDiagnosis } from "../../lib/adapters/elasticsearch/diagnosis/diagnosis.ts";
import type { Check } from "../../lib/rules/diagnosis/check.ts";
import { type DeclaredStream, judgeStreams } from "../../lib/rules/diagnosis/data-streams.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { targetKey } from "../../lib/rules/template/template-target.ts";

/** The declared data streams, each once. */
export function declaredStreams(specs: readonly Specification[]): DeclaredStream[] {
  const streams = new Map<string, { stream: string; topics: string[]; retention: string | null }>();
  for (const { topic, dataStream, retention } of specs) {
    if (dataStream === null) continue;
    const stream = streams.getOrInsertComputed(dataStream, (name) => ({
      stream: name,
      topics: [],
      retention,
    }));
    stream.topics.push(topic);
  }
  return [...streams.values()];
}

/** Checks the templates of data streams without changing anything. @throws PenstockError if Elasticsearch does not tell */
export async function diagnoseStreams(
  declared: readonly DeclaredStream[],
  manageTemplates: boolean,
  elasticsearch: Pick<ElasticsearchDiagnosis, "refusedTargets" | "templates">,
  signal: AbortSignal,
): Promise<Check[]> {
  const [refused, templates] = await Promise.all([
    manageTemplates ? elasticsearch.refusedTargets(declared, signal) : new Map<string, string>(),
    elasticsearch.templates(signal),
  ]);
  const refusals = new Map(
    declared.flatMap((target) => {
      const reason = refused.get(targetKey(target));
      return reason === undefined ? [] : [[target.stream, reason] as const];
    }),
  );
  return judgeStreams(declared, { manageTemplates, refusals, templates });
}
