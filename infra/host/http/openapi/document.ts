import { z } from "zod";
import manifest from "../../../../package.json" with { type: "json" };
import { secureSessionCookie, sessionCookie } from "../auth/auth.ts";
import {
  type Answer,
  type JsonSchema,
  type Method,
  type Operation,
  problemAnswer,
  tooManyWrongTokens,
  type Subject,
} from "./operation.ts";
import { problemSchema } from "./problem-schema.ts";

/** The HTTP API as OpenAPI 3.1 describes one. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly security: readonly Readonly<Record<string, readonly []>>[];
  readonly paths: Readonly<
    Record<string, Readonly<Partial<Record<Method, Operation & { readonly tags: readonly string[] }>>>>
  >;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
  };
}

export function openApiDocument(subjects: readonly Subject[]): OpenApiDocument {
  return {
    openapi: "3.1.1",
    info: {
      title: "Penstock",
      version: manifest.version,
      description:
        "Moves log records from Kafka topics into Elasticsearch. Without `http.token` it answers on a loopback " +
        "address only and needs no token. GET answers HEAD too; what a path does not answer is 405.",
    },
    tags: subjects.map(({ name, description }) => ({ name, description })),
    security: [{ bearer: [] }, { cookie: [] }],
    paths: Object.fromEntries(subjects.flatMap(pathsOf)),
    components: {
      schemas: schemasOf(subjects),
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "`http.token`, or `http.readOnlyToken` for what changes nothing.",
        },
        cookie: {
          type: "apiKey",
          in: "cookie",
          name: sessionCookie,
          description: `From POST /session; named ${secureSessionCookie} over TLS. What changes something needs our own Origin as well.`,
        },
      },
    },
  };
}

function pathsOf({ name, paths }: Subject) {
  return Object.entries(paths).map(([path, methods]) => {
    const operations = Object.entries(methods).map(([method, operation]) => {
      const responses = { ...commonAnswers(operation), ...operation.responses };
      return [method, { tags: [name], ...operation, responses }] as const;
    });
    return [path, Object.fromEntries(operations)] as const;
  });
}

function commonAnswers({ security, requestBody }: Operation): Record<string, Answer> {
  return {
    400: problemAnswer("The Host header does not name one host."),
    ...(security === undefined && {
      401: problemAnswer("A token is needed, or was not accepted."),
      429: tooManyWrongTokens,
    }),
    403: problemAnswer(
      "Not from there: the Host, the Origin or the Sec-Fetch-Site header. Or the read-only token, for what changes something.",
    ),
    ...(requestBody !== undefined && {
      408: problemAnswer("The body did not come in time."),
      413: problemAnswer("The body is too long."),
    }),
    500: problemAnswer("A fault of the host; its log says more."),
  };
}

/** As JSON Schema, each under its name; where one holds another, it refers to it. */
function schemasOf(subjects: readonly Subject[]): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  registry.add(problemSchema, { id: "Problem" });
  for (const { schemas } of subjects)
    for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    // Of an event, what is sent; answers are the same either way.
    io: "input",
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _place, ...schema }]) => [id, schema]),
  );
}
