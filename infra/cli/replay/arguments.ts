import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { parseReplayWords, type ReplayRequest } from "../../../lib/rules/dead-letters/replay-request.ts";
import { COMMON_OPTIONS, parseWords } from "../kit/arguments.ts";
import { CONFIG_ROW, helpText, JSON_ROW } from "../kit/help-text.ts";

export const REPLAY_HELP = helpText({
  synopsis: "replay [options]",
  about: `Brings dead letters back into Elasticsearch, under the ids their records would have had. Nothing is taken out of the
dead-letter topic; what is in the index already is left alone, so running it twice changes nothing.`,
  options: [
    ["--topic TOPIC", "only records of this topic"],
    ["--error TYPE", "only this type of error, such as document_parsing_exception"],
    ["--since WHEN", "only letters from this time on: 2026-01-31T12:00 (UTC), or 2h for the last two hours"],
    [
      "--index INDEX",
      "where to, instead of the index each letter names, where its topic has to be declared to go; may hold {topic} and {yyyy.MM.dd}",
    ],
    ["--dry-run", "count, and write nothing"],
    ["--digest", "only say what the letters have in common: topic, field, error"],
    CONFIG_ROW,
    JSON_ROW,
  ],
  exitCodes:
    "0 done, 1 failed, or some records are still rejected, gone or left alone, 2 wrong usage, 78 bad config, 128 + signal where one ended it",
});

export type ReplayCommand =
  | { readonly kind: "help" }
  | {
      readonly kind: "replay" | "digest";
      readonly request: ReplayRequest;
      /** Null: not said. */
      readonly config: string | null;
      readonly json: boolean;
    };

const OPTIONS = {
  topic: { type: "string" },
  error: { type: "string" },
  since: { type: "string" },
  index: { type: "string" },
  "dry-run": { type: "boolean", default: false },
  digest: { type: "boolean", default: false },
  config: { type: "string" },
  ...COMMON_OPTIONS,
} as const;

/**
 * @param nowMs what a duration in `--since` is counted back from
 * @throws PenstockError `usage`, with one sentence that names the argument
 */
export function parseReplayArguments(argv: readonly string[], nowMs: number): ReplayCommand {
  const { values } = parseWords({ args: [...argv], options: OPTIONS });
  if (values.help) return { kind: "help" };
  const { topic = null, error = null, since = null, index = null, digest, config = null, json } = values;
  if (digest && index !== null)
    throw new PenstockError("usage", "--digest writes nothing, so --index says nothing");
  const request = parseReplayWords({ topic, error, since, index }, values["dry-run"], nowMs);
  return { kind: digest ? "digest" : "replay", request, config, json };
}
