import { z } from "zod";

/** What of OpenAPI 3.1 is used here: https://spec.openapis.org/oas/v3.1.1 */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
  /** By media type. */
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path";
  readonly description: string;
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

export interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
  };
  /** By status. Those of the guard, of the body's limit and of a fault are added to every operation. */
  readonly responses: Readonly<Record<string, Answer>>;
  /** Empty: it needs no token. */
  readonly security?: readonly [];
}

export type Method = "get" | "post" | "delete";

/** The routes of one subject. Each route of the app stands in exactly one. */
export interface Subject {
  readonly name: string;
  readonly description: string;
  /** By path, a parameter in braces: `/replay/{id}`. */
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<Method, Operation>>>>>;
  /** By the name that `ref` gives; one schema that holds another refers to it by that name. */
  readonly schemas: Readonly<Record<string, z.ZodType>>;
}

/** Refers to a schema of any subject. */
export function ref(schema: string): JsonSchema {
  return { $ref: `#/components/schemas/${schema}` };
}

export function jsonAnswer(description: string, schema: JsonSchema): Answer {
  return { description, content: { "application/json": { schema } } };
}

/**
 * An error answer.
 * @param schema of one with members of its own
 */
export function problemAnswer(description: string, schema = ref("Problem")): Answer {
  return { description, content: { "application/problem+json": { schema } } };
}

export const tooManyWrongTokens: Answer = {
  ...problemAnswer("Too many wrong tokens came from there; a right one is still let in."),
  headers: { "retry-after": { description: "Seconds.", schema: { type: "string" } } },
};

export function queryParameter(name: string, description: string, schema: JsonSchema): Parameter {
  return { name, in: "query", description, schema };
}

/** ISO 8601, UTC. */
export const timeText = z.string().meta({ format: "date-time" });
/** A count, an offset or a partition; up to what JavaScript counts exactly. */
export const wholeNumber = z.int().min(0);
