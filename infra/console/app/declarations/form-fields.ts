import type { ListedEntry, TargetWords } from "../../../../lib/rules/declarations/listing.ts";
import type { Rejected } from "../../../../lib/rules/model/declaration.ts";
import { optionText } from "../../../../lib/rules/plan/plan-rows.ts";
import { nameOf } from "../plan/declaration-rows.ts";
import type { Stated } from "./opened.ts";

/** The values of the form; "" means not set. */
export interface FormFields {
  readonly kind: "topic" | "pattern";
  readonly name: string;
  /** Of a pattern, separated by commas. */
  readonly exclude: string;
  readonly path: string;
  readonly index: string;
  readonly dataStream: string;
  readonly retention: string;
  readonly startAt: string;
  readonly format: string;
  readonly timestamp: string;
  readonly message: string;
  readonly pipeline: string;
  readonly rejected: string;
  /** `true`, or `false`. */
  readonly hold: string;
  /** The target of a new declaration; "" is the default key. */
  readonly key: string;
}

const optionNames = [
  "exclude",
  "path",
  "index",
  "dataStream",
  "retention",
  "startAt",
  "format",
  "timestamp",
  "message",
  "pipeline",
  "rejected",
  "hold",
] as const;

export function emptyFields(topic: string): FormFields {
  return {
    kind: "topic",
    name: topic,
    exclude: "",
    path: "",
    index: "",
    dataStream: "",
    retention: "",
    startAt: "",
    format: "",
    timestamp: "",
    message: "",
    pipeline: "",
    rejected: "",
    hold: "",
    key: "",
  };
}

/** The form for an entry as written in etcd or, if that is unreadable, for its current settings. */
export function fieldsOf({ declaration, options, excluded }: Stated, target: TargetWords): FormFields {
  const members = new Map<string, unknown>(Object.entries(declaration ?? options ?? {}));
  const text = (name: string): string => optionText(members.get(name) ?? "");
  return {
    kind: "topic" in target ? "topic" : "pattern",
    name: nameOf(target),
    exclude: members.has("exclude") ? text("exclude") : (excluded ?? []).map(({ glob }) => glob).join(", "),
    // Another program may use another name.
    path: text("path") || (options?.path ?? ""),
    index: text("index"),
    dataStream: text("dataStream"),
    retention: text("retention"),
    startAt: text("startAt"),
    format: text("format"),
    timestamp: text("timestamp"),
    message: text("message"),
    pipeline: text("pipeline"),
    // Options in force always have it, but only JSON may state it.
    rejected: declaration === null && text("format") !== "json" ? "" : text("rejected"),
    hold: text("hold"),
    key: "",
  };
}

/** The form for a topic's own declaration; `like` is what the topic follows without one, so that nothing of it is lost. */
export function addedFields(topic: string, like: Stated | null): FormFields {
  if (like === null) return emptyFields(topic);
  const fields = fieldsOf(like, { topic });
  return { ...fields, exclude: "", rejected: fields.format === "json" ? fields.rejected : "" };
}

const rejections: readonly string[] = ["flatten", "dead-letter"] satisfies readonly Rejected[];

/** What the address proposes to change: `?topic=T&rejected=flatten` opens the form of a topic with that chosen. */
export function proposedFields(query: URLSearchParams): Partial<FormFields> {
  const rejected = query.get("rejected") ?? "";
  return (query.get("topic") ?? "") !== "" && rejections.includes(rejected) ? { rejected } : {};
}

/** Members of the entry that are unknown to the form, which saving would remove. */
export function unknownMembers({ declaration }: ListedEntry): string[] {
  const known = new Set<string>(["topic", "pattern", ...optionNames]);
  return Object.keys(declaration ?? {}).filter((name) => !known.has(name));
}

/** The declaration in the form, without fields that are not set. */
export function declarationOf(fields: FormFields): DeclarationWords {
  const options = optionNames
    .map((name) => [name, fields[name].trim()] as const)
    .filter(([name, value]) => value !== "" && (name !== "exclude" || fields.kind === "pattern"))
    .map(([name, value]) => [name, valueIn(name, value)] as const);
  return { [fields.kind]: fields.name.trim(), ...Object.fromEntries(options) };
}

type DeclarationWords = Record<string, string | boolean | readonly string[]>;

/** Lists are separated by commas; the host refuses empty items. */
function valueIn(name: (typeof optionNames)[number], text: string): string | boolean | readonly string[] {
  if (name === "hold") return text === "true";
  const isList = name === "exclude" || (name === "timestamp" && text.includes(","));
  return isList ? text.split(",").map((item) => item.trim()) : text;
}

/** The body of POST /declarations, as this page fills it in. */
export interface EditBody {
  readonly action: "add" | "replace" | "remove";
  readonly key: string | null;
  readonly revision: number | null;
  readonly declaration?: DeclarationWords;
  readonly target?: TargetWords;
}

/** The starting point of an edit: an entry of a key, or nothing. */
export type EditStart =
  | { readonly kind: "add"; readonly revisionOf: (key: string) => number | null }
  | { readonly kind: "change" | "remove"; readonly key: string; readonly target: TargetWords };

/**
 * @param revision the last revision of the key that the editor saw; null uses that of the start
 */
export function editBody(start: EditStart, fields: FormFields, revision: number | null): EditBody {
  const declaration = declarationOf(fields);
  if (start.kind !== "add") {
    const { kind, key, target } = start;
    return kind === "remove"
      ? { action: "remove", key, revision, target }
      : { action: "replace", key, revision, declaration, target };
  }
  const key = fields.key.trim();
  if (key === "") return { action: "add", key: null, revision, declaration };
  // A key that is not listed counts as absent; the host verifies that.
  return { action: "add", key, revision: revision ?? start.revisionOf(key) ?? 0, declaration };
}

/** The host's objections to an edit, by form field, and those about no field. */
export interface FormErrors {
  readonly byField: ReadonlyMap<string, string>;
  readonly general: readonly string[];
}

export const noErrors: FormErrors = { byField: new Map(), general: [] };

/**
 * @param problem members of the answer; `errors` are `{ field: "declaration.index", reason }`
 * @param detail its sentence, used without such members
 */
export function errorsOf(
  problem: Readonly<Record<string, unknown>>,
  detail: string,
  fields: FormFields,
): FormErrors {
  const errors: unknown = problem["errors"];
  const byField = new Map<string, string>();
  const general: string[] = [];
  for (const { field, reason } of Array.isArray(errors) ? errors.filter(isFieldError) : []) {
    const name = field.replace(/^declaration\.?/, "").replace(/\[\d+\]$/, "");
    const place = name === fields.kind ? "name" : name;
    if (place in fields && place !== "kind" && !byField.has(place)) byField.set(place, reason);
    else general.push(reason);
  }
  return byField.size + general.length > 0 ? { byField, general } : { byField, general: [detail] };
}

function isFieldError(error: unknown): error is { readonly field: string; readonly reason: string } {
  return (
    typeof error === "object" &&
    error !== null &&
    "field" in error &&
    "reason" in error &&
    typeof error.field === "string" &&
    typeof error.reason === "string"
  );
}
