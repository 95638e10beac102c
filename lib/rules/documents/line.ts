import { fieldAt } from "../time/event-time.ts";

/** Other names than `message` that loggers, agents and platforms use for a record's text, in order of preference. */
export const lineFields: readonly string[] = [
  // zap, zerolog, pino, slog, bunyan, structlog
  "msg",
  // Docker, Fluent Bit
  "log",
  // GELF
  "short_message",
  // HashiCorp: Consul, Nomad, Terraform
  "@message",
  // Serilog: the text, else its template
  "@m",
  "@mt",
  "event",
  "text",
  "output",
  "body",
  // journald
  "MESSAGE",
  // NXLog, .NET
  "Message",
  "RenderedMessage",
  // Google Cloud
  "textPayload",
  // AWS, Microsoft
  "errorMessage",
  "displayMessage",
  "fields.message",
  "error.message",
  // OpenTelemetry
  "body.stringValue",
  "jsonPayload.message",
];

/**
 * The readable text of a record without a usable `message`: the first of these fields that contains text.
 * @param declared the field that the declaration names, if any
 */
export function lineOfFields(object: object, declared: string | null = null): string | null {
  const field = lineFieldOf(object, declared);
  return field === null ? null : textAt(object, field);
}

/** The field that {@link lineOfFields} reads. */
export function lineFieldOf(object: object, declared: string | null = null): string | null {
  if (declared !== null && textAt(object, declared) !== null) return declared;
  return lineFields.find((field) => textAt(object, field) !== null) ?? null;
}

/** @returns null if there is no text, or an empty one */
export function textAt(object: object, field: string): string | null {
  const value = fieldAt(object, field);
  return typeof value === "string" && value !== "" ? value : null;
}
