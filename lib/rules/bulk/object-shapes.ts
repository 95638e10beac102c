import type { JsonScanner } from "./json-scanner.ts";

/** What the names of an object's own members mean for its document. */
export interface ObjectShape {
  /** False: one of them collides with a field of ours, or stands twice, or needs to be looked at. */
  readonly plain: boolean;
  /** The member that carries the event's time; -1: none does. */
  readonly timestampAt: number;
  readonly names: readonly Buffer[];
}

const KNOWN_SHAPES = 256;
/** Roots of names that are ours (lib/rules/json-document.ts), and `__proto__`, which is no ordinary name. */
const SPECIAL = /^(?:@timestamp|kafka|tags|log\.file)(?:\.|$)|^log$|^__proto__$/;

/**
 * Judges objects by the names of their own members. Records of one topic tend to have the same ones in the same order:
 * those of the object before are compared first, and no text is made of them.
 * @param timestamp the declared field of the event's time; null: there is none
 */
export function createShapes(timestamp: string | null): (bytes: Buffer, scanner: JsonScanner) => ObjectShape {
  const known = new Map<string, ObjectShape>();
  let last: ObjectShape = { plain: false, timestampAt: -1, names: [] };

  return (bytes, scanner) => {
    if (hasNames(bytes, scanner, last.names)) return last;
    const names = Array.from({ length: scanner.count }, (_, member) =>
      bytes.toString("latin1", scanner.nameStart(member), scanner.nameEnd(member)),
    );
    const key = names.join("\0");
    const found = known.get(key);
    if (found !== undefined) return (last = found);
    if (known.size === KNOWN_SHAPES) known.clear();
    last = judge(names, timestamp);
    known.set(key, last);
    return last;
  };
}

function judge(names: readonly string[], timestamp: string | null): ObjectShape {
  const timestampAt = timestamp === null ? -1 : names.indexOf(timestamp);
  const plain =
    new Set(names).size === names.length &&
    names.every((name, member) => {
      if (member === timestampAt && name === "@timestamp") return true;
      // Beyond ASCII a name was not read as what it is.
      return name !== "" && !SPECIAL.test(name) && !/[^ -~]/.test(name);
    });
  return { plain, timestampAt, names: names.map((name) => Buffer.from(name, "latin1")) };
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
