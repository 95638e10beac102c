import { usage } from "../../../lib/rules/base/errors.ts";
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
      "only dead letters from then on: an age such as 2h (units s m h d w), or a moment (2026-01-31T12:00, UTC)",
    ],
    [
      "--refused-by INDEX",
      "only letters that this index refused: for the field of --field, or else those whose reason names no field",
    ],
    ["--field FIELD", "only with --refused-by: the field that the index refused"],
    [
      "--index INDEX",
      "write to this index; default: the index named by the dead letter, if its topic is still declared to go there; may contain {topic} and {yyyy.MM.dd}",
    ],
    ["--dry-run", "only count, write nothing"],
    ["--digest", "only summarize the dead letters by topic, field and error"],
    [
      "--propose",
      "only say of each group of open letters why the index refuses them, and which changes may make it take them (with --index: that index too), each with its request and the replay after it",
    ],
    [
      "--try",
      "the same, with what each change would do, tried on letters and good records in scratch indices that are removed afterwards",
    ],
    CONFIG_ROW,
    JSON_ROW,
  ],
  exitCodes:
    "0 done, 1 failed, or records still rejected, unrecoverable or left alone, or a group that could not be looked at, 2 wrong usage, 78 bad config, 128 + signal if ended by one",
});

export type ReplayCommand =
  | { readonly kind: "help" }
  | {
      readonly kind: "replay" | (typeof LOOKS)[number];
      readonly request: ReplayRequest;
      /** Null: not given. */
      readonly config: string | null;
      readonly json: boolean;
    };

/** What is done instead of a replay; each is an option. */
const LOOKS = ["digest", "propose", "try"] as const;

const OPTIONS = {
  topic: { type: "string" },
  error: { type: "string" },
  since: { type: "string" },
  index: { type: "string" },
  "dry-run": { type: "boolean", default: false },
  "refused-by": { type: "string" },
  field: { type: "string" },
  digest: { type: "boolean", default: false },
  propose: { type: "boolean", default: false },
  try: { type: "boolean", default: false },
  ...CONFIG_OPTIONS,
} as const;

/**
 * @param nowMs the time that an age in `--since` counts back from
 * @throws PenstockError `usage`, with one sentence that names the argument
 */
export function parseReplayArguments(argv: readonly string[], nowMs: number): ReplayCommand {
  const { values } = parseWords({ args: [...argv], options: OPTIONS });
  if (values.help) return { kind: "help" };
  const {
    topic = null,
    error = null,
    since = null,
    index = null,
    field = null,
    config = null,
    json,
  } = values;
  const refusedBy = values["refused-by"] ?? null;
  const [look, other] = LOOKS.filter((name) => values[name]);
  if (other !== undefined) throw usage(`--${look} and --${other} exclude each other`);
  if (look === "digest" && index !== null)
    throw usage("--index has no effect with --digest, which writes nothing");
  if (look !== undefined && values["dry-run"])
    throw usage(`--dry-run has no effect with --${look}, which replays nothing`);
  if (field !== null && refusedBy === null)
    throw usage("--field needs --refused-by: the index that refused the letters");
  const words = { topic, error, since, index, refusedBy, field };
  const request = parseReplayWords(words, values["dry-run"], nowMs);
  if ((look === "propose" || look === "try") && since !== null)
    throw usage(`--since has no effect with --${look}, which looks at whole groups`);
  return { kind: look ?? "replay", request, config, json };
}
