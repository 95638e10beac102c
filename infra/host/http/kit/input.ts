import { usage } from "../../../../lib/rules/base/errors.ts";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { depthRule, isNestedTooDeeply } from "../../../../lib/rules/json/json-depth.ts";
import { quoted } from "../../../../lib/rules/base/visible-text.ts";
import { parseMoment, timeExpressionRule } from "../../../../lib/rules/search/grammar/time-expression.ts";
import { type Body, formType, jsonType } from "../../../api/kit/route.ts";
import { bindingsOf } from "./event-stream.ts";
import { problem } from "./problem.ts";

/**
 * Returns the body as text. From then on the time limit for answers applies, no longer the one for bodies.
 * @throws if the client disconnected or took too long
 */
export async function readText(c: Context): Promise<string> {
  const text = await c.req.text();
  bindingsOf(c).bodyRead?.();
  return text;
}

/** @throws HTTPException 400 or 415; what `parse` throws */
export async function readBody<B>(c: Context, { whenEmpty, form, parse }: Body<B>): Promise<B> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  const isForm = form === true && type === formType;
  const isAccepted = isForm || type === jsonType;
  // A body of another type is not read, unless it may be empty.
  const text = isAccepted || whenEmpty !== undefined ? await readText(c) : "";
  if (text === "" && whenEmpty !== undefined) return parse(whenEmpty);
  if (!isAccepted) {
    throw refused(c, 415, `The body must be ${form === true ? `${jsonType} or ${formType}` : jsonType}.`);
  }
  return parse(isForm ? fieldsOf(text) : membersOf(c, text));
}

/** @returns milliseconds since the epoch @throws PenstockError `usage` */
export function timeIn(name: string, text: string, nowMs: number): number {
  const ms = parseMoment(text, nowMs);
  if (ms === null) throw usage(`${name} ${quoted(text)} ${timeExpressionRule}`);
  return ms;
}

/** Of a repeated field, the first value counts. */
function fieldsOf(text: string): Record<string, unknown> {
  return Object.fromEntries([...new URLSearchParams(text)].toReversed());
}

function membersOf(c: Context, text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw refused(c, 400, "The body is not valid JSON.");
  }
  if (isNestedTooDeeply(text)) throw refused(c, 400, `The body ${depthRule}.`);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw refused(c, 400, "The body must be a JSON object.");
  }
  return { ...parsed };
}

function refused(c: Context, status: 400 | 415, detail: string): HTTPException {
  return new HTTPException(status, { res: problem(c, status, detail) });
}
