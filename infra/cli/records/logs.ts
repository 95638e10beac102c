import { randomBytes } from "node:crypto";
import { searchLogs, type SearchLogsInput, type SearchLogsResult } from "../../../functions/search-logs.ts";
import { createElasticsearch } from "../../../lib/adapters/elasticsearch/client.ts";
import { createOrderStore } from "../../../lib/adapters/kafka/orders/order-store.ts";
import { createKafkaWire } from "../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { systemTime } from "../../../lib/adapters/system/system-time.ts";
import { fieldCaps } from "../../../lib/adapters/elasticsearch/field-caps.ts";
import { searchText } from "../../../lib/adapters/elasticsearch/search.ts";
import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import { countText } from "../../../lib/rules/base/units.ts";
import { visibleText } from "../../../lib/rules/base/visible-text.ts";
import { rebuildsIn } from "../../../lib/rules/rebuild/rebuild.ts";
import type { LogHit } from "../../../lib/rules/search/hits/log-hit.ts";
import { parseCursor } from "../../../lib/rules/search/query/cursor.ts";
import { parseLogFilter } from "../../../lib/rules/search/query/log-request.ts";
import { mainOf, warningsOf } from "../host/config-command.ts";
import { CONFIG_OPTIONS, parseWords, wholeNumber } from "../kit/arguments.ts";
import { type CommandIo, runCommand } from "../kit/command-io.ts";
import { ExitCode } from "../kit/exit-code.ts";
import { CONFIG_ROW, helpText } from "../kit/help-text.ts";
import type { LoadedConfig } from "../kit/load-config.ts";
import { createPaint, hasColours, type Paint } from "../kit/terminal.ts";
import { readKafkaTopics } from "../topics/declared-topics.ts";
import { readSpecifications } from "./declared.ts";

const DEFAULT_LIMIT = 100;
const MOST = 10_000;
const PAGE = 100;
const SEARCH_MS = 30_000;
const ORDERS_MS = 5_000;
const ALL = "all";

const help = helpText({
  synopsis: "logs TOPIC|all [SEARCH] [options]",
  about: `Searches the logs in Elasticsearch as Explore does, and prints the newest lines, the last of them at the end. Needs no running host. Times are UTC.

SEARCH: words, "phrases", prefix*, -not, OR, parentheses, field: value, ranges such as status >= 500. Example: logs orders 'level: error "out of memory"' --since 1h`,
  options: [
    ["--since TIME", "an age such as 1h (units s m h d w), or a moment (ISO 8601); default: 15m"],
    ["--until TIME", "the same; default: now"],
    ["--limit N", `at most N lines, up to ${MOST}; default: ${DEFAULT_LIMIT}`],
    CONFIG_ROW,
    ["--json", "one JSON object on each line, with the document"],
  ],
  exitCodes:
    "0 done, also if nothing was found, 1 failed or incomplete, 2 wrong usage, 78 bad config, 128 + signal if ended by one",
});

interface LogsCommand {
  readonly config: string | null;
  readonly json: boolean;
  /** Null: all. */
  readonly topic: string | null;
  readonly search: string;
  readonly since: string;
  readonly until: string;
  readonly limit: number;
}

function parse(argv: readonly string[]): LogsCommand | null {
  const text = { type: "string" } as const;
  const options = { since: text, until: text, limit: text, ...CONFIG_OPTIONS } as const;
  const { values, positionals } = parseWords({ args: [...argv], options, allowPositionals: true });
  if (values.help) return null;
  const [topic, ...words] = positionals;
  if (topic === undefined) throw new PenstockError("usage", `a TOPIC is missing, or ${ALL}`);
  const limit = values.limit === undefined ? DEFAULT_LIMIT : wholeNumber("limit", values.limit, 1);
  if (limit > MOST) throw new PenstockError("usage", `--limit is "${limit}": it must be at most ${MOST}`);
  const { config = null, json, since = "15m", until = "now" } = values;
  return {
    config,
    json,
    topic: topic === ALL ? null : topic,
    search: words.join(" "),
    since,
    until,
    limit,
  };
}

async function logs(command: LogsCommand, config: LoadedConfig, io: CommandIo): Promise<number> {
  const { topic, search, since, until, limit, json } = command;
  const words = { topic: topic === null ? [] : [topic], q: search, from: since, to: until };
  const filter = parseLogFilter(words, io.now());
  const { elasticsearch: settings } = config.settings;
  const unread: string[] = [];
  const inForce = await readSpecifications(config, () => coverable(command, config, io, unread), io);
  const isDeclared = topic === null || inForce.has(topic);
  if (!isDeclared)
    io.error.write(
      `Note: topic "${visibleText(topic)}" is not declared; what it wrote before is searched.\n`,
    );
  let rebuilt: ReadonlySet<string> | null = null;
  if (topic === null && settings.manageTemplates && unread.length === 0) {
    rebuilt = await rebuiltTopics(config, io);
    if (rebuilt === null)
      unread.push(`${onlyOurs}, because Kafka does not say in time which topics are rebuilt`);
  }
  const client = createElasticsearch(settings, { logger: warningsOf(config, io) });
  try {
    const input = {
      ...filter,
      inForce,
      // What it wrote may have the aliases from before.
      managed: settings.manageTemplates || !isDeclared,
      rebuilt,
      order: "newest",
      histogram: false,
    } as const;
    const { hits, first } = await newest(input, limit, (page) =>
      searchLogs(page, {
        search: (indices, body, maxBytes) =>
          searchText(client, { indices, body, maxBytes, timeoutMs: SEARCH_MS }, io.signal),
        fieldCaps: (indices, fields) => fieldCaps(client, indices, fields, io.signal),
        marker: randomBytes(16).toString("base64url"),
      }),
    );
    const paint = createPaint(hasColours(io.painted, io.environment));
    for (const hit of hits.toReversed())
      io.painted.write(`${json ? jsonLine(hit) : textLine(hit, topic === null, paint)}\n`);
    const problems = [...unread, ...first.problems];
    for (const note of notesOf({ ...first, problems }, hits.length)) io.error.write(`${visibleText(note)}\n`);
    return problems.length === 0 ? ExitCode.done : ExitCode.failed;
  } finally {
    await client.close();
  }
}

