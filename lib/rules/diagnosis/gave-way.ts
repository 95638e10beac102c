import { type FieldThatGaveWay, gaveWayReason } from "../search/hits/gave-way.ts";
import { type Check, checksOf } from "./check.ts";
import { counted } from "../base/units.ts";

const { ok, skipped, warning } = checksOf("elasticsearch");

const NAMED_FIELDS = 5;
const NAMED_TOPICS = 20;

/** @param found the fields of the last day, and why some may be missing */
export function judgeGaveWay({
  fields,
  problems,
}: {
  readonly fields: readonly FieldThatGaveWay[];
  readonly problems: readonly string[];
}): Check[] {
  const name = "fields";
  const [problem] = problems;
  const missing = problem === undefined ? [] : [skipped(name, `the check is incomplete: ${problem}`)];
  const topics = [...Map.groupBy(fields, ({ topic }) => topic)];
  if (topics.length === 0) {
    return problem === undefined
      ? [ok(name, "no record with a @timestamp of the last day names a field that gave way")]
      : missing;
  }
  const rest = topics.length - NAMED_TOPICS;
  return [
    ...topics.slice(0, NAMED_TOPICS).map(([topic, own]) => checkOf(topic, own)),
    ...(rest > 0
      ? [
          warning(
            name,
            `fields of ${counted(rest, "more topic")} are not searchable by name`,
            "penstock replay --digest lists them",
          ),
        ]
      : []),
    ...missing,
  ];
}

function checkOf(topic: string, fields: readonly FieldThatGaveWay[]): Check {
  const shown = fields.slice(0, NAMED_FIELDS).map((one) => {
    const { field, records, sample } = one;
    return `${field} in ${counted(records, "record")} of the last day (${gaveWayReason(one)}; for example ${sample.id} in ${sample.index})`;
  });
  const rest = fields.length - shown.length;
  const more = rest > 0 ? `, and ${counted(rest, "more field")}` : "";
  return warning(
    `fields of ${topic}`,
    `not searchable by name: ${shown.join(", ")}${more}`,
    fields.every(({ why }) => why === "limit")
      ? "log fewer different field names, or raise index.mapping.total_fields.limit in an index template of your own"
      : "rename the field where it is logged, or map it in an index template of your own (keyword accepts any value)",
  );
}
