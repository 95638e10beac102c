import { quoted } from "../base/visible-text.ts";
import { mergeDeclarations } from "../declarations/desired.ts";
import { type FieldRefusal, readDeclaration } from "../declarations/etcd-value.ts";
import { type Mapping, mappingOf } from "../json/object.ts";
import type { Specification } from "../model/declaration.ts";

/** What a declaration gives a topic, or why hosts would refuse it. */
export type TriedDeclaration =
  | { readonly kind: "specification"; readonly spec: Specification }
  | { readonly kind: "refused"; readonly faults: readonly FieldRefusal[] };

/**
 * Reads the declaration that a topic is tried with, by the rules of hosts.
 * @param entry as in an etcd value; it may name the topic, a pattern that covers it, or neither
 * @param nowMs milliseconds since the epoch
 */
export function readTriedDeclaration(
  entry: unknown,
  topic: string,
  deadLetterTopic: string,
  nowMs: number,
): TriedDeclaration {
  const { topic: named = null, pattern = null } = mappingOf(entry);
  const refused = (field: string, reason: string): TriedDeclaration => ({
    kind: "refused",
    faults: [{ field, reason }],
  });
  if (typeof named === "string" && named !== topic)
    return refused("topic", `topic ${quoted(named)} is not the topic that is tried, ${quoted(topic)}`);
  const { declaration, refusals } = readDeclaration(
    named === null && pattern === null ? { ...mappingOf(entry), topic } : entry,
    deadLetterTopic,
    nowMs,
  );
  if (declaration === null || refusals.length > 0) return { kind: "refused", faults: refusals };
  const merged = mergeDeclarations([declaration], [topic], deadLetterTopic);
  const spec = merged.desired.get(topic)?.spec;
  if (spec !== undefined) return { kind: "specification", spec };
  // Its index, with the topic in it, cannot have this name.
  const [fault] = merged.refused;
  return fault === undefined
    ? refused("pattern", `pattern ${quoted(String(pattern))} does not cover topic ${quoted(topic)}`)
    : refused("index", fault.reason);
}

/**
 * An entry that says what the specification says, with other options instead of some. An option that the others rule out
 * is left out: a data stream in place of an index, JSON's options for text.
 */
export function overridden(spec: Specification, options: Mapping): Mapping {
  const { topic, index, dataStream, ...rest } = spec;
  const target = dataStream === null ? { index } : { dataStream };
  const said = new Map<string, unknown>(Object.entries({ topic, ...target, ...rest }));
  const leaveOut = (...names: readonly string[]): void => names.forEach((name) => said.delete(name));
  if (options["index"] !== undefined) leaveOut("dataStream", "retention");
  if (options["dataStream"] !== undefined) leaveOut("index");
  if ((options["format"] ?? spec.format) === "text") leaveOut("timestamp", "message", "rejected");
  return { ...Object.fromEntries([...said].filter(([, value]) => value !== null)), ...options };
}
