import { z } from "zod";
import manifest from "../../../../package.json" with { type: "json" };
import {
  type Answer,
  formType,
  jsonType,
  problemSchema,
  refusal,
  type Route,
  type Subject,
  tooManyWrongTokens,
} from "../../../api/kit/route.ts";
import { isList } from "../../../api/kit/parameters.ts";
import { secureSessionCookie, sessionCookie } from "../../../api/session.ts";

/** OpenAPI 3.1: https://spec.openapis.org/oas/v3.1.1 */
type JsonSchema = Readonly<z.core.JSONSchema.BaseSchema>;
type Described = { readonly description: string; readonly schema: JsonSchema };
type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

interface Parameter extends Described {
  readonly name: string;
  readonly in: "query" | "path";
  readonly required?: boolean;
}

interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Described>>;
  readonly content?: Content;
}

interface Operation {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, Response>>;
  /** Empty: it needs no token. */
  readonly security?: readonly [];
}

/** The HTTP API as OpenAPI describes one. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly security: readonly Readonly<Record<string, readonly []>>[];
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<"get" | "post" | "delete", Operation>>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

export function openApiDocument(subjects: readonly Subject[]): OpenApiDocument {
  const { components, schemaOf } = schemasOf(subjects);
  const paths: Record<string, Record<string, Operation>> = {};
  for (const { name, routes } of subjects) {
    for (const route of Object.values<Route>(routes)) {
      const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
      (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(name, route, schemaOf);
    }
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Penstock",
      version: manifest.version,
      description:
        "Moves log records from Kafka topics into Elasticsearch. Without `http.token` it answers on a loopback " +
        "address only and needs no token. GET also answers HEAD; other methods of a path get 405.",
    },
    tags: subjects.map(({ name, description }) => ({ name, description })),
    security: [{ bearer: [] }, { cookie: [] }],
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "`http.token`, or `http.readOnlyToken` for requests that change nothing.",
        },
        cookie: {
          type: "apiKey",
          in: "cookie",
          name: sessionCookie,
          description: `From POST /session; named ${secureSessionCookie} over TLS. Changes also need our own Origin.`,
        },
      },
    },
  };
}

type SchemaOf = (schema: z.ZodType) => JsonSchema;

function operationOf(tag: string, route: Route, schemaOf: SchemaOf): Operation {
  const { summary, description, body } = route;
  const parameters = parametersOf(route, schemaOf);
  const answers = Object.entries({ ...commonAnswers(route), ...route.answers });
  return {
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(isOpen(route) && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: body.whenEmpty === undefined || !body.schema.safeParse(body.whenEmpty).success,
        content: contentOf(
          { [jsonType]: body.schema, ...(body.form && { [formType]: body.schema }) },
          schemaOf,
        ),
      },
    }),
    responses: Object.fromEntries(
      answers.map(([status, answer]) => [status, responseOf(answer, schemaOf)] as const),
    ),
  };
}

function isOpen({ access }: Route): boolean {
  return access === "open" || access === "page";
}

function parametersOf({ params = {}, query }: Route, schemaOf: SchemaOf): Parameter[] {
  const { properties = {} } = schemaOf(query);
  const inPath = Object.entries(params).map(([name, description]): Parameter => ({
    name,
    in: "path",
    required: true,
    description,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(query.shape).map(([name, one]): Parameter => {
    const property = properties[name];
    const { description = "", ...schema } = typeof property === "object" ? property : {};
    const required = !z.safeParse(one, isList(one) ? [] : undefined).success;
    return { name, in: "query", description, required, schema };
  });
  return [...inPath, ...inQuery];
}

function responseOf({ description, headers, content }: Answer, schemaOf: SchemaOf): Response {
  return {
    description,
    ...(headers && {
      headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, described(text)])),
    }),
    ...(content && { content: contentOf(content, schemaOf) }),
  };
}

function contentOf(content: Readonly<Record<string, z.ZodType>>, schemaOf: SchemaOf): Content {
  return Object.fromEntries(Object.entries(content).map(([type, one]) => [type, { schema: schemaOf(one) }]));
}

function described(description: string): Described {
  return { description, schema: { type: "string" } };
}

/** Answers of the guard, of the body limit and of faults. */
function commonAnswers(route: Route): Record<number, Answer> {
  return {
    400: refusal("The Host header does not name one host."),
    ...(!isOpen(route) && {
      401: refusal("A token is needed, or was not accepted."),
      429: tooManyWrongTokens,
    }),
    403: refusal(
      "The Host, Origin or Sec-Fetch-Site header is not allowed, or the read-only token was used for a change.",
    ),
    ...(route.body !== undefined && {
      408: refusal("The body did not arrive in time."),
      413: refusal("The body is too long."),
    }),
    500: refusal("A bug of the host; its log says more."),
  };
}

/** JSON Schema of the named schemas and of all others in definitions. A named one inside another is referred to. */
function schemasOf(subjects: readonly Subject[]): {
  readonly components: Readonly<Record<string, JsonSchema>>;
  readonly schemaOf: SchemaOf;
} {
  const registry = z.registry<{ id: string }>();
  registry.add(problemSchema, { id: "Problem" });
  for (const { schemas } of subjects)
    for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const unnamed = subjects
    .flatMap(({ routes }) => Object.values<Route>(routes))
    .flatMap(({ query, body, answers }) =>
      [query, body?.schema ?? query].concat(
        Object.values(answers).flatMap(({ content = {} }) => Object.values(content)),
      ),
    )
    .filter((schema) => !registry.has(schema));
  for (const [at, schema] of [...new Set(unnamed)].entries()) registry.add(schema, { id: `${UNNAMED}${at}` });

  const uri = (id: string): string => `#/components/schemas/${id}`;
  // "input" is the form in which events are sent; for answers both are the same.
  const { schemas } = z.toJSONSchema(registry, { io: "input", uri });
  const plain = new Map(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _place, ...schema }]) => [id, schema]),
  );
  return {
    components: Object.fromEntries([...plain].filter(([id]) => !id.startsWith(UNNAMED))),
    schemaOf(schema) {
      const id = registry.get(schema)?.id ?? "";
      return id.startsWith(UNNAMED) ? (plain.get(id) ?? {}) : { $ref: uri(id) };
    },
  };
}

const UNNAMED = "~";
