import { isObject, mappingOf, type Mapping } from "../../json/object.ts";

/** What an index accepts, as far as it explains why it lacks a record. */
export interface IndexShape {
  readonly name: string;
  /** By dotted path, objects included. */
  readonly fields: ReadonlyMap<string, MappedField>;
  /** How many fields count towards the limit, multi-fields and objects included. */
  readonly fieldCount: number;
  readonly fieldLimit: number;
  readonly depthLimit: number;
  /** Whether values that do not fit are left out instead of refused. */
  readonly ignoreMalformed: boolean;
  /** What becomes of fields that are not mapped: `true`, `false`, `strict` or `runtime`. */
  readonly dynamic: string;
}

interface MappedField {
  readonly type: string;
  /** Whether text of any length fits. */
  readonly cutsLong: boolean;
  /** A date's own format; null: the default. */
  readonly format: string | null;
}

/** @param mapping of `GET /INDEX/_mapping` @param settings of `GET /INDEX/_settings?flat_settings`, both of one index */
export function indexShapeOf(name: string, mapping: Mapping, settings: Mapping): IndexShape {
  const fields = new Map<string, MappedField>();
  let fieldCount = 0;
  const read = (properties: unknown, prefix: string): void => {
    for (const [own, raw] of Object.entries(mappingOf(properties))) {
      const field = mappingOf(raw);
      const type = typeof field["type"] === "string" ? field["type"] : "object";
      const subfields = Object.values(mappingOf(field["fields"]));
      const keywords = [field, ...subfields].filter((one) => isObject(one) && one["type"] === "keyword");
      const cutsLong = keywords.every((one) => mappingOf(one)["ignore_above"] !== undefined);
      const format = typeof field["format"] === "string" ? field["format"] : null;
      fields.set(prefix + own, { type, cutsLong, format });
      fieldCount += 1 + subfields.length;
      read(field["properties"], `${prefix}${own}.`);
    }
  };
  read(mapping["properties"], "");
  const setting = (key: string): unknown => settings[`index.mapping.${key}`];
  return {
    name,
    fields,
    fieldCount,
    fieldLimit: Number(setting("total_fields.limit") ?? 1_000),
    depthLimit: Number(setting("depth.limit") ?? 20),
    ignoreMalformed: setting("ignore_malformed") === "true",
    dynamic: JSON.stringify(mapping["dynamic"] ?? true).replaceAll('"', ""),
  };
}

/** Lucene's limit of a term in bytes: `IndexWriter.MAX_TERM_LENGTH`. */
const MAX_TERM_BYTES = 32_766;
/** How deep this looks itself. */
const MAX_DEPTH = 100;

const numbers = new Set([
  "long",
  "integer",
  "short",
  "byte",
  "double",
  "float",
  "half_float",
  "scaled_float",
  "unsigned_long",
]);
const numberText = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;
/** Of the default format, `strict_date_optional_time||epoch_millis`, loosely: only what is surely no date is refused. */
const dateText = /^([+-]?\d{4,9}(-\d\d(-\d\d(T.*)?)?)?|[+-]?\d+)$/;

/** Where the documents of an index have their records' content. */
export interface ContentPlace {
  readonly mainly: "text" | "json";
  readonly prefix: string;
  readonly textField: string;
}

/**
 * Returns why an index probably refused a record; null if neither the record nor the mapping explains it. Told from the
 * mapping of today, which may have been another one when the record came.
 * @param value the record's
 */
export function causeOf(value: Buffer, as: ContentPlace, shape: IndexShape): string | null {
  if (as.mainly === "text") {
    const field = shape.fields.get(as.textField);
    return field === undefined ? null : tooLong(as.textField, value.length, field, shape);
  }
  const object = objectIn(value);
  if (object === null) return "the record is no JSON object, as the indexed ones are";
  const fresh = new Set<string>();
  const cause = causeIn(object, as.prefix, 1, shape, fresh);
  if (cause !== null) return cause;
  const [unmapped] = fresh;
  if (unmapped === undefined) return null;
  if (shape.dynamic === "strict")
    return `field "${unmapped}" is not in the mapping of ${shape.name}, which is strict`;
  if (shape.dynamic === "true" && shape.fieldCount + fresh.size > shape.fieldLimit)
    return `its new fields do not fit into ${shape.name}, which has ${shape.fieldCount} of at most ${shape.fieldLimit} (index.mapping.total_fields.limit)`;
  return null;
}

function objectIn(value: Buffer): Mapping | null {
  try {
    const parsed: unknown = JSON.parse(value.toString("utf8"));
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** @param fresh gets the paths that the mapping lacks */
function causeIn(
  object: Mapping,
  prefix: string,
  depth: number,
  shape: IndexShape,
  fresh: Set<string>,
): string | null {
  if (depth > shape.depthLimit)
    return `its objects are nested deeper than ${shape.depthLimit} levels (index.mapping.depth.limit)`;
  for (const [name, member] of Object.entries(object)) {
    const path = prefix + name;
    const field = shape.fields.get(path);
    for (const value of Array.isArray(member) ? (member as readonly unknown[]) : [member]) {
      if (value === null || value === undefined) continue;
      if (field === undefined) fresh.add(path);
      const cause = field === undefined ? null : misfit(path, value, field, shape);
      if (cause !== null) return cause;
      const isOpen = field === undefined || field.type === "object" || field.type === "nested";
      if (isObject(value) && isOpen && depth < MAX_DEPTH) {
        const within = causeIn(value, `${path}.`, depth + 1, shape, fresh);
        if (within !== null) return within;
      }
    }
  }
  return null;
}

/** Why a value does not fit its field; null if it does, or if this cannot tell. */
function misfit(path: string, value: unknown, field: MappedField, shape: IndexShape): string | null {
  const { type } = field;
  const conflict = (what: string): string =>
    `field "${path}" is mapped as ${type} in ${shape.name}, but the record has ${what}`;
  if (type === "object" || type === "nested") return isObject(value) ? null : conflict(kindOf(value));
  if (typeof value === "string" && (type === "keyword" || !field.cutsLong))
    return tooLong(path, Buffer.byteLength(value), field, shape);
  if (isObject(value)) return isScalarType(type) && !shape.ignoreMalformed ? conflict("an object") : null;
  if (shape.ignoreMalformed) return null;
  const text = String(value);
  if (numbers.has(type) && !numberText.test(text)) return conflict(kindOf(value));
  if (type === "boolean" && !["true", "false", ""].includes(text)) return conflict(kindOf(value));
  if (type === "date" && field.format === null && !dateText.test(text))
    return conflict(`${kindOf(value)} that is no date in its format`);
  if (type === "ip" && !/^[\da-fA-F.:]+(%\w+)?$/.test(text))
    return conflict(`${kindOf(value)} that is no address`);
  return null;
}

function tooLong(
  path: string,
  bytes: number,
  { type, cutsLong }: MappedField,
  { name }: IndexShape,
): string | null {
  if (bytes <= MAX_TERM_BYTES || cutsLong) return null;
  const how = type === "keyword" ? "mapped as keyword" : `mapped as ${type} with a keyword`;
  return `field "${path}" is ${how} without ignore_above in ${name}, and the record's value has ${bytes} bytes: a term takes ${MAX_TERM_BYTES}`;
}

function isScalarType(type: string): boolean {
  return (
    numbers.has(type) ||
    ["keyword", "text", "date", "date_nanos", "boolean", "ip", "match_only_text", "wildcard"].includes(type)
  );
}

function kindOf(value: unknown): string {
  if (isObject(value)) return "an object";
  return typeof value === "string" ? "text" : `a ${typeof value}`;
}
