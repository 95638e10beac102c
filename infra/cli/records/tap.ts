import { setTimeout as delay } from "node:timers/promises";
import { followTopic } from "../../../functions/follow-topic.ts";
import { maxTried } from "../../../functions/try-topic.ts";
import { createKafkaOffsets } from "../../../lib/adapters/kafka/queries/offsets.ts";
import { readSpans } from "../../../lib/adapters/kafka/queries/span-reader.ts";
import { createKafkaWire } from "../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { bareSpecification } from "../../../lib/rules/model/specification.ts";
import { createMatcher } from "../../../lib/rules/search/grammar/match.ts";
import { parseQuery } from "../../../lib/rules/search/grammar/parse.ts";
import type { Query } from "../../../lib/rules/search/grammar/query.ts";
import { mainOf, warningsOf } from "../host/config-command.ts";
import { CONFIG_OPTIONS, parseWords, wholeNumber } from "../kit/arguments.ts";
import { type CommandIo, runCommand } from "../kit/command-io.ts";
import { ExitCode } from "../kit/exit-code.ts";
import { CONFIG_ROW, helpText } from "../kit/help-text.ts";
import type { LoadedConfig } from "../kit/load-config.ts";
import { createPaint, hasColours } from "../kit/terminal.ts";
import { checkName } from "../topics/target.ts";
import { readSpecifications } from "./declared.ts";
import { createTappedLine, type TappedForm } from "./tapped.ts";

const DEFAULT_LAST = 10;
const READ_NEWEST_MS = 10_000;
/** Between two looks at the ends of the log. */
const LOOK_MS = 500;

const help = helpText({
  synopsis: "tap TOPIC [SEARCH] [options]",
  about: `Follows the records of a topic in Kafka, its newest first, until Ctrl-C. Reads without a group, so no position moves, and also topics that nobody declares. Times are UTC.

SEARCH is that of Explore: words, "phrases", -not, OR, field: value, ranges. It looks into the document that a record becomes.`,
  options: [
    ["--documents", "show the documents that records become (before any pipeline), or why they become none"],
    ["--last N", `begin with the newest N records, at most ${maxTried}; default: ${DEFAULT_LAST}`],
    ["--limit N", "end after N records that match"],
    ["--key", "show keys, too"],
    ["--headers", "show headers, too"],
    CONFIG_ROW,
    ["--json", "one JSON object on each line, with everything; bytes that are no text in Base64"],
  ],
});

interface TapCommand extends TappedForm {
  readonly config: string | null;
  readonly topic: string;
  readonly query: Query | null;
  readonly last: number;
  readonly limit: number;
}

const flag = { type: "boolean", default: false } as const;

function parse(argv: readonly string[]): TapCommand | null {
  const options = {
    documents: flag,
    key: flag,
    headers: flag,
    last: { type: "string" },
    limit: { type: "string" },
    ...CONFIG_OPTIONS,
  } as const;
  const { values, positionals } = parseWords({ args: [...argv], options, allowPositionals: true });
  if (values.help) return null;
  const [topic, ...words] = positionals;
  if (topic === undefined) throw new PenstockError("usage", "a TOPIC is missing");
  checkName({ kind: "topic", topic });
  const { config = null, json, documents, key, headers } = values;
  const last = values.last === undefined ? DEFAULT_LAST : wholeNumber("last", values.last, 0);
  if (last > maxTried)
    throw new PenstockError("usage", `--last is "${values.last}": it must be at most ${maxTried}`);
  const limit = values.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber("limit", values.limit, 1);
  return { config, topic, query: parseQuery(words.join(" ")), last, limit, json, documents, key, headers };
}

async function tap(command: TapCommand, config: LoadedConfig, io: CommandIo): Promise<number> {
  const { topic, last, limit } = command;
  const { kafka } = config.settings;
  const spec = (await readSpecifications(config, () => [topic], io)).get(topic) ?? bareSpecification(topic);
  const paint = createPaint(hasColours(io.painted, io.environment));
  const matches = createMatcher(command.query, io.now());
  const lineOf = createTappedLine(spec, matches, command, paint, ({ partition, offset }) => {
    io.error.write(`${partition}:${offset} is not shown: it has too many values or words for this search\n`);
  });
  const logger = warningsOf(config, io);
  const wire = createKafkaWire(kafka, logger);
  const offsets = createKafkaOffsets(kafka, logger, wire);
  const signal = AbortSignal.any([io.signal, io.outputLost]);
  let shown = 0;
  try {
    await followTopic(
      { topic, last },
      {
        reader: {
          ranges: (name, until) => offsets.ranges(name, until),
          readSpans: (name, spans, onBatch, until) =>
            readSpans({ kafka, topic: name, logger, wire }, spans, onBatch, until),
        },
        onRecord(record) {
          const line = shown < limit ? lineOf(record) : null;
          if (line !== null) {
            io.painted.write(line);
            shown += 1;
          }
          return shown < limit;
        },
        wait: () => delay(LOOK_MS, undefined, { signal }),
        signal,
        deadline: AbortSignal.timeout(READ_NEWEST_MS),
      },
    );
  } catch (error) {
    if (!io.outputLost.aborted) throw error;
  } finally {
    await offsets.close();
  }
  return ExitCode.done;
}

/** Runs it in this process, and ends the process. */
export const run = (argv: readonly string[]): Promise<never> =>
  runCommand(argv, mainOf({ help, parse, run: tap }));

if (import.meta.main) await run(process.argv.slice(2));
