import { z } from "zod";
import type { PenstockError } from "../../../lib/rules/base/errors.ts";

/** Who may call a route. The guard enforces it; a route without one does not compile. */
export type AccessClass =
  /** Anyone who can reach the host: the route holds no data. */
  | "open"
  /** Like `open`, and links on other sites may lead to it. */
  | "page"
  /** Like `look`, but open if `http.openMetrics` is set. */
  | "metrics"
  /** Either token. */
  | "look"
  /** Either token, or another host's proof that it has one. */
  | "peer"
  /** The full token; with `dryRun=true` as the only parameter, either token. */
  | "change-unless-dry"
  /** The full token. */
  | "change";

/** In bytes. A longer body is answered 413, unless the route sets another limit. */
export const defaultMaxBody = 64 * 1024;

export interface Body<B> {
  readonly schema: z.ZodType;
  /** What an empty body means. If absent, a body is required. */
  readonly whenEmpty?: Readonly<Record<string, unknown>>;
  /** Whether the members may also come as fields of a form. */
  readonly form?: true;
  /** @throws PenstockError `usage` or `event_invalid`, answered 400 */
  readonly parse: (members: Readonly<Record<string, unknown>>) => B;
}

/** An answer, for OpenAPI. */
export interface Answer {
  readonly description: string;
  /** Descriptions by name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** By media type. */
  readonly content?: Readonly<Record<string, z.ZodType>>;
}

/** Statuses of errors that are neither the caller's fault nor a bug. */
export type FailureStatus = 403 | 404 | 502 | 503 | 504;

/** The one definition of a route: routing, guard, checks and OpenAPI follow from it. */
export interface Route<Q extends z.ZodObject = z.ZodObject, P extends string = string, B = unknown> {
  /** GET also answers HEAD. */
  readonly method: "GET" | "POST" | "DELETE";
  /** Hono's pattern: `/replay/:id`. */
  readonly path: string;
  readonly access: AccessClass;
  /** In bytes; {@link defaultMaxBody} unless given. */
  readonly maxBody?: number;
  /** Descriptions of the parameters in the path. */
  readonly params?: Readonly<Record<P, string>>;
  /** Unknown names are refused, and repeated ones unless they are lists. */
  readonly query: Q;
  readonly body?: Body<B>;
  /** By status. `openapi.ts` adds the answers that every route may give. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** The status of an error that is not the caller's fault (400). Null if it is a bug: answered 500 and logged. */
  readonly failure?: (error: PenstockError) => FailureStatus | null;
  readonly summary: string;
  readonly description?: string;
}

/** The routes of one subject: a tag of OpenAPI. */
export interface Subject {
  readonly name: string;
  readonly description: string;
  /** OpenAPI's components by name. A schema that contains one of them refers to it. */
  readonly schemas: Readonly<Record<string, z.ZodType>>;
  readonly routes: Readonly<Record<string, Route>>;
}

/** Infers the types of a definition. */
export function route<Q extends z.ZodObject, P extends string = never, B = never>(
  definition: Route<Q, P, B>,
): Route<Q, P, B> {
  return definition;
}

/** The `query` of a route that ignores all parameters. */
export const ignored = z.object({});
/** The `query` of a route that takes no parameters. */
export const none = z.object({});

export const jsonType = "application/json";
export const formType = "application/x-www-form-urlencoded";

export function json(description: string, schema: z.ZodType): Answer {
  return { description, content: { [jsonType]: schema } };
}

/** Text, perhaps streamed, with one of these media types. */
export function text(description: string, ...types: readonly string[]): Answer {
  return { description, content: Object.fromEntries(types.map((type) => [type, z.string()])) };
}

/**
 * An error answer.
 * @param schema of a problem with members of its own
 */
export function refusal(description: string, schema: z.ZodType = problemSchema): Answer {
  return { description, content: { "application/problem+json": schema } };
}

/** The members of every error answer. */
export const problemMembers = {
  type: z.literal("about:blank"),
  title: z.string(),
  status: z.int(),
  detail: z.string().meta({ description: "A sentence for a person." }),
  instance: z.string().meta({ description: "The path of the request." }),
};

export const problemSchema = z
  .looseObject(problemMembers)
  .meta({ description: "Problem details (RFC 9457); some answers have members of their own." });

export const retryAfter = { "retry-after": "Seconds." };

export const tooManyWrongTokens: Answer = {
  ...refusal("Too many wrong tokens; a right one still gets in."),
  headers: retryAfter,
};

/** ISO 8601, UTC. */
export const timeText = z.string().meta({ format: "date-time" });
/** A count, an offset or a partition; up to what JavaScript counts exactly. */
const wholeRule = "must be a whole number from 0 to 9007199254740991";
export const wholeNumber = z.int(wholeRule).min(0, wholeRule);
