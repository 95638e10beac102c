import { nameOf } from "../../../../lib/rules/declarations/edit.ts";
import { keyForNew, placeOf } from "../../../../lib/rules/declarations/etcd-keys.ts";
import { entryRefusals } from "../../../../lib/rules/declarations/etcd-value.ts";
import { globsOverAll } from "../../../../lib/rules/model/names.ts";
import { CONFIG_OPTIONS, parseWords } from "../../kit/arguments.ts";
import type { LoadedConfig } from "../../kit/load-config.ts";
import { changeKey, declaredInConfig } from "../change.ts";
import {
  DECLARATION_OPTIONS,
  DECLARATION_ROWS,
  type DeclarationEntry,
  entryOf,
} from "../declaration-options.ts";
import { readKafkaTopics } from "../declared-topics.ts";
import { checkKey, checkName, PATTERN_ROW, TARGET_OPTIONS, type Targeted, targeted } from "../target.ts";
import type { TopicsIo, TopicsVerb } from "../verb.ts";

/** The note is an extra: it is not waited for long. */
const KAFKA_MS = 2_000;

interface AddCommand extends Targeted {
  /** Whether to write a key that hosts with this config do not read. */
  readonly force: boolean;
  /** The declaration to write to etcd. */
  readonly entry: DeclarationEntry;
  readonly json: boolean;
}

export const addVerb: TopicsVerb = {
  name: "add",
  operands: "TOPIC",
  about: "declare a topic in etcd, or replace its declaration there",
  options: [
    PATTERN_ROW,
    [
      "--key KEY",
      "the etcd key to change; default: the first exact key of etcd.keys, else <first prefix><topic>",
    ],
    ["--force", "write --key even if it is not in etcd.keys, so that hosts with this config do not read it"],
    ...DECLARATION_ROWS,
  ],
  parse(args) {
    const force = { type: "boolean", default: false } as const;
    const options = { ...DECLARATION_OPTIONS, ...TARGET_OPTIONS, force, ...CONFIG_OPTIONS } as const;
    const { values, positionals } = parseWords({ args, options, allowPositionals: true });
    if (values.help) return null;
    const { target, key } = targeted(positionals, values);
    checkName(target);
    const entry = entryOf(target, values);
    const command = { target, key, entry, json: values.json, force: values.force };
    return { config: values.config ?? null, run: (config, io) => add(command, config, io) };
  },
};

async function add(command: AddCommand, config: LoadedConfig, io: TopicsIo): Promise<number> {
  const code = await write(command, config, io);
  if (command.target.kind === "topic") await noteIfAbsent(command.target.topic, config, io);
  return code;
}

/** Says on standard error if the topic is not in Kafka yet. If Kafka does not answer, nothing: it was not asked for. */
async function noteIfAbsent(topic: string, config: LoadedConfig, { error, signal }: TopicsIo): Promise<void> {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const either = AbortSignal.any([signal, AbortSignal.timeout(KAFKA_MS)]);
  const inKafka = await readKafkaTopics(config, quiet, either).catch(() => null);
  if (inKafka === null || inKafka.has(topic)) return;
  error(
    `Note: topic "${topic}" is not in Kafka yet: it starts once it is (kafka-topics.sh --create --topic ${topic}).\n`,
  );
}

function write({ target, key: wanted, entry, json, force }: AddCommand, config: LoadedConfig, io: TopicsIo) {
  return changeKey(
    {
      target,
      json,
      async decide(_, etcd) {
        checkKey({ target, key: wanted }, etcd.keys, "added");
        const key = wanted ?? keyForNew(etcd.keys, target);
        const refusals = entryRefusals(entry, config.settings.deadLetters.topic, io.now());
        const rules = refusals.map(({ reason }) => reason);
        if (rules.length > 0) throw new Error(`"${nameOf(target)}" was not added: ${rules.join("; ")}`);
        if (placeOf(key, etcd.keys) < 0) {
          const unread = `etcd key "${key}" is not in etcd.keys of ${config.file}: hosts with this file do not read it`;
          if (!force)
            throw new Error(`"${nameOf(target)}" was not added: ${unread}; --force writes it all the same`);
          io.error(`Note: ${unread}.\n`);
        }
        if (target.kind === "pattern") {
          const { exclude } = entry;
          for (const glob of globsOverAll(Array.isArray(exclude) ? exclude : [], target.pattern))
            io.error(
              `Note: --exclude "${glob}" leaves out every topic that "${target.pattern}" can match.\n`,
            );
        }
        if (declaredInConfig(config, target)) {
          io.error(`Note: ${config.file} declares "${nameOf(target)}" too, and has precedence over etcd.\n`);
        }
        return { key, edit: { kind: "add", target, entry } };
      },
    },
    config,
    io,
  );
}
