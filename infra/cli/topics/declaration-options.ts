import type { DeclarationTarget } from "../../../lib/rules/model/declaration.ts";
import { parseStartPoint, startPointRule } from "../../../lib/rules/offsets/start-point.ts";
import { showValue } from "../../../lib/rules/yaml/problem.ts";
import { nameOf } from "../../../lib/rules/declarations/edit.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import type { HelpRow } from "../kit/help-text.ts";

/** The options that make up a declaration, for `parseWords`. */
export const DECLARATION_OPTIONS = {
  exclude: { type: "string", multiple: true },
  path: { type: "string" },
  index: { type: "string" },
  "data-stream": { type: "string" },
  retention: { type: "string" },
  "start-at": { type: "string" },
  format: { type: "string" },
  timestamp: { type: "string", multiple: true },
  message: { type: "string" },
  pipeline: { type: "string" },
  rejected: { type: "string" },
  hold: { type: "boolean" },
} as const;

export const DECLARATION_ROWS: readonly HelpRow[] = [
  ["--exclude GLOB", "with --pattern: topics to leave out; may be repeated"],
  ["--path PATH", "log.file.path of the documents"],
  ["--index INDEX", "index name, may contain {topic}, {yyyy.MM.dd} and fields of JSON; default: the topic"],
  ["--data-stream STREAM", "instead of an index: a data stream, may contain {topic}"],
  ["--retention TIME", "how long the data stream keeps documents, such as 30d"],
  [
    "--start-at WHERE",
    "earliest (default), latest, a time such as 2026-11-28T10:00:00Z or an age such as -2h, if the group has no commit for the topic yet",
  ],
  ["--format FORMAT", "text (default) or json"],
  ["--timestamp FIELD", "JSON field with the event's own time; repeated: the first readable one counts"],
  ["--message FIELD", "JSON field with the log line"],
  ["--pipeline NAME", "an Elasticsearch ingest pipeline"],
  ["--rejected WAY", "a JSON record that the mapping refuses: flatten (default) or dead-letter"],
  ["--hold", "do not read it; hold and release do that with an order, without changing the declaration"],
];

/** The values of {@link DECLARATION_OPTIONS}. */
export type DeclarationValues = {
  readonly [name in keyof typeof DECLARATION_OPTIONS]?:
    | (name extends "timestamp" | "exclude" ? readonly string[] : name extends "hold" ? boolean : string)
    | undefined;
};

/** A declaration as etcd holds it. */
export type DeclarationEntry = Readonly<Record<string, string | boolean | readonly string[]>>;

/** Returns the declaration that the options describe. @throws PenstockError `usage`, naming the option */
export function entryOf(target: DeclarationTarget, values: DeclarationValues): DeclarationEntry {
  const { "data-stream": dataStream, "start-at": startAt, timestamp = [] } = values;
  const { exclude, path, index, retention, format, message, pipeline, rejected, hold } = values;
  if (exclude !== undefined && target.kind === "topic")
    throw new PenstockError("usage", "--exclude needs --pattern");
  if (startAt !== undefined && parseStartPoint(startAt) === null)
    throw new PenstockError("usage", `--start-at ${showValue(startAt)} ${startPointRule}`);
  checkChoice("--format", format, ["text", "json"]);
  checkChoice("--rejected", rejected, ["flatten", "dead-letter"]);
  const times = timestamp.length > 1 ? timestamp : timestamp[0];
  const options = {
    exclude,
    path,
    index,
    dataStream,
    retention,
    startAt,
    format,
    timestamp: times,
    message,
    pipeline,
    rejected,
    hold,
  };
  // Defaults are not written: the reader of the declaration knows them.
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { [target.kind]: nameOf(target), ...Object.fromEntries(given) };
}

function checkChoice(option: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw new PenstockError("usage", `${option} is "${value}": it must be ${choices.join(" or ")}`);
}
