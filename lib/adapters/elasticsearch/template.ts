import type { RequestFailure } from "../../rules/bulk-answer.ts";
import { isObject } from "../../rules/json-document.ts";
import { coveringTemplate, type ExistingTemplate, indexTemplateName } from "../../rules/index-template.ts";
import type { Logger } from "../../rules/logger.ts";
import { lackOf, type Lacks, type TemplateExtra } from "../../rules/template-body.ts";
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
  const { version, _meta: meta } = template;
  const without = isObject(meta) ? meta["without"] : null;
  return {
    patterns: stringsIn(patterns),
    version: typeof version === "number" ? version : 0,
    without: Array.isArray(without) ? stringsIn(without) : [],
    body: template,
  };
}

function stringsIn(list: readonly unknown[]): string[] {
  return list.filter((each) => typeof each === "string");
}

/** What this cluster was found to lack of what the template may have. */
export interface ServerLacks {
  readonly known: Lacks;
  /** Once for each. */
  add(extra: TemplateExtra, reason: string): void;
}

/** Whoever writes the template and whoever tries it learn from the same refusals. */
export function createServerLacks(logger?: Logger): ServerLacks {
  const known = new Set<TemplateExtra>();
  return {
    known,
    add(extra, reason) {
      known.add(extra);
      logger?.info("the index template does without what this Elasticsearch lacks", { lacks: extra, reason });
    },
  };
}

/** How a template is handed over: `put` writes it, `try` changes nothing. */
export type TemplateAct = "put" | "try";

/**
 * Makes the template cover these patterns too, in as full a form as the server takes.
 * @returns why it is not taken; null: it is
 */
export async function coverWith(
  send: SendJson,
  act: TemplateAct,
  existing: ExistingTemplate | null,
  patterns: readonly string[],
  lacks: ServerLacks,
): Promise<RequestFailure | null> {
  for (;;) {
    const template = coveringTemplate(existing, patterns, lacks.known);
    const answer = await (act === "put"
      ? send("PUT", templatePath, template)
      : send("POST", `/_index_template/_simulate/${indexTemplateName}`, template));
    if (!("failure" in answer)) return null;
    const { failure } = answer;
    const reason = failure.kind === "response" && failure.status === 400 ? failure.error?.reason : undefined;
    const lack = reason === undefined ? null : lackOf(reason);
    if (reason === undefined || lack === null || lacks.known.has(lack)) return failure;
    lacks.add(lack, reason);
  }
}
