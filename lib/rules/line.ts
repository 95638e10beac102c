import { fieldAt } from "./event-time.ts";

/** What loggers, agents and platforms call the text of a record that is not called `message`, in order of preference. */
export const lineFields: readonly string[] = [
  // zap, zerolog, pino, slog, bunyan, structlog
  "msg",
  // Docker, Fluent Bit
  "log",
  // GELF
  "short_message",
  // Serilog: the text, else its template
  "@m",
  "@mt",
  "event",
  "text",
  "output",
  "body",
  // journald
  "MESSAGE",
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
  const fields = declared === null ? lineFields : [declared, ...lineFields];
  for (const field of fields) {
    const value = fieldAt(object, field);
    if (typeof value === "string" && value !== "") return value;
  }
  return null;
}
