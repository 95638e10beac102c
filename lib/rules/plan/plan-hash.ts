import { createHash } from "node:crypto";
import type { Refusal } from "../model/declaration.ts";
import { ANOTHER_TRY, STOPS_ALREADY, type Plan } from "./plan.ts";
import type { KafkaSettings } from "../model/settings.ts";

/** What `planHash` makes: 43 characters of base64url. */
export const planHashPattern = /^[\w-]{43}$/;

/**
 * Tells whether a plan still does what somebody has looked at: the same hash, the same effect.
 *
 * In it: what starts and by which settings, what stops, what is replaced and what changes there, what waits and what is
 * refused. Not in it: what is kept, the order of entries, reasons, revisions and places in a list, and what goes on by itself
 * anyway (the next try of a failed start, a stop under way): all these change while the effect stays.
 *
 * @param kafka that is in force then: all topics may be read by other connections for its sake. Passwords and keys are left out.
 */
export function planHash(plan: Plan, kafka: KafkaSettings): string {
  const starts = plan.start.filter(({ reason }) => reason !== ANOTHER_TRY);
  const effect = {
    start: inOrder(starts.map(({ topic, spec }) => [topic, fieldsOf(spec)])),
    stop: inOrder(plan.stop.filter(({ reason }) => reason !== STOPS_ALREADY).map(({ topic }) => [topic])),
    replace: inOrder(plan.replace.map(({ topic, spec, changes }) => [topic, fieldsOf(spec), changes])),
    pending: inOrder(plan.pending.map(({ topic }) => [topic])),
    refused: inOrder(plan.refused.map(refusalOf)),
    kafka: withoutSecrets(kafka),
  };
  return createHash("sha256").update(JSON.stringify(effect)).digest("base64url");
}

function refusalOf({ source, name, lastGoodKept }: Refusal): unknown[] {
  return [source.kind, source.name, name, lastGoodKept];
}

/** Without the bound of memory, which changes nothing about any connection. */
function withoutSecrets({ inFlightMaxBytes: _inFlightMaxBytes, ...kafka }: KafkaSettings): string[] {
  const { sasl, tls } = kafka;
  return fieldsOf({
    ...kafka,
    sasl: sasl === null ? null : [sasl.mechanism, sasl.username],
    tls: tls === null ? null : [tls.ca, tls.cert],
  });
}

/** The order in which fields were written says nothing. */
function fieldsOf(value: object): string[] {
  return inOrder(Object.entries(value));
}

function inOrder(entries: readonly (readonly unknown[])[]): string[] {
  return entries.map((entry) => JSON.stringify(entry)).sort();
}
