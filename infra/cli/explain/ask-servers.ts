import { type ExplainDeps, type ExplainInput, explainTopic } from "../../../functions/explain-topic.ts";
import type { Explanation, LetterCount } from "../../../lib/rules/explanation/explanation.ts";
import { readDeadLetters } from "../../../functions/replay-dead-letters/read-dead-letters.ts";
import { createElasticsearchDiagnosis } from "../../../lib/adapters/elasticsearch/diagnosis/diagnosis.ts";
import type { KafkaLinks } from "../../../lib/adapters/kafka/client/links.ts";
import { createOrderStore } from "../../../lib/adapters/kafka/orders/order-store.ts";
import { createKafkaDiagnosis } from "../../../lib/adapters/kafka/queries/diagnosis.ts";
import { createKafkaOffsets } from "../../../lib/adapters/kafka/queries/offsets.ts";
import { createRecordReader } from "../../../lib/adapters/kafka/queries/record-reader.ts";
import { createKafkaWire } from "../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { systemTime } from "../../../lib/adapters/system/system-time.ts";
import { abortable } from "../../../lib/rules/base/abortable.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { Settings } from "../../../lib/rules/model/settings.ts";

const QUESTION_MS = 10_000;
const CLOSE_MS = 10_000;
/** Beyond these letters, the count says that there are more. */
const NEWEST_LETTERS = 20_000;
const LETTERS_MS = 5_000;

/** Of a process that goes on afterwards. */
export interface AskServersOptions extends Partial<Pick<ExplainDeps, "currentOwners">> {
  /** Shared by the Kafka clients of the process. */
  readonly links?: KafkaLinks;
  /** Time limit for closing the connections. */
  readonly closeMs?: number;
}

/** Explains a topic over connections of its own, which are closed at the end. @throws the signal's reason */
export async function explainByServers(
  input: ExplainInput,
  logger: Logger,
  signal: AbortSignal,
  { links, closeMs = CLOSE_MS, currentOwners = () => Promise.resolve(null) }: AskServersOptions = {},
): Promise<Explanation> {
  const { settings } = input;
  const kafka = createKafkaDiagnosis(settings.kafka, logger, links);
  const wire = createKafkaWire(settings.kafka, logger, links);
  const holds = createOrderStore(wire, settings.kafka.group, "holds", systemTime);
  const offsets = createKafkaOffsets(settings.kafka, logger, wire);
  const elasticsearch = createElasticsearchDiagnosis(settings.elasticsearch);
  const deps: ExplainDeps = {
    kafka,
    offsets,
    elasticsearch,
    readHolds: (until) => holds.read(until),
    countLetters: (topic, until) =>
      countLetters(topic, settings, createRecordReader(settings.kafka, logger, links), until),
    currentOwners,
    now: () => Date.now(),
    signal,
    deadline: () => AbortSignal.timeout(QUESTION_MS),
  };
  try {
    return await explainTopic(input, deps);
  } finally {
    const closing = Promise.allSettled([kafka.close(), wire.close(), elasticsearch.close()]);
    await Promise.allSettled([abortable(closing, AbortSignal.timeout(closeMs))]);
  }
}

async function countLetters(
  topic: string,
  { deadLetters }: Settings,
  reader: ReturnType<typeof createRecordReader>,
  signal: AbortSignal,
): Promise<LetterCount> {
  let letters = 0;
  const { complete } = await readDeadLetters(
    {
      topic: deadLetters.topic,
      filter: { topic, error: null, sinceMs: null },
      newest: NEWEST_LETTERS,
    },
    {
      reader,
      onProgress: () => {},
      signal,
      deadline: AbortSignal.timeout(LETTERS_MS),
    },
    async (batch) => {
      letters += batch.length;
    },
  );
  return { letters, complete };
}
