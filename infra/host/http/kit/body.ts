import type { Context } from "hono";
import { isNestedTooDeeply, depthRule } from "../../../../lib/rules/json/json-depth.ts";
import { bindingsOf } from "./event-stream.ts";
import { problem } from "./problem.ts";

/**
 * The body as text. From then on the request has the time of its answer, and no more that of its body.
 * @throws where the client went, or took too long
 */
export async function readText(c: Context): Promise<string> {
  const text = await c.req.text();
  bindingsOf(c).bodyRead?.();
  return text;
}

/** The members of a JSON body, or the answer that says what is wrong with it. No body is an empty object. */
export async function readJsonObject(c: Context): Promise<Readonly<Record<string, unknown>> | Response> {
  const text = await readText(c);
  if (text === "") return {};
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") return problem(c, 415, "The body must be application/json.");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return problem(c, 400, "The body is not valid JSON.");
  }
  if (isNestedTooDeeply(text)) return problem(c, 400, `The body ${depthRule}.`);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return problem(c, 400, "The body must be a JSON object.");
  }
  return { ...parsed };
}
