import { cleanName } from "../document/clean-name.ts";
import { isHalfTime } from "../event-time.ts";
import { isMetadata } from "../json-document.ts";
import type { JsonScanner } from "./json-scanner.ts";

/** What the names of an object's own members mean for its document. */
export interface ObjectShape {
  /** False: one of them collides with a field of ours, or stands twice, or needs to be looked at. */
  readonly plain: boolean;
  /** The members that may carry the event's time, in the order of the declared fields; -1: it may be within one. */
  readonly timesAt: readonly number[];
  /** The object's own `@timestamp`; -1: it has none. */
  readonly ownTimeAt: number;
  /** The own `message`; -1: it has none. */
  readonly messageAt: number;
  readonly names: readonly Buffer[];
}

const KNOWN_SHAPES = 256;
/** Roots of names that are ours (lib/rules/json-document.ts), and `__proto__`, which is no ordinary name. */
const SPECIAL = /^(?:@timestamp\.|(?:kafka|tags|log\.file)(?:\.|$))|^log$|^__proto__$/;

/**
 * Judges objects by the names of their own members. Records of one topic tend to have the same ones in the same order:
 * those of the object before are compared first, and no text is made of them.
 * @param timeFields the declared fields of the event's time
 */
export function createShapes(
  timeFields: readonly string[],
): (bytes: Buffer, scanner: JsonScanner) => ObjectShape {
  const known = new Map<string, ObjectShape>();
  let last: ObjectShape = { plain: false, timesAt: [], ownTimeAt: -1, messageAt: -1, names: [] };

  return (bytes, scanner) => {
    if (hasNames(bytes, scanner, last.names)) return last;
    const names = Array.from({ length: scanner.count }, (_, member) =>
      bytes.toString("latin1", scanner.nameStart(member), scanner.nameEnd(member)),
    );
    const key = names.join("\0");
    const found = known.get(key);
    if (found !== undefined) return (last = found);
    if (known.size === KNOWN_SHAPES) known.clear();
    last = judge(names, timeFields);
    known.set(key, last);
    return last;
  };
}

function judge(names: readonly string[], timeFields: readonly string[]): ObjectShape {
  const timesAt = timeFields.flatMap((field) => timeAt(names, field));
  const ownTimeAt = names.indexOf("@timestamp");
  const plain =
    new Set(names).size === names.length &&
    (ownTimeAt === -1 || timesAt.includes(ownTimeAt)) &&
    // Beyond ASCII a name was not read as what it is.
    names.every(
      (name) => !/[^ -~]/.test(name) && cleanName(name) === name && !SPECIAL.test(name) && !isMetadata(name),
    );
  const messageAt = names.indexOf("message");
  return { plain, timesAt, ownTimeAt, messageAt, names: names.map((name) => Buffer.from(name, "latin1")) };
}

/** None: no member has to do with the field. */
function timeAt(names: readonly string[], field: string): number[] {
  const member = names.indexOf(field);
  if (member !== -1) return [isHalfTime(field) ? -1 : member];
  const dot = field.indexOf(".");
  return dot !== -1 && names.includes(field.slice(0, dot)) ? [-1] : [];
}

function hasNames(bytes: Buffer, scanner: JsonScanner, names: readonly Buffer[]): boolean {
  if (scanner.count !== names.length) return false;
  for (let member = 0; member < names.length; member += 1) {
    const name = names[member];
    if (name === undefined) return false;
    const start = scanner.nameStart(member);
    if (scanner.nameEnd(member) - start !== name.length) return false;
    for (let at = 0; at < name.length; at += 1) if (bytes[start + at] !== name[at]) return false;
  }
  return true;
}
