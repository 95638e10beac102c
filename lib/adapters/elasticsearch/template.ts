import type { RequestFailure } from "../../rules/bulk-answer.ts";
import { isObject } from "../../rules/json-document.ts";
import { type ExistingTemplate, type IndexTemplate, indexTemplateName } from "../../rules/index-template.ts";
import type { ElasticsearchAnswer } from "./transport.ts";
import { errorOf } from "./version.ts";

/** A request in the version that the cluster speaks, its deadline set. */
export type SendJson = (
  method: "GET" | "PUT" | "POST",
  path: string,
  body?: object,
) => Promise<ElasticsearchAnswer>;

const templatePath = `/_index_template/${indexTemplateName}`;

/** Null: there is none. @throws PenstockError where it cannot be read */
export async function readTemplate(send: SendJson): Promise<ExistingTemplate | null> {
  const answer = await send("GET", templatePath);
  if ("failure" in answer) {
    if (answer.failure.kind === "response" && answer.failure.status === 404) return null;
    throw errorOf(answer.failure);
  }
  const list = isObject(answer.body) ? answer.body["index_templates"] : null;
  const first: unknown = Array.isArray(list) ? list[0] : null;
  const template = isObject(first) ? first["index_template"] : null;
  const patterns = isObject(template) ? template["index_patterns"] : null;
  if (!isObject(template) || !Array.isArray(patterns)) {
    // Writing now could drop patterns that are there.
    throw errorOf({
      kind: "bad_answer",
      message: `the index template ${indexTemplateName} cannot be read`,
    });
  }
  const version = template["version"];
  return {
    patterns: patterns.filter((pattern: unknown) => typeof pattern === "string"),
    version: typeof version === "number" ? version : 0,
  };
}

/** @returns why it is not taken; null: it is */
export function putTemplate(send: SendJson, template: IndexTemplate): Promise<RequestFailure | null> {
  return failureOf(send("PUT", templatePath, template));
}

/** As `putTemplate`, and changes nothing. */
export function tryTemplate(send: SendJson, template: IndexTemplate): Promise<RequestFailure | null> {
  return failureOf(send("POST", `/_index_template/_simulate/${indexTemplateName}`, template));
}

async function failureOf(sent: Promise<ElasticsearchAnswer>): Promise<RequestFailure | null> {
  const answer = await sent;
  return "failure" in answer ? answer.failure : null;
}
