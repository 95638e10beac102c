import { fieldAt } from "../time/event-time.ts";

/** What loggers, agents and platforms call the text of a record that is not called `message`, in order of preference. */
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
 * What a person reads of a record, where its `message` does not say it: the first of these fields that holds text.
 * @param declared the field that the declaration names; null: none
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

/** Null: there is no text, or an empty one. */
export function textAt(object: object, field: string): string | null {
  const value = fieldAt(object, field);
  return typeof value === "string" && value !== "" ? value : null;
}
