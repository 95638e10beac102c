import type { z } from "zod";
import { PenstockError } from "../../../rules/base/errors.ts";

/**
 * Checks an answer.
 * @param path of the question
 * @throws PenstockError `elasticsearch_refused` if it has another shape
 */
export function shaped<T>(shape: z.ZodType<T>, answer: unknown, path: string): T {
  const parsed = shape.safeParse(answer);
  if (parsed.success) return parsed.data;
  const place = parsed.error.issues[0]?.path.join(".") ?? "";
  throw new PenstockError(
    "elasticsearch_refused",
    `Elasticsearch's answer to ${path} has an unexpected form (at "${place}")`,
  );
}
