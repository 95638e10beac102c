import { createHash } from "node:crypto";
import type { Refusal } from "../model/declaration.ts";
import { ANOTHER_TRY, HOLDS, READS, STOPS_ALREADY, type Plan } from "./plan.ts";
import type { KafkaSettings } from "../model/settings.ts";

/** A result of `planHash`: 43 characters of base64url. */
export const planHashPattern = /^[\w-]{43}$/;

/**
 * Two plans with the same hash have the same effect, so that a plan somebody has seen can be applied safely.
 *
 * The hash covers topics to start with their settings, to stop, to replace with their changes, those that `hold` begins or ends to hold, pending and refused ones.
 * It excludes other kept topics, the order of entries, reasons, revisions, positions in a list, and whatever happens anyway (the
 * retry of a failed start, a stop in progress), because those change without changing the effect.
 *
 * @param kafka the settings after the plan, since changing them reconnects all topics; passwords and keys are excluded
 */
export function planHash(plan: Plan, kafka: KafkaSettings): string {
  const starts = plan.start.filter(({ reason }) => reason !== ANOTHER_TRY);
  const effect = {
    start: inOrder(starts.map(({ topic, spec }) => [topic, fieldsOf(spec)])),
    stop: inOrder(plan.stop.filter(({ reason }) => reason !== STOPS_ALREADY).map(({ topic }) => [topic])),
    replace: inOrder(plan.replace.map(({ topic, spec, changes }) => [topic, fieldsOf(spec), changes])),
    hold: inOrder(
      plan.keep.flatMap(({ topic, reason }) =>
        reason === HOLDS || reason === READS ? [[topic, reason]] : [],
      ),
    ),
    pending: inOrder(plan.pending.map(({ topic }) => [topic])),
    refused: inOrder(plan.refused.map(refusalOf)),
    kafka: withoutSecrets(kafka),
  };
  return createHash("sha256").update(JSON.stringify(effect)).digest("base64url");
}

function refusalOf({ source, name, lastGoodKept }: Refusal): unknown[] {
  return [source.kind, source.name, name, lastGoodKept];
}

/** Also without the memory limit, which does not concern connections. */
function withoutSecrets({ inFlightMaxBytes: _inFlightMaxBytes, ...kafka }: KafkaSettings): string[] {
  const { sasl, tls } = kafka;
  return fieldsOf({
    ...kafka,
    // A `Secret` is hidden in JSON.
    sasl,
    tls: tls === null ? null : [tls.ca, tls.cert],
  });
}

/** Makes the hash independent of the order of fields. */
function fieldsOf(value: object): string[] {
  return inOrder(Object.entries(value));
}

function inOrder(entries: readonly (readonly unknown[])[]): string[] {
  return entries.map((entry) => JSON.stringify(entry)).sort();
}
