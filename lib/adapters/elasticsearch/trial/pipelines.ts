import { PenstockError } from "../../../rules/base/errors.ts";
import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import {
  type Piped,
  readSimulation,
  simulationFilter,
  simulationText,
  type TrialOperation,
} from "../../../rules/trial/operations.ts";
import type { Elasticsearch } from "../client.ts";

const TIMEOUT_MS = 30_000;
const path = "/_ingest/_simulate";
/** Pipelines may add to documents; more is not read. */
const GROWTH = 4;
const MIN_BYTES = 1024 * 1024;

/**
 * Runs documents through the pipelines that a bulk request would run: the one it names or else the target's own, that
 * target's final one and, after a `reroute`, those of the new target. Nothing is written.
 * @returns one entry for each operation, or the failure of the whole request, as a bulk would fail
 * @throws PenstockError `elasticsearch_refused` if the server cannot simulate
 */
export async function simulatePipelines(
  client: Pick<Elasticsearch, "askForText">,
  operations: readonly TrialOperation[],
  pipeline: string | null,
  signal: AbortSignal,
): Promise<readonly Piped[] | RequestFailure> {
  const body = simulationText(operations);
  const answer = await client.askForText(
    {
      method: "POST",
      path,
      querystring: { filter_path: simulationFilter, ...(pipeline !== null && { pipeline }) },
      body,
      timeoutMs: TIMEOUT_MS,
    },
    { maxBytes: MIN_BYTES + GROWTH * Buffer.byteLength(body), format: "json" },
    signal,
  );
  if ("failure" in answer) {
    const { failure } = answer;
    if (
      failure.kind === "response" &&
      /^(no handler found|Incorrect HTTP method)/.test(failure.error?.reason ?? "")
    )
      throw new PenstockError(
        "elasticsearch_refused",
        `pipelines are tried with ${path}, which this server lacks`,
      );
    return failure;
  }
  const piped = answer.text === null ? null : readSimulation(answer.text, operations);
  if (piped !== null) return piped;
  throw new PenstockError("elasticsearch_refused", `Elasticsearch's answer to ${path} cannot be used`);
}
