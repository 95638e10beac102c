import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { parseReplayWords, type ReplayRequest } from "../../../lib/rules/dead-letters/replay-request.ts";
import { CONFIG_OPTIONS, parseWords } from "../kit/arguments.ts";
import { CONFIG_ROW, helpText, JSON_ROW } from "../kit/help-text.ts";

export const REPLAY_HELP = helpText({
  synopsis: "replay [options]",
  about: `Indexes dead letters again, under the ids of their records. The dead-letter topic keeps them, and records that are in the
index already are skipped, so running it twice changes nothing.`,
  options: [
    ["--topic TOPIC", "only records of this topic"],
    ["--error TYPE", "only this error type, such as document_parsing_exception"],
    [
      "--since WHEN",
      "only dead letters from this time on: 2026-01-31T12:00 (UTC), or 2h for the last two hours",
    ],
    [
      "--index INDEX",
      "write to this index; default: the index named by the dead letter, if its topic is still declared to go there; may contain {topic} and {yyyy.MM.dd}",
    ],
    ["--dry-run", "only count, write nothing"],
    ["--digest", "only summarize the dead letters by topic, field and error"],
    CONFIG_ROW,
    JSON_ROW,
  ],
  exitCodes:
    "0 done, 1 failed, or records still rejected, unrecoverable or left alone, 2 wrong usage, 78 bad config, 128 + signal if ended by one",
});

export type ReplayCommand =
  | { readonly kind: "help" }
  | {
      readonly kind: "replay" | "digest";
      readonly request: ReplayRequest;
      /** Null: not given. */
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
  ...CONFIG_OPTIONS,
} as const;

/**
 * @param nowMs the time that a duration in `--since` counts back from
 * @throws PenstockError `usage`, with one sentence that names the argument
 */
export function parseReplayArguments(argv: readonly string[], nowMs: number): ReplayCommand {
  const { values } = parseWords({ args: [...argv], options: OPTIONS });
  if (values.help) return { kind: "help" };
  const { topic = null, error = null, since = null, index = null, digest, config = null, json } = values;
  if (digest && index !== null)
    throw new PenstockError("usage", "--index has no effect with --digest, which writes nothing");
  const request = parseReplayWords({ topic, error, since, index }, values["dry-run"], nowMs);
  return { kind: digest ? "digest" : "replay", request, config, json };
}
