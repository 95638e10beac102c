import type { Explanation } from "../../lib/rules/explanation/explanation.ts";
import { usage } from "../../lib/rules/base/errors.ts";
import { createRedaction } from "../../lib/rules/secrets/redaction.ts";
import { secretsOf } from "../../lib/rules/secrets/secret.ts";
import { explanation as schema } from "../api/topics.ts";
import { explainByServers } from "./explain/ask-servers.ts";
import { formatExplanation } from "./explain/text.ts";
import { awayIf, HOST_OPTION, HOST_ROW, hostOf, parseHostUrl } from "./host/ask-host.ts";
import { mainOf, warningsOf } from "./host/config-command.ts";
import { CONFIG_OPTIONS, parseWords } from "./kit/arguments.ts";
import { type CommandIo, runCommand } from "./kit/command-io.ts";
import { ExitCode } from "./kit/exit-code.ts";
import { CONFIG_ROW, helpText, JSON_ROW } from "./kit/help-text.ts";
import type { LoadedConfig } from "./kit/load-config.ts";
import { createPaint, hasColours } from "./kit/terminal.ts";
import { readListing, readListingFor } from "./topics/declared-topics.ts";

const help = helpText({
  synopsis: "explain TOPIC [options]",
  about: `Says everything that is known about one topic: how it fares and why, and what mends it; where it is declared, and which setting comes from where; its partitions and positions, what waits there, and when Kafka deletes it; its target; its dead letters. Changes nothing.

Asks the running host. If none answers, or it refuses, or is an older version without this command, it asks Kafka, Elasticsearch and etcd itself, and says so: they do not tell what a host does.`,
  options: [HOST_ROW, CONFIG_ROW, JSON_ROW],
  exitCodes:
    "0 nothing has to be mended, 1 something has to, or it failed, 2 wrong usage, 78 bad config, 128 + signal if ended by one",
});

interface ExplainCommand {
  readonly topic: string;
  readonly config: string | null;
  readonly json: boolean;
  /** Of the host to ask; null: not given. */
  readonly host: string | null;
}

/** A host asks its servers, each with a deadline. */
const HOST_WAITS_MS = 45_000;

function parse(argv: readonly string[]): ExplainCommand | null {
  const options = { ...HOST_OPTION, ...CONFIG_OPTIONS } as const;
  const { values, positionals } = parseWords({ args: [...argv], allowPositionals: true, options });
  if (values.help) return null;
  const [topic, ...others] = positionals;
  if (topic === undefined || others.length > 0)
    throw usage(topic === undefined ? "A topic is missing" : `One topic at a time: ${positionals.join(" ")}`);
  const { config = null, json } = values;
  return { topic, config, json, host: parseHostUrl(values.host) };
}

async function explain(command: ExplainCommand, config: LoadedConfig, io: CommandIo): Promise<number> {
  const { topic, json } = command;
  const ask = hostOf(config.settings.http, command.host);
  const path = `/topics/${encodeURIComponent(topic)}/explain`;
  // The read-only token, say, is told nothing of a topic that nobody declares: the servers tell with the config's logins.
  const answer = await ask(path, schema, io.signal, HOST_WAITS_MS).catch((error: unknown) =>
    awayIf("host_refused", error),
  );
  const asked = answer.kind === "answer" ? { host: answer.url } : { host: null, reason: answer.reason };
  const told = answer.kind === "answer" ? answer.value : await fromServers(topic, config, io);
  const hide = createRedaction(secretsOf(config.settings));
  io.out(
    hide(
      json
        ? `${JSON.stringify({ asked, ...told }, null, 2)}\n`
        : formatExplanation(told, asked, io.now(), createPaint(hasColours(process.stdout, io.environment))),
    ),
  );
  return told.remedy === null ? ExitCode.done : ExitCode.failed;
}

async function fromServers(topic: string, config: LoadedConfig, io: CommandIo): Promise<Explanation> {
  const told = { signal: io.signal, error: (text: string): void => void io.error.write(text) };
  const reading = readListing(config, told);
  const { declarations, refusals } = await readListingFor([topic], config, told, reading);
  return explainByServers(
    { topic, declarations, refused: refusals, settings: config.settings, status: null },
    warningsOf(config, io),
    io.signal,
  );
}

/** Returns the exit code; never throws. */
export const main = mainOf({ help, parse, run: explain });

/** Runs it in this process, and ends the process. */
export const run = (argv: readonly string[]): Promise<never> => runCommand(argv, main);

if (import.meta.main) await run(process.argv.slice(2));
