import { counted, countText } from "../../../lib/rules/base/units.ts";
import type { DigestResult } from "../../../functions/digest-dead-letters.ts";
import type { ReplayResult } from "../../../functions/replay-dead-letters.ts";
import type {
  FailureStoreDigest,
  StoreDigest,
} from "../../../functions/digest-dead-letters/read-failure-stores.ts";
import type { IgnoredFields } from "../../../functions/digest-dead-letters/read-ignored-fields.ts";
import { gaveWayReason, noneGaveWayText } from "../../../lib/rules/search/hits/gave-way.ts";
import { oneLine } from "../../../lib/rules/base/visible-text.ts";
import type { StateCounts } from "../../../lib/rules/dead-letters/letter-state.ts";
import type { DeadLetterDigest, DigestGroup } from "../../../lib/rules/dead-letters/dead-letter-digest.ts";

/** A reason may quote the whole document. */
const MAX_REASON_CHARACTERS = 200;

/** The result of a replay, for a person. */
export function formatReplay(result: ReplayResult, deadLetterTopic: string): string {
  const lines = [
    ...readLines(result, deadLetterTopic),
    ...count(result.indexed, "indexed"),
    ...count(result.alreadyThere, "already indexed"),
    ...count(result.skipped, "skipped: dropped by the ingest pipeline, or null"),
    ...count(
      result.elsewhere,
      "left alone: their topic is not declared to go to their index; replay them with --index",
    ),
    ...count(
      result.wouldReplay,
      "would be replayed (dry run: nothing was written; Elasticsearch may reject them again)",
    ),
    ...count(result.stillRejected, "still rejected; they stay dead letters"),
    ...count(
      result.unrecoverable,
      "unrecoverable: kept without their value, and deleted from their topic by retention",
    ),
  ];
  for (const { topic, partition, offset } of result.unrecoverablePlaces) {
    lines.push(`               topic ${oneLine(topic)}, partition ${partition}, offset ${offset}`);
  }
  const named = result.byIndex.filter(({ elsewhere }) => result.dryRun || elsewhere);
  for (const { index, letters, elsewhere } of named) {
    lines.push(
      `${countText(letters).padStart(13)}  ${elsewhere ? "left alone: " : ""}index ${oneLine(index)}`,
    );
  }
  lines.push(...clearedLines(result.failureStores));
  if (result.undeclared.length > 0) {
    const topics = result.undeclared.map(oneLine).join(", ");
    lines.push(`No longer declared, so their records were indexed as plain text: ${topics}`);
  }
  if (result.byError.groups.length > 0) {
    lines.push(
      "",
      result.dryRun ? "What would be replayed:" : "Still rejected:",
      ...groupLines(result.byError),
    );
  }
  return `${lines.join("\n")}\n`;
}

/** The digest for a person. */
export function formatDigest(result: DigestResult, deadLetterTopic: string): string {
  const { letters, states, statesProblems } = result;
  const lines = [
    ...readLines(result, deadLetterTopic),
    ...count(letters, "in the digest"),
    ...(letters === 0 ? [] : stateLines(states)),
    ...statesProblems.map((problem) => `Note: ${oneLine(problem)}.`),
  ];
  if (result.truncated) lines.push("There are more; not all were read.");
  if (result.groups.length > 0) lines.push("", ...groupLines(result));
  lines.push(...storeLines(result.failureStores), "", ...gaveWayLines(result.gaveWay));
  return `${lines.join("\n")}\n`;
}

function readLines(
  {
    read,
    filteredOut,
    doubles,
    notLetters,
    firstForeign,
  }: Pick<DigestResult, "read" | "filteredOut" | "doubles" | "notLetters" | "firstForeign">,
  deadLetterTopic: string,
): string[] {
  if (read === 0) return [`There are no dead letters in topic ${deadLetterTopic}.`];
  const lines = [
    `Read ${countText(read)} ${read === 1 ? "record" : "records"} of topic ${deadLetterTopic}:`,
    ...count(filteredOut, "excluded by --topic, --error, --since or --refused-by"),
    ...count(doubles, "doubles of dead letters already counted"),
    ...count(notLetters, "not dead letters of Penstock"),
  ];
  if (firstForeign !== null) {
    const { partition, offset, reason } = firstForeign;
    lines.push(`               the first: partition ${partition}, offset ${offset}: ${oneLine(reason)}`);
  }
  return lines;
}

