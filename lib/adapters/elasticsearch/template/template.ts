import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { isObject } from "../../../rules/json/object.ts";
import {
  coveringTemplate,
  type ExistingTemplate,
  indexTemplateName,
} from "../../../rules/template/index-template.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { TemplateSettings } from "../../../rules/model/settings.ts";
import { lackOf, type TemplateExtra, type TemplateForm } from "../../../rules/template/template-body.ts";
import type { ElasticsearchAnswer } from "../transport/transport.ts";
import { errorOf } from "../transport/version.ts";

/** Sends a request in the cluster's API version, with a deadline. */
export type SendJson = (
  method: "GET" | "PUT" | "POST" | "DELETE",
  path: string,
  body?: object,
) => Promise<ElasticsearchAnswer>;

const templatePath = `/_index_template/${indexTemplateName}`;

/** @returns null if it does not exist. @throws PenstockError if it cannot be read */
export async function readTemplate(send: SendJson): Promise<ExistingTemplate | null> {
  const answer = await send("GET", templatePath);
  if ("failure" in answer) {
    if (answer.failure.kind === "response" && answer.failure.status === 404) return null;
    throw errorOf(answer.failure);
  }
  const template = templateIn(answer.body, "index");
  const patterns = template?.["index_patterns"];
  if (template === null || !Array.isArray(patterns)) {
    // Writing now could drop existing patterns.
    throw errorOf({
      kind: "bad_answer",
      message: `the index template ${indexTemplateName} cannot be read`,
    });
  }
  const { version, _meta: meta } = template;
  const form = isObject(meta) ? meta["form"] : null;
  return {
    patterns: patterns.filter((pattern: unknown) => typeof pattern === "string"),
    version: typeof version === "number" ? version : 0,
    form: typeof form === "string" ? form : "",
    body: template,
  };
}

/** Returns the template in an answer to a request by name, or null. */
export function templateIn(
  body: unknown,
  kind: "index" | "component",
): Readonly<Record<string, unknown>> | null {
  const list = isObject(body) ? body[`${kind}_templates`] : null;
  const first: unknown = Array.isArray(list) ? list[0] : null;
  const template = isObject(first) ? first[`${kind}_template`] : null;
  return isObject(template) ? template : null;
}

/** The form of the template for one cluster, without the extras that this cluster turned out to lack. */
export interface FittedForm extends TemplateForm {
  /** Records a missing extra; called once for each. */
  lacks(extra: TemplateExtra, reason: string): void;
}

/** Shared by writing and simulating the template, so that both learn from the same refusals. */
export function createFittedForm(settings: TemplateSettings, logger?: Logger): FittedForm {
  const without = new Set<TemplateExtra>();
  return {
    settings,
    without,
    lacks(extra, reason) {
      without.add(extra);
      logger?.info("index template: omitting what this Elasticsearch lacks", { lacks: extra, reason });
    },
  };
}

/** `put` writes the template, `try` only simulates it. */
export type TemplateAct = "put" | "try";

/**
 * Adds these patterns to the template, with all extras the server supports.
 * @returns the failure, or null on success
 */
export async function coverWith(
  send: SendJson,
  act: TemplateAct,
  existing: ExistingTemplate | null,
  patterns: readonly string[],
  form: FittedForm,
): Promise<RequestFailure | null> {
  return sendFitted(form, () => {
    const template = coveringTemplate(existing, patterns, form);
    return act === "put"
      ? send("PUT", templatePath, template)
      : send("POST", `/_index_template/_simulate/${indexTemplateName}`, template);
  });
}

/**
 * Sends a template built from the form, and again without each extra that the server turns out to lack.
 * @returns the failure, or null on success
 */
export async function sendFitted(
  form: FittedForm,
  send: () => Promise<ElasticsearchAnswer>,
): Promise<RequestFailure | null> {
  for (;;) {
    // Another template under way may be refused first: then the form has changed, but not what was sent here.
    const sentWithout = new Set(form.without);
    const answer = await send();
    if (!("failure" in answer)) return null;
    const { failure } = answer;
    const reason = failure.kind === "response" && failure.status === 400 ? failure.error?.reason : undefined;
    const lack = reason === undefined ? null : lackOf(reason);
    if (reason === undefined || lack === null || sentWithout.has(lack)) return failure;
    if (!form.without.has(lack)) form.lacks(lack, reason);
  }
}
