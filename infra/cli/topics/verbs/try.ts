import { createElasticsearch } from "../../../../lib/adapters/elasticsearch/client.ts";
import { createTrial } from "../../../../lib/adapters/elasticsearch/trial/trial.ts";
import { createRecordReader } from "../../../../lib/adapters/kafka/queries/record-reader.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import { specificationLookup } from "../../../../lib/rules/declarations/desired.ts";
import type { Specification } from "../../../../lib/rules/model/declaration.ts";
import { overridden, readTriedDeclaration } from "../../../../lib/rules/trial/tried-declaration.ts";
import { triedAsJson } from "../../../../lib/rules/trial/tried.ts";
import { defaultTried, maxTried, readingMs, tryTopic } from "../../../../functions/try-topic.ts";
import { warningsOf } from "../../host/config-command.ts";
import { CONFIG_OPTIONS, parseWords, wholeNumber } from "../../kit/arguments.ts";
import { ExitCode } from "../../kit/exit-code.ts";
import type { LoadedConfig } from "../../kit/load-config.ts";
import {
  DECLARATION_OPTIONS,
  DECLARATION_ROWS,
  type DeclarationEntry,
  entryOf,
} from "../declaration-options.ts";
import { readListing, readListingFor } from "../declared-topics.ts";
import { checkName, targeted } from "../target.ts";
import { formatTried, isAllWritten } from "../tried-text.ts";
import type { TopicsIo, TopicsVerb } from "../verb.ts";

interface TryCommand {
  readonly topic: string;
  /** The options that replace those of the topic's declaration. */
  readonly entry: DeclarationEntry;
  readonly last: number;
  readonly json: boolean;
}

/** They say which topics are read, and when, not what becomes of a record. */
const NOT_TRIED = ["exclude", "retention", "start-at", "hold"] as const;

export const tryVerb: TopicsVerb = {
  name: "try",
  operands: "TOPIC",
  about: "show what would become of the topic's newest records; nothing is declared or written",
  details: [
    "Reads them without a group and makes their documents as a host would. Pipelines are simulated, and what they return is",
    "written to a hidden scratch index with the target's mapping, which is removed afterwards.",
    "A topic that is declared starts from its declaration, and the options replace parts of it.",
  ].join("\n"),
  options: [
    ["--last N", `how many records, 1 to ${maxTried}; default: ${defaultTried}`],
    ...DECLARATION_ROWS.filter(([row]) => !NOT_TRIED.some((name) => row.startsWith(`--${name}`))),
  ],
  exitCodes:
    "0 all records would be indexed, perhaps in another form, or are to be skipped; 1 some would not, or it is unknown, or the command failed; 2 wrong usage, 78 bad config, 128 + signal if ended by one",
  parse(args) {
    const { exclude: _1, retention: _2, "start-at": _3, hold: _4, ...ofDocuments } = DECLARATION_OPTIONS;
    const options = { ...ofDocuments, last: { type: "string" }, ...CONFIG_OPTIONS } as const;
    const { values, positionals } = parseWords({ args, options, allowPositionals: true });
    if (values.help) return null;
    const [topic = ""] = positionals;
    const { target } = targeted(positionals, {});
    checkName(target);
    const last = values.last === undefined ? defaultTried : wholeNumber("last", values.last, 1);
    if (last > maxTried)
      throw new PenstockError("usage", `--last is "${values.last}": it must be at most ${maxTried}`);
    const command = { topic, entry: entryOf(target, values), last, json: values.json };
    return { config: values.config ?? null, run: (config, io) => tryOut(command, config, io) };
  },
};

async function tryOut(command: TryCommand, config: LoadedConfig, io: TopicsIo): Promise<number> {
  const { settings } = config;
  const spec = await specificationOf(command, config, io);
  const logger = warningsOf(config, { error: { isTTY: true, write: io.error } });
  const client = createElasticsearch(settings.elasticsearch, { logger });
  const { manageTemplates: managed, bulk: limits } = settings.elasticsearch;
  try {
    const tried = await tryTopic(
      { spec, last: command.last, limits },
      {
        reader: createRecordReader(settings.kafka, logger),
        openTrial: () =>
          createTrial(spec, { client, managed, now: io.now, suffix: () => crypto.randomUUID().slice(0, 8) }),
        now: io.now,
        signal: io.signal,
        deadline: AbortSignal.timeout(readingMs),
      },
    );
    io.out(command.json ? `${triedAsJson(tried)}\n` : formatTried(tried));
    return isAllWritten(tried) ? ExitCode.done : ExitCode.failed;
  } finally {
    await client.close();
  }
}

/** The topic's declaration, with the given options; without one, only these. */
async function specificationOf(
  { topic, entry }: TryCommand,
  config: LoadedConfig,
  io: TopicsIo,
): Promise<Specification> {
  const { declarations } = await readListingFor([topic], config, io, readListing(config, io));
  const deadLetterTopic = config.settings.deadLetters.topic;
  const declared = specificationLookup(declarations, deadLetterTopic)(topic);
  const { topic: _topic, ...options } = entry;
  const wanted = declared === null ? entry : overridden(declared, options);
  const read = readTriedDeclaration(wanted, topic, deadLetterTopic, io.now());
  if (read.kind === "specification") return read.spec;
  throw new PenstockError("usage", read.faults.map(({ reason }) => reason).join("; "));
}
