import { isTopicName } from "../../../lib/rules/model/names.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { COMMON_OPTIONS, parseWords } from "../kit/arguments.ts";
import { CONFIG_ROW, helpText, JSON_ROW } from "../kit/help-text.ts";

export const AUDIT_HELP = helpText({
  synopsis: "audit [TOPIC…] [options]",
  about: `Accounts for every record that was committed: it is in Elasticsearch, among the dead letters, null, or gone with its
index. Lists what is missing (gaps) and what is there more than once (doubles). Changes nothing, unless told to repair.`,
  sections: [
    {
      title: "Arguments",
      rows: [["TOPIC", "a declared topic; default: all that the config file and etcd declare"]],
    },
  ],
  options: [
    [
      "--repair",
      "bring in what is missing, under the same ids, then look at it again; with an ingest pipeline also what it may have dropped, which it then may drop again",
    ],
    CONFIG_ROW,
    JSON_ROW,
  ],
  exitCodes:
    "0 every record accounted for, 1 gaps, doubles or a failure, 2 wrong usage, 78 bad config, 128 + signal where one ended it",
});

export interface AuditCommand {
  readonly kind: "audit";
  /** Empty: all. */
  readonly topics: readonly string[];
  readonly repair: boolean;
  readonly json: boolean;
  /** Null: not said. */
  readonly config: string | null;
}

/** @throws PenstockError `usage`, with one sentence that names the argument. */
export function parseAuditArguments(argv: readonly string[]): AuditCommand | { readonly kind: "help" } {
  const { values, positionals } = parse(argv);
  if (values.help) return { kind: "help" };
  const wrong = positionals.find((topic) => !isTopicName(topic));
  if (wrong !== undefined) throw new PenstockError("usage", `"${wrong}" is not the name of a Kafka topic`);
  const { repair, json, config = null } = values;
  return { kind: "audit", topics: [...new Set(positionals)], repair, json, config };
}

function parse(argv: readonly string[]) {
  return parseWords({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...COMMON_OPTIONS,
      config: { type: "string" },
      repair: { type: "boolean", default: false },
    },
  });
}
