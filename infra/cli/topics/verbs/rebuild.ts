import { rebuildTopic, type RebuildAction } from "../../../../functions/rebuild-topic.ts";
import { lookAtRebuild } from "../../../../functions/rebuild-topic/look.ts";
import { usage } from "../../../../lib/rules/base/errors.ts";
import { warningsOf } from "../../host/config-command.ts";
import { CONFIG_OPTIONS, parseWords } from "../../kit/arguments.ts";
import { ExitCode } from "../../kit/exit-code.ts";
import type { LoadedConfig } from "../../kit/load-config.ts";
import { auditRebuild } from "../rebuild/audit.ts";
import { formatRebuild } from "../rebuild/text.ts";
import { openRebuildWorld } from "../rebuild/world.ts";
import { type TopicsIo, type TopicsVerb, whoami } from "../verb.ts";

interface RebuildCommand {
  readonly topic: string;
  readonly action: RebuildAction | "status" | "audit";
  /** Null: not given. */
  readonly index: string | null;
  readonly force: boolean;
  readonly json: boolean;
}

const STEPS = ["status", "audit", "swap", "back", "finish", "pause", "resume", "cancel"] as const;
const flag = { type: "boolean", default: false } as const;
const STEP_FLAGS = {
  status: flag,
  audit: flag,
  swap: flag,
  back: flag,
  finish: flag,
  pause: flag,
  resume: flag,
  cancel: flag,
} as const;

export const rebuildVerb: TopicsVerb = {
  name: "rebuild",
  operands: "TOPIC",
  about: "read a topic again, from its start, into a new index beside the live one, and swap them",
  details:
    "Hosts read at low priority, and go on where they were after a crash. Nothing is swapped until you say so. The steps: --index NEW; --status, until it has caught up; --audit; --swap; then --finish, or --back.",
  options: [
    ["--index NEW", "begin: the new index, which today's template and declaration shape"],
    ["--status", "show how far it is; the default"],
    ["--audit", "count every record in both indices against Kafka"],
    ["--swap", "make the new index the live one; both get each record from then on"],
    ["--back", "make the old index the live one again"],
    ["--finish", "after a swap: end it; only the new index is written from then on"],
    ["--pause, --resume", "stop reading into the new index for a while"],
    ["--cancel", "before a swap: end it; the new index stays as it is"],
    [
      "--force",
      "begin although Kafka no longer has all records or another topic is written to the live index, or swap before it has caught up",
    ],
  ],
  exitCodes:
    "0 done, 1 failed, or the audit found something, 2 wrong usage, or the step does not fit, 78 bad config, 128 + signal if ended by one",
  parse(args) {
    const options = { index: { type: "string" }, force: flag, ...STEP_FLAGS, ...CONFIG_OPTIONS } as const;
    const { values, positionals } = parseWords({ args, options, allowPositionals: true });
    if (values.help) return null;
    const [topic, ...more] = positionals;
    if (topic === undefined || more.length > 0) throw usage("give one TOPIC");
    const given = STEPS.filter((step) => values[step]);
    if (given.length + (values.index === undefined ? 0 : 1) > 1) {
      const all = [...(values.index === undefined ? [] : ["index"]), ...given];
      throw usage(`one step at a time: ${all.map((step) => `--${step}`).join(", ")} are too many`);
    }
    const { index = null, force, json } = values;
    const action = index === null ? (given[0] ?? "status") : "begin";
    const command: RebuildCommand = { topic, action, index, force, json };
    return { config: values.config ?? null, run: (config, io) => rebuild(command, config, io) };
  },
};

async function rebuild(command: RebuildCommand, config: LoadedConfig, io: TopicsIo): Promise<number> {
  const { topic, action, json } = command;
  const logger = warningsOf(config, { error: { isTTY: true, write: io.error } });
  // A new index must be that of no other topic, so all declarations have to be known.
  const about = action === "begin" ? [] : [topic];
  await using world = await openRebuildWorld(about, config, logger, io);
  if (action !== "status" && action !== "audit") {
    const { message, status } = await rebuildTopic({ ...command, action, by: whoami(io.environment) }, world);
    io.out(json ? `${JSON.stringify({ message, status })}\n` : `${message}\n`);
    return ExitCode.done;
  }
  const seen = await lookAtRebuild(topic, world);
  if (action === "audit") return await auditRebuild({ topic, seen, json }, world, { config, logger, io });
  io.out(json ? `${JSON.stringify(seen.status)}\n` : formatRebuild(topic, seen.status));
  return ExitCode.done;
}
