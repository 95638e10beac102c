/** The fields of a log line. Never a secret, never a record's content. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A constant message plus fields, so that lines can be grouped by message. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
