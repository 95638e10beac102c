import { nearestName } from "../base/nearest-name.ts";
import { isObject } from "../json/object.ts";
import { formerNames } from "../yaml/faults.ts";
import { declarationSchema } from "../config/schema.ts";
import { cut } from "../yaml/problem.ts";

/** An entry without other programs' fields. */
export interface OwnEntry {
  readonly entry: unknown;
  /** The names of those fields, up to a limit. */
  readonly ignored: readonly string[];
}

const KNOWN: readonly string[] = Object.keys(declarationSchema.shape);
/** The names that agents use for the path of their file, ignoring case and underscores. */
const PATH_NAMES: ReadonlySet<string> = new Set(["filepath", "logpath"]);
/** Limited because responses contain them. */
const MOST_LISTED = 20;
/** The number of foreign names compared with ours in one etcd value: programs have few, and comparing takes time. */
const MOST_COMPARED = 1_000;

/** Whether a name resembles one of ours, or was one in the past. */
export type IsSlip = (name: string) => boolean;

/** For one etcd value. Caches, because the names are mostly the same in each entry. */
export function createIsSlip(): IsSlip {
  const known = new Map<string, boolean>();
  return (name) => {
    const isOurs = (): boolean => formerNames.has(name) || nearestName(name, KNOWN) !== null;
    const answer = known.get(name) ?? (known.size < MOST_COMPARED && isOurs());
    known.set(name, answer);
    return answer;
  };
}

/**
 * An etcd key may be shared with the agent that reads the log files. That agent's fields (`service`, `send_rate`) are
 * dropped and reported. A name that resembles one of ours, or was one, is kept in order to be refused: it is probably a
 * slip, which must not go unnoticed. If there is no `path`, the agent's name for it is used.
 */
export function ownEntry(raw: unknown, isSlip: IsSlip): OwnEntry {
  if (!isObject(raw)) return { entry: raw, ignored: [] };
  const own = new Map<string, unknown>();
  const foreign: string[] = [];
  let { path } = raw;
  for (const [name, value] of Object.entries(raw)) {
    if (name === "path") continue;
    if (PATH_NAMES.has(name.toLowerCase().replaceAll("_", "")) && path === undefined) path = value;
    else if (KNOWN.includes(name) || isSlip(name)) own.set(name, value);
    else foreign.push(name);
  }
  if (path !== undefined) own.set("path", path);
  return { entry: Object.fromEntries(own), ignored: foreign.slice(0, MOST_LISTED).map((name) => cut(name)) };
}
