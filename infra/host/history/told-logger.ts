import { eventOf, type HistoryEvent } from "../../../lib/rules/history/event.ts";
import { Repetitions } from "../../../lib/rules/history/event-log.ts";
import type { LogFields, Logger } from "../../../lib/rules/base/logger.ts";

export interface ToldLoggerOptions {
  /** The machine's name. */
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Removes known secrets from a text. */
  readonly hide: (text: string) => string;
}

/** A logger that writes as before, and passes on what belongs into the history, whatever `log.level` is. */
export function createToldLogger(
  logger: Logger,
  { host, now, hide }: ToldLoggerOptions,
  onEvent: (event: HistoryEvent) => void,
): Logger {
  const repetitions = new Repetitions();
  const write = (level: keyof Logger) => (message: string, fields?: LogFields) => {
    logger[level](message, fields);
    const event = eventOf(message, fields ?? {}, { at: now(), host, hide });
    if (event !== null && !repetitions.isRepeated(event)) onEvent(event);
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
