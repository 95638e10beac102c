import { cleanName } from "../../documents/clean-name.ts";
import { levelNames } from "../../documents/level.ts";
import { isHalfTime } from "../../time/event-time.ts";
import { isMetadata } from "../../json/json-document.ts";
import { lineFields } from "../../documents/line.ts";
import { createLevelReader, hasLevelSign, levelOrder } from "../../level/log-level.ts";
import type { JsonScanner } from "./json-scanner.ts";

/** What the names of an object's own members mean for its document. Members are given by position; -1 means none. */
export interface ObjectShape {
  /** False if a name collides with a field of ours, occurs twice, or needs the document encoder. */
  readonly plain: boolean;
  /** The members that may have the event's time, in the order of the declared fields; -1 if it may be inside one. */
  readonly timesAt: readonly number[];
  /** The object's own `@timestamp`. */
  readonly ownTimeAt: number;
  /** The members with the values of the fields in the index's name, and the path within each; null if it has none. */
  readonly namedAt: readonly ({ readonly member: number; readonly path: string } | null)[];
  readonly messageAt: number;
  /** `log`, which contains a container's text. */
  readonly logAt: number;
  /** The declared field that contains the line. */
  readonly declaredLine: FieldPlace | null;
  /** The other members that may contain the line, in order of precedence. */
  readonly lines: readonly FieldPlace[];
  /** The members that may contain the level, in order of precedence. */
  readonly levels: readonly LevelPlace[];
  /** The object's own `log.level`. */
  readonly ownLevelAt: number;
  /** Whether it has `host`, or a field in it. */
  readonly hasHost: boolean;
  readonly names: readonly Buffer[];
}

export interface FieldPlace {
  readonly member: number;
  /** True if the field is inside the member, which must then be an object. */
  readonly isWithin: boolean;
}

export interface LevelPlace {
  readonly member: number;
  readonly read: ReturnType<typeof createLevelReader>;
}

const KNOWN_SHAPES = 256;
/** Roots of our own names (lib/rules/json/json-document.ts), and `__proto__`, which objects treat specially. */
const SPECIAL = /^(?:@timestamp\.|(?:kafka|tags|log\.file)(?:\.|$))|^__proto__$/;

/** `data_stream` is ours too in a document of a data stream. */
const SPECIAL_IN_STREAM = /^data_stream(?:\.|$)/;

/** The parts of a specification that determine what names mean. */
export interface ShapeOptions {
  /** The declared fields of the event's time. */
  readonly timeFields: readonly string[];
  /** The fields in the index's name. */
  readonly named: readonly string[];
  /** The declared field of the line; null if only `message`. */
  readonly lineField: string | null;
  /** True if the documents are written to a data stream. */
  readonly isStream: boolean;
}

/**
 * Judges objects by the names of their own members. Records of one topic tend to have the same names in the same order,
 * so the previous shape is compared first, then the known ones. Only a new shape creates strings.
 */
export function createShapes(options: ShapeOptions): (bytes: Buffer, scanner: JsonScanner) => ObjectShape {
  /** By the hash of their names. If two collide, the later one stays. */
  const known = new Map<number, ObjectShape>();
  let last = judge([], options);

  return (bytes, scanner) => {
    if (hasNames(bytes, scanner, last.names)) return last;
    const hash = hashOf(bytes, scanner);
    const found = known.get(hash);
    if (found !== undefined && hasNames(bytes, scanner, found.names)) return (last = found);
    const names = Array.from({ length: scanner.count }, (_, member) =>
      bytes.toString("latin1", scanner.nameStart(member), scanner.nameEnd(member)),
    );
    if (known.size === KNOWN_SHAPES) known.clear();
    last = judge(names, options);
    known.set(hash, last);
    return last;
  };
}

function judge(
  names: readonly string[],
  { timeFields, named, lineField, isStream }: ShapeOptions,
): ObjectShape {
  // An object may have hundreds of thousands of spellings of one name: a map, because searching would be quadratic.
  const memberOf = new Map(names.map((name, member) => [name, member]));
  const timesAt = timeFields.flatMap((field) =>
    placeOf(names, field).map(({ member, isWithin }) =>
      isWithin || isHalfTime(names[member] ?? "") ? -1 : member,
    ),
  );
  const namedAt = named.map((field) => {
    const place = placeOf(names, field)[0] ?? null;
    return place && { member: place.member, path: place.isWithin ? field.slice(field.indexOf(".") + 1) : "" };
  });
  const ownTimeAt = names.indexOf("@timestamp");
  const ownLevelAt = names.indexOf("log.level");
  const plain =
    memberOf.size === names.length &&
    (ownTimeAt === -1 || timesAt.includes(ownTimeAt)) &&
    // Names were read as latin1, which is wrong beyond ASCII.
    names.every(
      (name) => !/[^ -~]/.test(name) && cleanName(name) === name && !SPECIAL.test(name) && !isMetadata(name),
    ) &&
    (!isStream || !names.some((name) => SPECIAL_IN_STREAM.test(name))) &&
    // An own `log.level` may have to move to `json`.
    (ownLevelAt === -1 || !names.some((name) => /^json(?:\.|$)/.test(name)));
  return {
    plain,
    timesAt,
    ownTimeAt,
    namedAt,
    messageAt: names.indexOf("message"),
    logAt: names.indexOf("log"),
    declaredLine: (lineField === null ? [] : placeOf(names, lineField))[0] ?? null,
    lines: lineFields.flatMap((field) => placeOf(names, field)),
    levels: levelNames(names, levelOrder).map((name) => ({
      member: memberOf.get(name) ?? -1,
      read: createLevelReader(name, hasLevelSign(name, names)),
    })),
    ownLevelAt,
    hasHost: names.some((name) => /^host(?:\.|$)/.test(name)),
    names: names.map((name) => Buffer.from(name, "latin1")),
  };
}

/** Where `fieldAt` (lib/rules/time/event-time.ts) would look. Empty if no member has to do with the field. */
function placeOf(names: readonly string[], field: string): FieldPlace[] {
  const member = names.indexOf(field);
  if (member !== -1) return [{ member, isWithin: false }];
  const dot = field.indexOf(".");
  const root = dot === -1 ? -1 : names.indexOf(field.slice(0, dot));
  return root === -1 ? [] : [{ member: root, isWithin: true }];
}

/** FNV-1a over all names and their ends. */
function hashOf(bytes: Buffer, scanner: JsonScanner): number {
  let hash = 0x811c9dc5;
  for (let member = 0; member < scanner.count; member += 1) {
    const end = scanner.nameEnd(member);
    // Including the closing quote.
    for (let at = scanner.nameStart(member); at <= end; at += 1)
      hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  }
  return hash;
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
