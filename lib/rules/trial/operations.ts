import { jsonElements, jsonMembers } from "../json/json-members.ts";
import { isObject, mappingOf } from "../json/object.ts";
import { parseServerError, type ServerError } from "../outcomes/bulk-answer.ts";

/** One `create` of a bulk request. */
export interface TrialOperation {
  readonly index: string;
  readonly id: string;
  /** The document, on one line. */
  readonly json: string;
  /** `dynamic_templates` of the action, if any. */
  readonly templates: unknown;
}

/** What pipelines make of a document: another one, perhaps for another index; nothing; or an error. */
export type Piped =
  | {
      readonly kind: "document";
      readonly index: string;
      readonly json: string;
      readonly pipelines: readonly string[];
    }
  | { readonly kind: "dropped" }
  | { readonly kind: "failed"; readonly error: ServerError };

/** Reads the body of a bulk request as our encoder writes it: only `create`, each with index, id and document. */
export function readOperations(body: Buffer): TrialOperation[] {
  const lines = body.toString("utf8").split("\n");
  return Array.from({ length: lines.length >> 1 }, (_, position) => {
    const action = mappingOf(mappingOf(JSON.parse(lines[2 * position] ?? ""))["create"]);
    return {
      index: String(action["_index"]),
      id: String(action["_id"]),
      json: lines[2 * position + 1] ?? "",
      templates: action["dynamic_templates"],
    };
  });
}

/** The same operation on another index, with the document as pipelines left it. */
export function operationText({ id, templates }: TrialOperation, index: string, json: string): string {
  const action = { _index: index, _id: id, ...(templates !== undefined && { dynamic_templates: templates }) };
  return `${JSON.stringify({ create: action })}\n${json}\n`;
}

/** The body of a `POST /_ingest/_simulate`. The documents are spliced in as they are: numbers keep all their digits. */
export function simulationText(operations: readonly TrialOperation[]): string {
  const docs = operations.map(
    ({ index, id, json }) =>
      `{"_index":${JSON.stringify(index)},"_id":${JSON.stringify(id)},"_source":${json}}`,
  );
  return `{"docs":[${docs.join(",")}]}`;
}

/** What is needed of its answer: with each document, Elasticsearch 9 repeats the whole mapping. */
export const simulationFilter = ["_id", "_index", "_source", "error", "result", "executed_pipelines"]
  .map((member) => `docs.doc.${member}`)
  .join(",");

/**
 * Reads an answer to {@link simulationText}.
 * @returns one entry for each operation; null if it is no such answer
 */
export function readSimulation(text: string, operations: readonly TrialOperation[]): Piped[] | null {
  if (!isObject(parsed(text))) return null;
  const docs = jsonElements(jsonMembers(text).get("docs")?.rawValue ?? "[]");
  if (docs.length !== operations.length) return null;
  return docs.map((doc) => {
    const members = jsonMembers(jsonMembers(doc).get("doc")?.rawValue ?? "{}");
    const valueOf = (name: string): unknown => JSON.parse(members.get(name)?.rawValue ?? "null");
    if (valueOf("result") === "noop") return { kind: "dropped" };
    const source = members.get("_source");
    if (source === undefined)
      return { kind: "failed", error: parseServerError(valueOf("error")) ?? { type: "unknown", reason: "" } };
    // An error beside a source is the mapping's: the scratch index judges that, which learns from each document.
    const pipelines = valueOf("executed_pipelines");
    return {
      kind: "document",
      index: String(valueOf("_index")),
      json: source.rawValue,
      pipelines: Array.isArray(pipelines) ? pipelines.map(String) : [],
    };
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * The status that a bulk request answers with a pipeline's error (`ExceptionsHelper.status`); the simulation says only its
 * type. Compared with real bulks: test/integration/try-topic.test.ts.
 */
export function statusOfPipelineError({ type }: ServerError): number {
  if (type === "security_exception") return 403;
  if (/_not_found_exception$|^resource_not_found/.test(type)) return 404;
  return /argument|script_exception|number_format|pars|json|x_content/.test(type) ? 400 : 500;
}
