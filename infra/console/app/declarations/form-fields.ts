import type { ListedEntry, TargetWords } from "../../../../lib/rules/declarations/listing.ts";
import { nameOf, optionText } from "../plan/declaration-rows.ts";

/** What stands in the form; "" is not set. */
export interface FormFields {
  readonly kind: "topic" | "pattern";
  readonly name: string;
  readonly path: string;
  readonly index: string;
  readonly startAt: string;
  readonly format: string;
  readonly timestamp: string;
  readonly message: string;
  readonly pipeline: string;
  readonly rejected: string;
  /** Of something new: where it goes; "" is the default place. */
  readonly key: string;
}

const optionNames = [
  "path",
  "index",
  "startAt",
  "format",
  "timestamp",
  "message",
  "pipeline",
  "rejected",
] as const;

export function emptyFields(topic: string): FormFields {
  return {
    kind: "topic",
    name: topic,
    path: "",
    index: "",
    startAt: "",
    format: "",
    timestamp: "",
    message: "",
    pipeline: "",
    rejected: "",
    key: "",
  };
}

/** The form of an entry as it stands in etcd, or, where that cannot be told, of what is in force by it. */
export function fieldsOf({ declaration, options }: ListedEntry, target: TargetWords): FormFields {
  const members = new Map<string, unknown>(Object.entries(declaration ?? options ?? {}));
  const text = (name: string): string => optionText(members.get(name) ?? "");
  return {
    kind: "topic" in target ? "topic" : "pattern",
    name: nameOf(target),
    // Another program may call it otherwise.
    path: text("path") || (options?.path ?? ""),
    index: text("index"),
    startAt: text("startAt"),
    format: text("format"),
    timestamp: text("timestamp"),
    message: text("message"),
    pipeline: text("pipeline"),
    rejected: text("rejected"),
    key: "",
  };
}

/** Members of the entry that the form does not know, and that saving would drop. */
export function unknownMembers({ declaration }: ListedEntry): string[] {
  const known = new Set<string>(["topic", "pattern", ...optionNames]);
  return Object.keys(declaration ?? {}).filter((name) => !known.has(name));
}

/** The declaration that the form says: what is not set is left out. */
export function declarationOf(fields: FormFields): DeclarationWords {
  const options = optionNames
    .map((name) => [name, fields[name].trim()] as const)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => [name, name === "timestamp" ? oneOrSeveral(value) : value] as const);
  return { [fields.kind]: fields.name.trim(), ...Object.fromEntries(options) };
}

type DeclarationWords = Record<string, string | readonly string[]>;

/** Fields with commas between; what stands empty is left to the host to refuse. */
function oneOrSeveral(text: string): string | readonly string[] {
  return text.includes(",") ? text.split(",").map((field) => field.trim()) : text;
}

/** What POST /declarations is asked; see infra/host/http/routes/declaration-routes.ts. */
export interface EditBody {
  readonly action: "add" | "replace" | "remove";
  readonly key: string | null;
  readonly revision: number | null;
  readonly declaration?: DeclarationWords;
  readonly target?: TargetWords;
}

/** What an edit starts from: an entry of a key, or nothing yet. */
export type EditStart =
  | { readonly kind: "add"; readonly revisionOf: (key: string) => number | null }
  | { readonly kind: "change" | "remove"; readonly key: string; readonly target: TargetWords };

/**
 * @param revision of the key that the editor has seen last; null: whatever the start says
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
  // A key that is not listed is absent as far as this page knows; the host compares.
  return { action: "add", key, revision: revision ?? start.revisionOf(key) ?? 0, declaration };
}

/** What the host has against an edit: by field of the form, and what is about none. */
export interface FormErrors {
  readonly byField: ReadonlyMap<string, string>;
  readonly general: readonly string[];
}

export const noErrors: FormErrors = { byField: new Map(), general: [] };

/**
 * @param problem the members of the answer; `errors` are `{ field: "declaration.index", reason }`
 * @param detail its sentence, where it has no such members
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
