import { z } from "zod";
import { PenstockError } from "../../../rules/base/errors.ts";
import { type FieldPlace, placeOf } from "../../../rules/mending/field-place.ts";
import type { MendRequest } from "../../../rules/mending/proposal.ts";
import { matchesGlob } from "../../../rules/model/names.ts";
import { assertComplete } from "../ask-again.ts";
import type { Elasticsearch } from "../client.ts";
import { getFrom } from "../names/asking.ts";
import { allTemplatesQuestion, templatesIn } from "../template/all-templates.ts";
import { shaped } from "../transport/shaped.ts";

/** The template that indices of a name are made from. */
export interface MakingTemplate {
  readonly name: string;
  /** Whether it maps the field; if not, Elasticsearch learned it from a document, or somebody set it. */
  readonly mapsField: boolean;
}

const TIMEOUT_MS = 10_000;
/** Elasticsearch waits up to 30 s for its master, and up to 30 s until all nodes know the change. */
const CHANGE_TIMEOUT_MS = 65_000;
const mapping = z.record(z.string(), z.unknown());
const simulatedShape = z.object({ template: z.object({ mappings: mapping.default({}) }).optional() });

/**
 * Finds the template that indices of a name are made from, as Elasticsearch chooses it: the matching one with the highest
 * priority.
 * @returns null if there is none, or the user may not read templates
 * @throws PenstockError `elasticsearch_unavailable`
 */
export async function findMakingTemplate(
  client: Pick<Elasticsearch, "ask">,
  name: string,
  field: string | null,
  signal: AbortSignal,
): Promise<MakingTemplate | null> {
  try {
    const listed = await client.ask({ ...allTemplatesQuestion, timeoutMs: TIMEOUT_MS }, signal);
    const [chosen] = templatesIn(listed)
      .filter(({ patterns }) => patterns.some((pattern) => matchesGlob(pattern, name)))
      .toSorted((one, other) => other.priority - one.priority);
    if (chosen === undefined) return null;
    const path = `/_index_template/_simulate/${encodeURIComponent(chosen.name)}`;
    const answer = await client.ask({ method: "POST", path, timeoutMs: TIMEOUT_MS }, signal);
    const place: FieldPlace | null =
      field === null ? null : placeOf(shaped(simulatedShape, answer, path).template?.mappings ?? {}, field);
    return { name: chosen.name, mapsField: place !== null };
  } catch (error) {
    if (error instanceof PenstockError && error.code === "elasticsearch_refused") return null;
    throw error;
  }
}

/**
 * Whether an index, alias or data stream has the name; false if the user may not see it.
 * @throws PenstockError `elasticsearch_unavailable`
 */
export async function isNameTaken(
  client: Pick<Elasticsearch, "ask">,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await getFrom(client, signal, TIMEOUT_MS)(`/${encodeURIComponent(name)}/_alias`, {});
    return true;
  } catch (error) {
    if (error instanceof PenstockError && error.code === "elasticsearch_refused") return false;
    throw error;
  }
}

/**
 * Makes a proposed change, through one node: a second rollover would be another one, and a second index is refused.
 * @throws PenstockError `elasticsearch_unavailable`, or `elasticsearch_refused` if it was not made
 */
export async function makeChange(
  client: Pick<Elasticsearch, "ask">,
  { method, path, body }: MendRequest,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.ask({ method, path, body, timeoutMs: CHANGE_TIMEOUT_MS, once: true }, signal);
  } catch (error) {
    if (!(error instanceof PenstockError) || error.code !== "elasticsearch_unavailable") throw error;
    const doubt = "the change may have been made all the same, so look at the proposals again";
    throw new PenstockError(error.code, `${error.message}; ${doubt}`, { cause: error });
  }
}

/**
 * Makes everything searchable that was written under a name. Fails if a shard fails: what it has would look missing.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function refreshIndex(
  client: Pick<Elasticsearch, "ask">,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const querystring = { ignore_unavailable: "true", allow_no_indices: "true" };
  const path = `/${encodeURIComponent(name)}/_refresh`;
  assertComplete(
    await client.ask({ method: "POST", path, querystring, timeoutMs: TIMEOUT_MS }, signal),
    "refresh",
  );
}
