import type { ElasticsearchDiagnosis } from "../../lib/adapters/elasticsearch/diagnosis/diagnosis.ts";
import type { KafkaDiagnosis } from "../../lib/adapters/kafka/queries/diagnosis.ts";
import { messageOf } from "../../lib/rules/base/errors.ts";
import type { Check } from "../../lib/rules/diagnosis/check.ts";
import {
  deletesByAge,
  judgeHoldings,
  judgeLateReading,
  type ReadingFacts,
} from "../../lib/rules/diagnosis/holdings.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import type { Holdings } from "../../lib/rules/progress/holdings.ts";
import { attempt, type Bounds } from "./attempt.ts";

export interface DiagnoseHoldingsDeps extends Bounds {
  readonly kafka: Pick<KafkaDiagnosis, "oldestUnread">;
  readonly elasticsearch: Pick<ElasticsearchDiagnosis, "holdings">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface DiagnoseHoldingsInput {
  readonly specs: readonly Specification[];
  readonly group: string;
  /** Topics of Kafka; null if it does not answer. */
  readonly inKafka: ReadonlyMap<string, unknown> | null;
  /** Whether any node of Elasticsearch does. */
  readonly answers: boolean;
}

export interface HoldingsFindings {
  readonly checks: readonly Check[];
  /** What each `index` of a specification holds; empty if Elasticsearch did not say. */
  readonly held: ReadonlyMap<string, Holdings>;
}

/** Each takes a record from every partition that is behind. */
const LOOKED_AT = 20;

/** Asks what the targets hold, and whether a target deletes sooner than its topic is read. */
export async function diagnoseHoldings(
  { specs, group, inKafka, answers }: DiagnoseHoldingsInput,
  deps: DiagnoseHoldingsDeps,
): Promise<HoldingsFindings> {
  if (!answers || specs.length === 0) return { checks: [], held: new Map() };
  const indices = new Set(specs.map(({ index }) => index));
  const answer = await attempt(deps, (signal) => deps.elasticsearch.holdings([...indices], signal));
  // Another check says why Elasticsearch does not answer.
  if (!answer.ok) return { checks: [], held: new Map() };
  const held = answer.value;
  const concerned = specs.filter(({ topic, index }) => {
    const holdings = held.get(index);
    return inKafka?.has(topic) === true && holdings !== undefined && deletesByAge(holdings);
  });
  const readings = await Promise.all(
    concerned.slice(0, LOOKED_AT).map(async ({ topic, index, startAt }): Promise<ReadingFacts> => {
      // As `oldestUnread` of the rules: a partition that was never read says nothing of deleted days.
      const from = held.get(index)?.kind === "dated indices" ? "latest" : startAt;
      const found = await attempt(deps, (signal) =>
        deps.kafka.oldestUnread({ topic, group, startAt: from }, signal),
      );
      return {
        topic,
        index,
        oldestUnreadAt: found.ok ? found.value : { unknown: messageOf(found.error) },
      };
    }),
  );
  const others = Math.max(0, concerned.length - LOOKED_AT);
  const checks = [...judgeHoldings(held), ...judgeLateReading(readings, held, deps.now(), others)];
  return { checks, held };
}