/** What a replay did in failure stores; no line if there was nothing to do. */
function clearedLines({
  cleared,
  wouldClear,
  open,
  openPlaces,
  unexamined,
  problems,
}: ReplayResult["failureStores"]): string[] {
  return [
    ...count(cleared, "deleted from failure stores, since their records are in the index"),
    ...count(wouldClear, "would be deleted from failure stores, since their records are in the index"),
    ...count(
      open,
      "in failure stores and neither indexed nor dead letters: a host still tries them; penstock audit --repair brings in what it has committed",
    ),
    ...openPlaces.map(
      ({ topic, partition, offset }) =>
        `               topic ${oneLine(topic)}, partition ${partition}, offset ${offset}`,
    ),
    ...count(unexamined, "in failure stores were not looked at; run it again later"),
    ...problems.map(oneLine),
  ];
}

/** What lies in failure stores, beside the letters; no line for an empty one. */
function storeLines({ stores, problems }: FailureStoreDigest): string[] {
  const filled = stores.filter(({ ours, others }) => ours.documents + others.documents > 0);
  if (filled.length + problems.length === 0) return [];
  return [
    "",
    "In the failure stores of data streams; the host made letters of these records, indexed another form, or tries again:",
    ...filled.flatMap(storeText),
    ...problems.map(oneLine),
  ];
}

function storeText({ stream, ours, others }: StoreDigest): string[] {
  const lines = [
    `${countText(ours.documents).padStart(9)} ${ours.documents === 1 ? "document" : "documents"} of ${counted(ours.records, "record")} in that of ${oneLine(stream)}`,
  ];
  for (const { error, documents, sample } of ours.kinds) {
    const about = sample.id === null ? "" : `${oneLine(sample.id)}: `;
    lines.push(
      `${countText(documents).padStart(13)}  ${oneLine(error)}`,
      `               for example ${about}${oneLine(sample.reason.slice(0, MAX_REASON_CHARACTERS))}`,
    );
  }
  if (ours.otherKinds > 0) lines.push(`${countText(ours.otherKinds).padStart(13)}  of other kinds`);
  if (others.documents > 0)
    lines.push(
      `${countText(others.documents).padStart(13)}  of other programs, which a replay never touches`,
    );
  return lines;
}

/** Fields of indexed records that lost values. */
function gaveWayLines({ fields, problems }: IgnoredFields): string[] {
  const lines = fields.length === 0 && problems.length === 0 ? [noneGaveWayText(null)] : [];
  if (fields.length > 0)
    lines.push("Indexed with a @timestamp in the last 24 hours, but not searchable by these fields:");
  for (const one of fields) {
    const { topic, field, records, sample } = one;
    lines.push(
      `${ofTopic(records, "record", topic)}, field ${oneLine(field)}: ${gaveWayReason(one)}`,
      `           for example ${oneLine(sample.id)} in ${oneLine(sample.index)}`,
    );
  }
  for (const problem of problems)
    lines.push(`The list of such fields is incomplete: ${oneLine(problem).replace(/\.$/, "")}.`);
  return lines;
}

function groupLines({ groups, others }: DeadLetterDigest): string[] {
  const lines = groups.flatMap(groupText);
  if (others > 0) lines.push(`${countText(others).padStart(9)}  of other kinds`);
  return lines;
}

/** What is left, first. */
function stateLines({ open, resolved, unknown }: StateCounts): string[] {
  return [
    `${countText(open).padStart(9)}  open: no index has their records`,
    ...count(resolved, "resolved: an index has their records"),
    ...count(unknown, "not looked up"),
  ];
}

/** A group for a person: what it has in common, and an example. */
export function groupText({
  topic,
  index,
  field,
  error,
  count: letters,
  states,
  sample,
}: DigestGroup): string[] {
  const place = `partition ${sample.partition}, offset ${sample.offset}`;
  const { resolved } = states;
  const resolvedText =
    resolved === 0 ? "" : `; ${countText(resolved)} resolved, ${countText(letters - resolved)} left`;
  const about = field === null ? "" : `, field ${oneLine(field)}`;
  return [
    `${ofTopic(letters, "letter", topic)}, index ${oneLine(index)}${about}: ${oneLine(error)}${resolvedText}`,
    `           for example ${place}: ${oneLine(sample.reason.slice(0, MAX_REASON_CHARACTERS))}`,
    ...(sample.value === null ? [] : [`           value: ${oneLine(sample.value)}`]),
  ];
}

/** One letter may contain a whole record batch, so letters and records are counted under different names. */
function ofTopic(amount: number, what: "record" | "letter", topic: string): string {
  return `${countText(amount).padStart(9)} ${what}${amount === 1 ? "" : "s"} of topic ${oneLine(topic)}`;
}

/** No line for zero. */
function count(letters: number, what: string): string[] {
  return letters === 0 ? [] : [`${countText(letters).padStart(9)}  ${what}`];
}
