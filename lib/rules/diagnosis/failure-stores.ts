import { counted } from "../base/units.ts";
import type { StoreContents, StoreSurvey, StreamStore } from "../dead-letters/failure-stores.ts";
import { type Check, checksOf, namesText } from "./check.ts";

const { ok, warning } = checksOf("elasticsearch");

/** The data streams among the targets, and what lies in their failure stores, as far as it was read. */
export interface FailureStoreFacts extends StoreSurvey {
  readonly contents: ReadonlyMap<string, StoreContents>;
  /** Why others could not be read, by stream. */
  readonly unread: ReadonlyMap<string, string>;
}

/** Says which data streams have a failure store, what lies there, and which privileges are missing for it. */
export function judgeFailureStores({ streams, problems, contents, unread }: FailureStoreFacts): Check[] {
  const isOff = ({ enabled, indices }: StreamStore): boolean => enabled === false && indices.length === 0;
  const without = streams.filter(isOff).map(({ stream }) => stream);
  return [
    ...(without.length === 0
      ? []
      : [ok("failure stores", `none for ${namesText(without)}: what is refused becomes dead letters only`)]),
    ...streams.filter((store) => !isOff(store)).flatMap((store) => judgeStore(store, contents, unread)),
    ...problems.map((problem) =>
      warning("failure stores", problem, "grant the privilege to the user of elasticsearch.auth"),
    ),
  ];
}

function judgeStore(
  { stream, enabled, readable, clearable, indices }: StreamStore,
  contents: ReadonlyMap<string, StoreContents>,
  unread: ReadonlyMap<string, string>,
): Check[] {
  const name = `failure store of ${stream}`;
  // Elasticsearch did not say, and a problem names the reason.
  if (enabled === null) return [];
  if (!readable)
    return [
      warning(
        name,
        "the index privilege read_failure_store is missing: refused records wait longer, and their dead letters do not say why",
        `grant read_failure_store on ${stream} to the user of elasticsearch.auth`,
      ),
    ];
  const reason = unread.get(stream);
  if (reason !== undefined)
    return [
      warning(
        name,
        `it could not be read: ${reason}`,
        `look at its shards: GET _cat/shards/.fs-${stream}-*?v`,
      ),
    ];
  const state = enabled ? "it is on" : "it is off by now";
  const held = contents.get(stream);
  // Only the first of those that are not empty are read.
  const isUnseen = held === undefined && indices.length > 0;
  const checks = [ok(name, `${state}; ${isUnseen ? "what lies there was not looked at" : heldText(held)}`)];
  if (clearable || held === undefined || held.ours.documents === 0) return checks;
  return [
    ...checks,
    warning(
      name,
      "the index privilege delete is missing on its indices: a replay cannot delete what is indexed by then",
      `grant delete on .fs-${stream}-* to the user of elasticsearch.auth`,
    ),
  ];
}

function heldText(held: StoreContents | undefined): string {
  if (held === undefined || held.ours.documents + held.others.documents === 0) return "nothing lies there";
  const { ours, others } = held;
  const foreign =
    others.documents === 0 ? "" : ` and ${countedDocuments(others.documents)} of other programs`;
  return `${countedDocuments(ours.documents)} of ${counted(ours.records, "record")}${foreign} lie there (penstock replay --digest)`;
}

function countedDocuments(documents: number): string {
  return counted(documents, "document");
}
