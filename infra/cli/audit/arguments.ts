import { parsePositionForm, type PositionForm } from "../../../lib/rules/audit/against/position.ts";
import { isTopicName } from "../../../lib/rules/model/names.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { CONFIG_OPTIONS, parseWords } from "../kit/arguments.ts";
import { CONFIG_ROW, helpText, JSON_ROW } from "../kit/help-text.ts";

export const AUDIT_HELP = helpText({
  synopsis: "audit [TOPIC…] [options]",
  about: `Accounts for every committed record: it must be in Elasticsearch, among the dead letters, null, or expired with its
index. Lists missing records (gaps) and records indexed more than once (doubles). Changes nothing without
--repair or --remove-doubles.

With --against, compares any Kafka topic with an index that another tool filled (Filebeat, Logstash, Kafka Connect, Vector,
Fluent Bit, rsyslog, Redpanda Connect): which records are missing, doubled or changed, and why, as far as the mapping tells.
Only reads. Matches documents by the position that the tool leaves in fields or ids, otherwise by content.`,
  sections: [
    {
      title: "Arguments",
      rows: [
        [
          "TOPIC",
          "a declared topic; default: all topics in the config file and etcd. With --against: one topic, declared or not",
        ],
      ],
    },
  ],
  options: [
    [
      "--repair",
      "index missing records again, under the same ids, and check them; if the topic has an ingest pipeline, also the records that it may have dropped",
    ],
    [
      "--remove-doubles",
      "where a record was indexed more than once, delete all its documents but one: by day or field, the one where it goes now; else, the one in the oldest index; only in indices that the topic's index leads to",
    ],
    [
      "--against INDEX",
      "compare the topic with this index, alias or data stream, or with several (a pattern, or names with commas)",
    ],
    [
      "--position FORM",
      `with --against: where documents tell their position, if it is not found: PARTITION,OFFSET[,TOPIC] (fields), a pattern of ids such as "{topic}+{partition}+{offset}", or none (compare contents)`,
    ],
    [
      "--group GROUP",
      "with --against: the other tool's consumer group; records beyond its committed offsets are not missing yet",
    ],
    CONFIG_ROW,
    JSON_ROW,
  ],
  exitCodes:
    "0 every record accounted for, 1 gaps, doubles, changed records or a failure, 2 wrong usage, 78 bad config, 128 + signal if ended by one",
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

/** The comparison of a topic with an index that another tool filled. */
export interface AgainstCommand {
  readonly kind: "against";
  readonly topic: string;
  readonly index: string;
  /** `find`: not given; null: compare contents. */
  readonly position: PositionForm | "find" | null;
  readonly group: string | null;
  readonly json: boolean;
  readonly config: string | null;
}

/** @throws PenstockError `usage`, with one sentence that names the argument */
export function parseAuditArguments(
  argv: readonly string[],
): AuditCommand | AgainstCommand | { readonly kind: "help" } {
  const flag = { type: "boolean", default: false } as const;
  const word = { type: "string" } as const;
  const own = { repair: flag, "remove-doubles": flag, against: word, position: word, group: word };
  const options = { ...CONFIG_OPTIONS, ...own };
  const { values, positionals } = parseWords({ args: [...argv], allowPositionals: true, options });
  if (values.help) return { kind: "help" };
  const wrong = positionals.find((topic) => !isTopicName(topic));
  if (wrong !== undefined) throw new PenstockError("usage", `"${wrong}" is not a valid Kafka topic name`);
  const { repair, "remove-doubles": removeDoubles, json, config = null } = values;
  const { against, position, group = null } = values;
  const topics = [...new Set(positionals)];
  if (against === undefined) {
    const lonely = position !== undefined ? "--position" : group === null ? null : "--group";
    if (lonely !== null) throw new PenstockError("usage", `${lonely} needs --against INDEX`);
    return { kind: "audit", topics, repair, removeDoubles, json, config };
  }
  if (repair || removeDoubles) {
    const name = repair ? "--repair" : "--remove-doubles";
    throw new PenstockError("usage", `--against only reads, so it does not go with ${name}`);
  }
  const [topic, more] = topics;
  if (topic === undefined || more !== undefined)
    throw new PenstockError("usage", `--against compares one topic, not ${topics.length}`);
  if (against.trim() === "") throw new PenstockError("usage", "--against is empty: it must name an index");
  const form = position === undefined ? "find" : parsePositionForm(position);
  return { kind: "against", topic, index: against, position: form, group, json, config };
}
