import { isTopicName } from "../../../lib/rules/model/names.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { CONFIG_OPTIONS, parseWords } from "../kit/arguments.ts";
import { CONFIG_ROW, helpText, JSON_ROW } from "../kit/help-text.ts";

export const AUDIT_HELP = helpText({
  synopsis: "audit [TOPIC…] [options]",
  about: `Accounts for every committed record: it must be in Elasticsearch, among the dead letters, null, or expired with its
index. Lists missing records (gaps) and records indexed more than once (doubles). Changes nothing without
--repair or --remove-doubles.`,
  sections: [
    {
      title: "Arguments",
      rows: [["TOPIC", "a declared topic; default: all topics in the config file and etcd"]],
    },
  ],
  options: [
    [
      "--repair",
      "index missing records again, under the same ids, and check them; if the topic has an ingest pipeline, also the records that it may have dropped",
    ],
    [
      "--remove-doubles",
      "where a record was indexed more than once, delete all its documents but the one in the oldest index; only in indices that the topic's index leads to",
    ],
    CONFIG_ROW,
    JSON_ROW,
  ],
  exitCodes:
    "0 every record accounted for, 1 gaps, doubles or a failure, 2 wrong usage, 78 bad config, 128 + signal if ended by one",
});

export interface AuditCommand {
  readonly kind: "audit";
  /** Empty: all topics. */
  readonly topics: readonly string[];
  readonly repair: boolean;
  readonly removeDoubles: boolean;
  readonly json: boolean;
  /** Null: not given. */
  readonly config: string | null;
}

/** @throws PenstockError `usage`, with one sentence that names the argument */
export function parseAuditArguments(argv: readonly string[]): AuditCommand | { readonly kind: "help" } {
  const flag = { type: "boolean", default: false } as const;
  const options = { ...CONFIG_OPTIONS, repair: flag, "remove-doubles": flag };
  const { values, positionals } = parseWords({ args: [...argv], allowPositionals: true, options });
  if (values.help) return { kind: "help" };
  const wrong = positionals.find((topic) => !isTopicName(topic));
  if (wrong !== undefined) throw new PenstockError("usage", `"${wrong}" is not a valid Kafka topic name`);
  const { repair, "remove-doubles": removeDoubles, json, config = null } = values;
  return { kind: "audit", topics: [...new Set(positionals)], repair, removeDoubles, json, config };
}
