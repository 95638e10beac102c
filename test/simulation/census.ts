import { documentId } from "../../lib/rules/documents/document-id.ts";
import { parseCommitNote } from "../../lib/rules/offsets/checkpoint.ts";
import {
  type Census,
  type CountedRecord,
  hasOutcome,
  type PartitionCount,
  type TopicCount,
} from "./census-counts.ts";

/** An empty census. */
export function createCensus(): Census {
  const topics = new Map<string, TopicCount>();
  const byId = new Map<string, { readonly topic: TopicCount; readonly record: CountedRecord }>();
  const byIndex = new Map<string, Set<CountedRecord>>();
  const violations: string[] = [];
  const counts = { records: 0, written: 0, letters: 0 };

  const topicOf = (name: string): TopicCount => {
    const topic = topics.get(name);
    if (topic === undefined) throw new Error(`no topic ${name}`);
    return topic;
  };

  const partitionOf = ({ incarnations }: TopicCount, partition: number): PartitionCount => {
    const present = incarnations.at(-1)?.partitions;
    let count = present?.get(partition);
    if (count === undefined) {
      count = {
        records: [],
        logStart: 0,
        end: 0,
        known: 0,
        committed: null,
        committedOrder: 0,
        setBack: false,
      };
      present?.set(partition, count);
    }
    return count;
  };

  /** @returns why this offset must not be committed for this log; null if it may */
  const unfounded = (count: PartitionCount, offset: number): string | null => {
    if (offset > count.end) return `the log ends at ${count.end}`;
    const { records } = count;
    for (; count.known < records.length; count.known += 1) {
      const record = records[count.known];
      if (record === undefined || record.offset >= offset) return null;
      if (record.offset >= count.logStart && !hasOutcome(record))
        return `record ${record.offset} (${record.kind}, transaction ${record.transacted}) has no outcome`;
    }
    return null;
  };

  /** The logs a commit may refer to, the likeliest first. */
  const logsOf = (topic: TopicCount, partition: number, metadata: string | null): PartitionCount[] => {
    const logs = topic.incarnations
      .flatMap((incarnation) => incarnation.partitions.get(partition) ?? [])
      .toReversed();
    const { last } = parseCommitNote(metadata);
    if (last === null) return logs;
    const holding = logs.filter(({ records }) =>
      records.some(({ offset, timestamp }) => offset === last.offset && timestamp === last.timestamp),
    );
    return holding.length > 0 ? holding : logs;
  };

  return {
    violations,
    counts,
    created(name) {
      const topic = topics.get(name) ?? { incarnations: [] };
      topics.set(name, topic);
      topic.incarnations.push({ partitions: new Map() });
    },
    appended(name, { partition, offset, timestamp, kind, transacted }) {
      const topic = topicOf(name);
      const record: CountedRecord = {
        partition,
        offset,
        timestamp,
        kind,
        transacted,
        index: null,
        vanished: false,
        letters: 0,
      };
      const count = partitionOf(topic, partition);
      count.records.push(record);
      count.end = offset + 1;
      counts.records += 1;
      byId.set(documentId(name, record), { topic, record });
    },
    extended(name, partition, end) {
      const count = partitionOf(topicOf(name), partition);
      count.end = Math.max(count.end, end);
    },
    ended(name, partition, offsets, as) {
      for (const record of partitionOf(topicOf(name), partition).records)
        if (offsets.has(record.offset)) record.transacted = as;
    },
    expired(name, partition, logStart) {
      const count = partitionOf(topicOf(name), partition);
      count.logStart = Math.max(count.logStart, logStart);
    },
    truncated(name, partition, end) {
      const { incarnations } = topicOf(name);
      const before = incarnations.at(-1)?.partitions ?? new Map<number, PartitionCount>();
      const after = new Map(
        [...before].map(([number, count]) => [number, { ...count, records: [...count.records] }]),
      );
      const cut = after.get(partition);
      if (cut !== undefined) {
        const records = cut.records.filter(({ offset }) => offset < end);
        after.set(partition, {
          ...cut,
          records,
          end,
          known: Math.min(cut.known, records.length),
          committed: null,
          committedOrder: 0,
          setBack: false,
        });
      }
      incarnations.push({ partitions: after });
    },
    written(index, id) {
      const found = byId.get(id);
      if (found === undefined) {
        violations.push(`index ${index}: document ${id} is of no record`);
        return;
      }
      const { record } = found;
      if (record.kind !== "fit" || record.transacted === "open" || record.transacted === "aborted")
        violations.push(
          `index ${index}: document ${id} is of a record that is ${record.kind}, transaction ${record.transacted}`,
        );
      if (record.index !== null)
        violations.push(`document ${id} stands in index ${record.index} and in index ${index}`);
      record.index = index;
      counts.written += 1;
      const records = byIndex.get(index) ?? new Set();
      byIndex.set(index, records.add(record));
    },
    indexLost(index) {
      for (const record of byIndex.get(index) ?? []) {
        record.vanished = true;
        record.index = null;
      }
      byIndex.delete(index);
    },
    letter(about) {
      const found = byId.get(documentId(about.topic, about));
      const name = `${about.topic}:${about.partition}:${about.offset}`;
      if (found === undefined) violations.push(`a dead letter is of no record: ${name}`);
      else {
        const { record } = found;
        counts.letters += 1;
        record.letters += 1;
        if (record.kind !== "unfit" || record.transacted === "open" || record.transacted === "aborted")
          violations.push(
            `a dead letter is of record ${name}, which is ${record.kind}, transaction ${record.transacted}`,
          );
      }
    },
    committed(name, partition, offset, metadata, order) {
      const topic = topics.get(name);
      const place = `commit of ${name}:${partition} at ${offset}`;
      // A log without any writes counts, too.
      if (topic !== undefined) partitionOf(topic, partition);
      const logs = topic === undefined ? [] : logsOf(topic, partition, metadata);
      const reasons: string[] = [];
      for (const log of logs) {
        const reason = unfounded(log, offset);
        if (reason === null) {
          const before = log.committed ?? 0;
          // A closed connection may still deliver earlier requests, however late.
          log.setBack = offset < before && order < log.committedOrder;
          if (log.setBack) return;
          log.committedOrder = order;
          if (logs.length === 1 && offset < before)
            violations.push(`${place}: it was committed up to ${before} before`);
          log.committed = offset;
          return;
        }
        reasons.push(reason);
      }
      violations.push(`${place}: ${reasons[0] ?? "there is no such topic"}`);
    },
    setBack(name, partition) {
      const { setBack, committed } = partitionOf(topicOf(name), partition);
      return setBack ? committed : null;
    },
    done: (name, partition, from) =>
      partitionOf(topicOf(name), partition)
        .records.filter(({ offset, index, letters }) => offset >= from && (index !== null || letters > 0))
        .map(({ offset }) => offset),
    open(names) {
      const open: string[] = [];
      for (const name of names) {
        for (const [partition, count] of topicOf(name).incarnations.at(-1)?.partitions ?? []) {
          for (const record of count.records)
            if (record.offset >= count.logStart && record.transacted !== "open" && !hasOutcome(record))
              open.push(`${name}:${partition}:${record.offset} (${record.kind})`);
        }
      }
      return open;
    },
  };
}
