import { nearestName } from "../base/nearest-name.ts";
import { isObject } from "../json/object.ts";
import { formerNames } from "../yaml/faults.ts";
import { declarationSchema } from "../config/schema.ts";
import { cut } from "../yaml/problem.ts";

/** An entry as hosts read it. */
export interface OwnEntry {
  readonly entry: unknown;
  /** Names of its fields that are somebody else's, the first of them. */
  readonly ignored: readonly string[];
}

const KNOWN: readonly string[] = Object.keys(declarationSchema.shape);
/** How agents name the file that they read, letter case and underscores aside. */
const PATH_NAMES: ReadonlySet<string> = new Set(["filepath", "logpath"]);
/** They stand in answers. */
const MOST_TOLD = 20;
/** Other names that are compared with ours, for one value of etcd: a program has few, and comparing takes time. */
const MOST_COMPARED = 1_000;

/** Whether a name is nearly one of ours, or was one. */
export type IsSlip = (name: string) => boolean;

/** For one value of etcd, the names in which are mostly the same in each entry. */
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
 * An etcd key may be shared with the agent that reads the log files, whose fields (`service`, `send_rate`) are none of ours: they
 * are left out, and told. Only what is nearly a name of ours, or was one, is kept, to be refused: that is a slip, and would
 * be silence.
 * Where there is no `path`, what such an agent calls it stands for it.
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
  return { entry: Object.fromEntries(own), ignored: foreign.slice(0, MOST_TOLD).map((name) => cut(name)) };
}
