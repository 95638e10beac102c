import { z } from "zod";
import { previewPlan, type RunningTopic } from "../../functions/preview-plan.ts";
import { doesAnything } from "../../lib/rules/plan/plan-rows.ts";
import { topicStates } from "../../lib/rules/progress/status.ts";
import { sourceRef, specification } from "../api/topics.ts";
import { HOST_OPTION, HOST_ROW, hostOf, parseHostUrl } from "./host/ask-host.ts";
import { mainOf, warningsOf } from "./host/config-command.ts";
import { CONFIG_OPTIONS, parseWords } from "./kit/arguments.ts";
import { type CommandIo, runCommand } from "./kit/command-io.ts";
import { ExitCode } from "./kit/exit-code.ts";
import { CONFIG_ROW, helpText, JSON_ROW } from "./kit/help-text.ts";
import type { LoadedConfig } from "./kit/load-config.ts";
import { createPaint, hasColours } from "./kit/terminal.ts";
import { formatPlan } from "./plan/text.ts";
import { readKafkaTopics, readListing } from "./topics/declared-topics.ts";

const help = helpText({
  synopsis: "plan [options]",
  about: `Shows which topics a host would start, stop and replace, if this file were its config: the topics that the file and etcd declare, compared with those that the running host has. Changes nothing. If no host answers, it shows what one would do at its start. Needs the etcd that the file names: without it, all its topics would seem to stop.

Other settings are not compared. POST /reconcile?dryRun=true asks a host for the plan of its own file, with what it kept of sources that it cannot read.`,
  options: [
    ["--all", "list the topics that stay just as they are, too"],
    ["--exit-code", "end with 3 if anything would start, stop or be replaced"],
    HOST_ROW,
    CONFIG_ROW,
    JSON_ROW,
  ],
  exitCodes:
    "0 done, 1 failed, 2 wrong usage, 3 something would change, with --exit-code, 78 bad config, 128 + signal if ended by one",
});

interface PlanCommand {
  readonly config: string | null;
  readonly json: boolean;
  readonly all: boolean;
  readonly exitCode: boolean;
  /** Of the host to ask; null: not given. */
  readonly host: string | null;
}

/** What is read of the answer to `GET /topics`, so that hosts of other versions can be asked. */
const runningTopics: z.ZodType<readonly RunningTopic[]> = z.array(
  z.object({
    topic: z.string(),
    state: z.enum(topicStates),
    sources: z.array(sourceRef),
    spec: specification,
  }),
);

const flag = { type: "boolean", default: false } as const;

function parse(argv: readonly string[]): PlanCommand | null {
  const options = { all: flag, "exit-code": flag, ...HOST_OPTION, ...CONFIG_OPTIONS } as const;
  const { values } = parseWords({ args: [...argv], options });
  if (values.help) return null;
  const { config = null, json, all, "exit-code": exitCode } = values;
  return { config, json, all, exitCode, host: parseHostUrl(values.host) };
}

async function plan(command: PlanCommand, config: LoadedConfig, io: CommandIo): Promise<number> {
  const { settings } = config;
  const [host, listing, inKafka] = await Promise.all([
    hostOf(settings.http, command.host)("/topics", runningTopics, io.signal),
    readListing(config, { signal: io.signal, error: (text) => void io.error.write(text) }),
    readKafkaTopics(config, warningsOf(config, io), io.signal),
  ]);
  const preview = previewPlan({
    declarations: listing.declarations,
    refusals: listing.refusals,
    deadLetterTopic: settings.deadLetters.topic,
    running: host.kind === "answer" ? host.value : [],
    inKafka,
    now: io.now(),
  });
  const compared = host.kind === "answer" ? { host: host.url } : { host: null, reason: host.reason };
  if (command.json) io.out(`${JSON.stringify({ compared, ...preview }, null, 2)}\n`);
  else {
    const paint = createPaint(hasColours(io.painted, io.environment));
    io.painted.write(formatPlan({ ...preview, compared, all: command.all }, paint));
  }
  return command.exitCode && doesAnything(preview.plan) ? ExitCode.changes : ExitCode.done;
}

/** Runs it in this process, and ends the process. */
export const run = (argv: readonly string[]): Promise<never> =>
  runCommand(argv, mainOf({ help, parse, run: plan }));

if (import.meta.main) await run(process.argv.slice(2));