const onlyOurs = "only indices with Penstock's alias are searched";

/** The topics that patterns may cover: of all, those in Kafka. If it does not answer, there are none, and a problem. */
async function coverable(
  { topic }: LogsCommand,
  config: LoadedConfig,
  io: CommandIo,
  problems: string[],
): Promise<Iterable<string>> {
  if (topic !== null) return [topic];
  try {
    return await readKafkaTopics(config, warningsOf(config, io), io.signal);
  } catch (error) {
    io.signal.throwIfAborted();
    const searched = config.settings.elasticsearch.manageTemplates
      ? onlyOurs
      : "only topics that are declared by name are searched";
    problems.push(`${searched}, because Kafka cannot be read: ${messageOf(error)}`);
    return [];
  }
}

/** Null if Kafka does not say in time. */
async function rebuiltTopics(config: LoadedConfig, io: CommandIo): Promise<ReadonlySet<string> | null> {
  const { kafka } = config.settings;
  const wire = createKafkaWire(kafka, warningsOf(config, io));
  try {
    const store = createOrderStore(wire, kafka.group, "rebuilds", systemTime);
    const signal = AbortSignal.any([io.signal, AbortSignal.timeout(ORDERS_MS)]);
    return new Set(rebuildsIn(await store.read(signal)).keys());
  } catch {
    io.signal.throwIfAborted();
    return null;
  } finally {
    await wire.close();
  }
}

type Page = Pick<SearchLogsInput, "size" | "after">;

/** Page after page, the newest first. */
async function newest<I extends object>(
  input: I,
  limit: number,
  ask: (page: I & Page) => Promise<SearchLogsResult>,
): Promise<{ readonly hits: readonly LogHit[]; readonly first: SearchLogsResult }> {
  const sizeOf = (missing: number): number => Math.min(PAGE, missing);
  const first = await ask({ ...input, size: sizeOf(limit), after: null });
  const hits = [...first.hits];
  let { next } = first;
  while (next !== null && hits.length < limit) {
    const page = await ask({ ...input, size: sizeOf(limit - hits.length), after: parseCursor(next) });
    hits.push(...page.hits);
    next = page.next;
  }
  return { hits, first };
}

function textLine(
  { timestamp, topic, partition, offset, line, cut }: LogHit,
  withTopic: boolean,
  paint: Paint,
): string {
  const place = [
    timestamp ?? "no time",
    ...(withTopic && topic !== null ? [topic] : []),
    partition === null ? "–" : `${partition}:${offset}`,
  ];
  const text = line.map(([part, isMatch]) => {
    const told = visibleText(part);
    return isMatch ? paint("bold", told) : told;
  });
  return `${paint("dim", visibleText(place.join(" ")))} ${text.join("")}${cut ? "…" : ""}`;
}

function jsonLine({ id, index, topic, partition, offset, timestamp, line, documentJson }: LogHit): string {
  const told = JSON.stringify({
    id,
    index,
    topic,
    partition,
    offset,
    timestamp,
    line: line.map(([part]) => part).join(""),
  });
  return visibleText(`${told.slice(0, -1)},"document":${documentJson ?? "null"}}`);
}

/** For standard error: what is missing, and where more is. */
function notesOf({ problems, total, newest: elsewhere, meant }: SearchLogsResult, shown: number): string[] {
  const count = `${total.exact ? "" : "more than "}${countText(total.value)}`;
  return [
    ...problems.map((problem) => `Incomplete: ${problem}`),
    ...(shown === 0
      ? [`Nothing matches${elsewhere === null ? "" : `; the newest match is of ${elsewhere}`}.`]
      : []),
    ...meant.map(({ part, instead }) => `${part.text}: did you mean ${instead.join(" or ")}?`),
    ...(total.value > shown && shown > 0
      ? [`The newest ${countText(shown)} of ${count}; --limit shows more.`]
      : []),
  ];
}

/** Returns the exit code; never throws. */
export const main = mainOf({ help, parse, run: logs });

/** Runs it in this process, and ends the process. */
export const run = (argv: readonly string[]): Promise<never> => runCommand(argv, main);

if (import.meta.main) await run(process.argv.slice(2));
