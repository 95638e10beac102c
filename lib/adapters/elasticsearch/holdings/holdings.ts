import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import { counted } from "../../../rules/base/units.ts";
import { dayIn } from "../../../rules/model/names.ts";
import { absentHoldings, type Holdings, unknownHoldings } from "../../../rules/progress/holdings.ts";
import type { Elasticsearch } from "../client.ts";
import { getFrom } from "../names/asking.ts";
import { readRetentions } from "./lifecycles.ts";
import { findMembers, type Members } from "./members.ts";
import { missingPrivileges } from "./privileges.ts";
import { type IndexSize, readSizes } from "./sizes.ts";
import { readSpans, type SpanAnswer, type SpanQuestion } from "./spans.ts";

/** What a target holds, and how much of it is of each topic that was asked for. */
export interface TargetHoldings {
  readonly holdings: Holdings;
  /** Documents by topic; empty if only one was asked for, or if they are not known. */
  readonly documentsOf: ReadonlyMap<string, number>;
}

/**
 * Asks what targets hold, all together: names are resolved and sized by as many as a URL takes, searches are one request.
 * What the user may not see is null, with the reason.
 * @param targets the topics that are written to each `index` of a specification
 * @throws PenstockError `elasticsearch_unavailable`, or `elasticsearch_refused` if names cannot be resolved at all
 */
