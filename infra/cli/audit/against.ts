import { auditAgainst, type AuditAgainst } from "../../../functions/audit-against.ts";
import { createElasticsearch } from "../../../lib/adapters/elasticsearch/client.ts";
import { createFailureStores } from "../../../lib/adapters/elasticsearch/failure-store/failure-stores.ts";
import { openForeignIndex } from "../../../lib/adapters/elasticsearch/topic-snapshot/foreign-index.ts";
import { createKafkaOffsets } from "../../../lib/adapters/kafka/queries/offsets.ts";
import { readSpans } from "../../../lib/adapters/kafka/queries/span-reader.ts";
import { usage } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { Settings } from "../../../lib/rules/model/settings.ts";
import type { AgainstCommand } from "./arguments.ts";

export interface AgainstRun extends Pick<AgainstCommand, "topic" | "index" | "position" | "group"> {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/** Compares a topic with an index that another tool filled. @throws as `auditAgainst` does, and `topic_missing` */
export async function runAgainst(run: AgainstRun): Promise<AuditAgainst> {
  const { settings, topic, index, position, group, logger, signal, onProgress } = run;
  const { kafka } = settings;
  const elasticsearch = createElasticsearch(settings.elasticsearch, { logger });
  const offsets = createKafkaOffsets(kafka, logger);
  try {
    const committed = group === null ? null : await offsets.committed(group, topic, signal);
    if (committed !== null && [...committed.values()].every(({ offset }) => offset === null))
      throw usage(`--group: group "${group}" has committed nothing for topic "${topic}"`);
    // Before the index is opened: what is written later is not missing.
    const log = await offsets.ranges(topic, signal);
    const opened = await openForeignIndex(elasticsearch, index, signal);
    try {
      return await auditAgainst(
        {
          topic,
          index,
          log,
          committed:
            committed && new Map([...committed].map(([partition, { offset }]) => [partition, offset])),
          position,
        },
        {
          index: opened,
          failureStores: createFailureStores(elasticsearch),
          signal,
          readSpans: (spans, onBatch) => readSpans({ kafka, topic, logger }, spans, onBatch, signal),
          onProgress,
        },
      );
    } finally {
      await opened.close();
    }
  } finally {
    await Promise.allSettled([elasticsearch.close(), offsets.close()]);
  }
}
