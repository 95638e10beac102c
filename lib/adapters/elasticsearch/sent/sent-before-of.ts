import type { Logger } from "../../../rules/base/logger.ts";
import type { Time } from "../../../rules/base/time.ts";
import type { Specification } from "../../../rules/model/declaration.ts";
import type { Elasticsearch } from "../client.ts";
import { createSentRecords } from "./create-sent-records.ts";
import { SentBefore } from "./sent-before.ts";
import { createSettling } from "./settling.ts";

/**
 * For those who send records without reading their topic as a host does: finds what the topic has sent before.
 * Remembers what a target leads to, so that a concrete index is asked for once.
 */
export function createSentBeforeOf(
  elasticsearch: Pick<Elasticsearch, "ask" | "askForText" | "existingIds">,
  { time, logger }: { readonly time: Time; readonly logger: Logger },
): (spec: Specification) => SentBefore {
  const sent = createSentRecords(elasticsearch);
  const settling = createSettling({ sent, time, logger });
  const known = new Map<string, SentBefore>();
  return (spec) => {
    const key = `${spec.topic} ${spec.index}`;
    const before = known.get(key) ?? new SentBefore(spec, { sent, settling, logger });
    known.set(key, before);
    return before;
  };
}