export async function readHoldings(
  elasticsearch: Pick<Elasticsearch, "ask" | "askForText">,
  targets: ReadonlyMap<string, readonly string[]>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TargetHoldings>> {
  const get = getFrom(elasticsearch, signal);
  const names = [...targets.keys()];
  const members = await findMembers(get, names);
  const present = names.filter((name) => members.get(name)?.kind !== "absent");
  const streams = present.filter((name) => members.get(name)?.kind === "data stream");
  const refused = new Map<string, string>();
  const [sizes, retentions] = await Promise.all([
    orRefusal(readSizes(get, present)),
    orRefusal(readRetentions(get, streams, (error, name) => void refused.set(name, messageOf(error)))),
  ]);
  const found = present.map((name) => foundTarget(name, members.get(name), sizes, targets.get(name) ?? []));
  const asked = found.flatMap(({ span, shares }) => [span ?? [], shares ?? []].flat());
  const spans = await orRefusal(readSpans(elasticsearch, asked, signal));
  const answerTo = (question: SpanQuestion | null): SpanAnswer | null => {
    if (question === null) return null;
    if ("refusal" in spans) return { failure: spans.refusal };
    return spans.value[asked.indexOf(question)] ?? null;
  };

  const held = new Map<string, TargetHoldings>();
  const doubtful = names.filter((name) => !present.includes(name));
  for (const one of found) {
    const { name, kind } = one;
    const span = answerTo(one.span);
    if (kind === "data stream" && "refusal" in retentions) refused.set(name, retentions.refusal);
    const faults = [...one.faults, ...failureOf(span), ...[refused.get(name) ?? []].flat()];
    const [from = null, to = null] = span !== null && "values" in span ? span.values : [];
    const { documents, bytes } = one;
    held.set(name, {
      holdings: {
        kind,
        generations: one.generations,
        documents,
        bytes,
        from,
        to,
        retentionMs: "value" in retentions ? (retentions.value.get(name) ?? null) : null,
        reason: faults.length === 0 ? null : [...new Set(faults)].join("; "),
      },
      documentsOf: countsOf(one.shares, answerTo(one.shares)),
    });
    if (documents === null || (documents > 0 && from === null)) doubtful.push(name);
  }
  if (doubtful.length === 0) return held;
  // Elasticsearch leaves out what the user may not see, as if it did not exist.
  const missing = await missingPrivileges(elasticsearch, doubtful, signal);
  for (const name of doubtful) {
    const lacks = missing.get(name) ?? null;
    const known = held.get(name);
    if (known === undefined)
      held.set(name, {
        holdings: lacks === null ? absentHoldings() : unknownHoldings(lacks),
        documentsOf: new Map(),
      });
    else if (lacks !== null) held.set(name, { ...known, holdings: { ...known.holdings, reason: lacks } });
  }
  return held;
}

/** What is known of a target before its documents are searched. */
interface FoundTarget {
  readonly name: string;
  readonly kind: Members["kind"];
  readonly generations: number;
  readonly documents: number | null;
  readonly bytes: number | null;
  /** Null if no document can be searched. */
  readonly span: SpanQuestion | null;
  /** Null if the target belongs to one topic. */
  readonly shares: SpanQuestion | null;
  readonly faults: readonly string[];
}

function foundTarget(
  name: string,
  members: Members | undefined,
  sizes: Answered<ReadonlyMap<string, IndexSize>>,
  topics: readonly string[],
): FoundTarget {
  const { kind, indices } = members ?? { kind: "absent", indices: [] };
  const faults: string[] = "refusal" in sizes ? [sizes.refusal] : [];
  const known = "value" in sizes ? indices.flatMap((index) => sizes.value.get(index) ?? []) : [];
  const lacking = indices.length - known.length;
  if ("value" in sizes && lacking > 0)
    faults.push(
      `Elasticsearch has no sizes of ${lacking} of ${counted(indices.length, "index", "indices")}: a primary shard is not assigned`,
    );
  const closed = known.filter((size) => size.closed).length;
  if (closed > 0)
    faults.push(
      `${closed} of ${counted(indices.length, "index", "indices")} ${closed === 1 ? "is" : "are"} closed: from and to leave out their documents`,
    );
  const searched =
    "value" in sizes ? indices.filter((index) => isSearchable(sizes.value.get(index))) : indices;
  // The first and the last day have the first and the last time: a month of days would be thirty shards for nothing.
  const ends = kind === "dated indices" ? [...new Set([searched.at(0), searched.at(-1)])] : searched;
  const days = kind === "indices by field" ? searched.map((index) => dayIn(name, index)).sort() : [];
  const within = ends.flatMap((index) =>
    index === undefined || (days.length > 0 && !isEnd(days, dayIn(name, index))) ? [] : index,
  );
  return {
    name,
    kind,
    faults,
    generations: indices.length,
    documents: lacking > 0 ? null : sum(known.map((size) => size.documents)),
    bytes: lacking > 0 ? null : sum(known.map((size) => size.bytes)),
    span: within.length === 0 ? null : { indices: within, topics: null },
    shares: searched.length === 0 || topics.length < 2 ? null : { indices: searched, topics },
  };
}

function isEnd(sorted: readonly string[], day: string): boolean {
  return day === sorted.at(0) || day === sorted.at(-1);
}

/** An index without sizes may still be searched. */
function isSearchable(size: IndexSize | undefined): boolean {
  return size === undefined || (!size.closed && size.documents > 0);
}

function countsOf(shares: SpanQuestion | null, answer: SpanAnswer | null): ReadonlyMap<string, number> {
  if (answer === null || !("values" in answer)) return new Map();
  const topics = shares?.topics ?? [];
  return new Map(topics.flatMap((topic, place) => pair(topic, answer.values[place])));
}

function pair(topic: string, count: number | null | undefined): [string, number][] {
  return count === null || count === undefined ? [] : [[topic, count]];
}

function failureOf(answer: SpanAnswer | null): readonly string[] {
  return answer !== null && "failure" in answer ? [answer.failure] : [];
}

type Answered<T> = { readonly value: T } | { readonly refusal: string };

/** A refusal is about one question alone. @throws what else the question throws */
async function orRefusal<T>(answer: Promise<T>): Promise<Answered<T>> {
  try {
    return { value: await answer };
  } catch (error) {
    if (error instanceof PenstockError && error.code === "elasticsearch_refused")
      return { refusal: error.message };
    throw error;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
