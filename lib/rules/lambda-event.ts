import { z } from "zod";
import { check } from "./yaml/faults.ts";
import { formatPath, showValue, type Fault, type Path } from "./yaml/problem.ts";
import { listOf, oneOf, topicName } from "./config/scalars.ts";
import { PenstockError } from "./base/errors.ts";
import type { RecordHeader, SourceRecord } from "./model/record.ts";

/**
 * The event that an AWS Lambda event source mapping for Kafka sends to its function, and the response it expects.
 * Shapes: https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
 */

/** The records of one partition, in the event's order. */
export interface PartitionBatch {
  /** `<topic>-<partition>`: its name in the event and in the response. */
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  /** At least one. */
  readonly records: readonly SourceRecord[];
}

/**
 * A partial batch response. The AWS documentation once called the first member `topic-partition`. Today the documentation
 * and AWS's own libraries use `partition`, and any other form makes Lambda resend the whole batch.
 */
export interface BatchItemFailures {
  readonly batchItemFailures: readonly {
    readonly itemIdentifier: { readonly partition: string; readonly offset: number };
  }[];
}

const bytesRule = "is not base64";
/** Base64 as Java's basic encoder writes it: padded, without line feeds. */
const bytes = z
  .string({ error: bytesRule })
  .refine(isBase64, bytesRule)
  .transform((text) => Buffer.from(text, "base64"))
  .nullish()
  .transform((value) => value ?? null)
  .meta({ description: "Base64. Absent or null: the record has none.", contentEncoding: "base64" });

/** Not `z.record`, which drops a header named `__proto__`: producers choose the names. */
const headers = z
  .unknown()
  .transform((value, context): readonly RecordHeader[] => {
    const found = readHeaders(value ?? []);
    if (Array.isArray(found)) return found;
    context.issues.push({ code: "custom", input: value, message: found.rule, path: [...found.path] });
    return z.NEVER;
  })
  .optional()
  .transform((value) => value ?? [])
  .meta({
    description: "In order, each an object of one name and its bytes; Java's bytes are signed.",
    type: ["array", "null"],
    items: {
      type: "object",
      additionalProperties: {
        type: ["array", "null"],
        items: { type: "integer", minimum: -128, maximum: 255 },
      },
    },
  });

/** Up to the largest integer that JavaScript represents exactly. */
function wholeNumber(min: number) {
  const rule = `is not a whole number from ${min} to ${Number.MAX_SAFE_INTEGER}`;
  return z.int({ error: rule }).min(min, rule);
}

/** Allows unknown members, because Lambda may add some. */
function openObject<T extends z.ZodRawShape>(shape: T) {
  return z.object(shape, { error: "is not a mapping" }).meta({ additionalProperties: true });
}

const record = openObject({
  topic: topicName,
  partition: wholeNumber(0),
  offset: wholeNumber(0),
  timestamp: wholeNumber(-1).meta({
    description: "Milliseconds since the epoch; -1 if the record has none.",
  }),
  key: bytes,
  value: bytes,
  headers,
});

export const kafkaEventSchema = openObject({
  eventSource: oneOf(["aws:kafka", "SelfManagedKafka"]),
  records: z
    .record(z.string(), listOf(record), { error: "is not a mapping" })
    .meta({ description: "By `<topic>-<partition>`." }),
});

/** Limits the listed faults: ten thousand records of an event may have the same one. */
const MAX_NAMED = 5;

/**
 * The event's records by partition, without empty partitions.
 * @param data the parsed event
 * @throws PenstockError `event_invalid`, naming places, values and rules, but never the contents of records
 */
export function parseKafkaEvent(data: unknown): readonly PartitionBatch[] {
  const checked = check(kafkaEventSchema, data);
  if (!checked.ok) throw invalid(checked.faults, data);
  // Names that `z.record` drops would otherwise count as processed.
  const left = Object.keys(recordsIn(data)).filter((name) => !Object.hasOwn(checked.value.records, name));
  const faults: Fault[] = left.map((name) => ({ path: ["records", name], rule: nameRule, about: "key" }));
  const batches = Object.entries(checked.value.records).flatMap(([name, records]): PartitionBatch[] => {
    for (const [at, { topic, partition }] of records.entries()) {
      if (name === `${topic}-${partition}`) continue;
      const rule = `does not belong here: its topic and partition are ${topic}-${partition}`;
      faults.push({ path: ["records", name, at], rule, about: "value" });
    }
    const [first] = records;
    return first === undefined
      ? []
      : [{ name, topic: first.topic, partition: first.partition, records: records.map(toRecord) }];
  });
  if (faults.length > 0) throw invalid(faults, data);
  return batches;
}

/** The response that reports these records as failed. */
export function batchItemFailures(
  failed: Iterable<{ readonly name: string; readonly offsets: readonly number[] }>,
): BatchItemFailures {
  const failures = [...failed].flatMap(({ name, offsets }) =>
    offsets.map((offset) => ({ itemIdentifier: { partition: name, offset } })),
  );
  return { batchItemFailures: failures };
}

const nameRule = "is not <topic>-<partition>";

function toRecord({ topic: _topic, ...fields }: z.infer<typeof record>): SourceRecord {
  return fields;
}

function recordsIn(data: unknown): object {
  const records: unknown = typeof data === "object" && data !== null && "records" in data ? data.records : {};
  return typeof records === "object" && records !== null ? records : {};
}

function invalid(faults: readonly Fault[], data: unknown): PenstockError {
  const named = faults.slice(0, MAX_NAMED).map(({ path, rule, about }) => {
    const place = path.length === 0 ? "the event" : formatPath(path);
    const shown = about === "value" && !holdsContents(path) ? `: ${showValue(valueAt(data, path))}` : "";
    return `${place}${shown} ${rule}`;
  });
  const more = faults.length > MAX_NAMED ? `; and ${faults.length - MAX_NAMED} more` : "";
  return new PenstockError("event_invalid", `${named.join("; ")}${more}`);
}

/** `records[name][at].key`, `.value` and `.headers…`, which may be confidential. */
function holdsContents(path: Path): boolean {
  return ["key", "value", "headers"].includes(String(path[3]));
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, segment) =>
      typeof value === "object" && value !== null ? Reflect.get(value, segment) : undefined,
    data,
  );
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function readHeaders(value: unknown): RecordHeader[] | Pick<Fault, "path" | "rule"> {
  if (!Array.isArray(value)) return { path: [], rule: "is not a list" };
  const found: RecordHeader[] = [];
  for (const [at, entry] of value.entries()) {
    if (typeof entry !== "object" || entry === null || Array.isArray(entry))
      return { path: [at], rule: "is not a mapping" };
    for (const [name, content] of Object.entries(entry)) {
      const isBytes = Array.isArray(content) && content.every(isByte);
      if (!isBytes && content !== null) return { path: [at, name], rule: "is not a list of bytes" };
      found.push({ name, value: isBytes ? Buffer.from(content) : null });
    }
  }
  return found;
}

function isByte(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= -128 && Number(value) <= 255;
}
