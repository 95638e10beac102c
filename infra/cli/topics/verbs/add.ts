import { nameOf } from "../../../../lib/rules/declarations/edit.ts";
import { keyForNew, meansPrefix, placeOf } from "../../../../lib/rules/declarations/etcd-keys.ts";
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
import { checkName, PATTERN_ROW, TARGET_OPTIONS, type Targeted, targeted } from "../target.ts";
import type { TopicsIo, TopicsVerb } from "../verb.ts";

interface AddCommand extends Targeted {
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
    ...DECLARATION_ROWS,
  ],
  parse(args) {
    const options = { ...DECLARATION_OPTIONS, ...TARGET_OPTIONS, ...CONFIG_OPTIONS } as const;
    const { values, positionals } = parseWords({ args, options, allowPositionals: true });
    if (values.help) return null;
    const { target, key } = targeted(positionals, values);
    checkName(target);
    const command = { target, key, entry: entryOf(target, values), json: values.json };
    return { config: values.config ?? null, run: (config, io) => add(command, config, io) };
  },
};

function add({ target, key: wanted, entry, json }: AddCommand, config: LoadedConfig, io: TopicsIo) {
  return changeKey(
    {
      target,
      json,
      async decide(_, etcd) {
        const key = wanted ?? keyForNew(etcd.keys, target);
        if (wanted !== null && meansPrefix(wanted, etcd.keys)) {
          throw new Error(
            `"${nameOf(target)}" was not added: --key ${wanted} is a prefix of etcd.keys: it must be a whole key`,
          );
        }
        const refusals = entryRefusals(entry, config.settings.deadLetters.topic, io.now());
        const rules = refusals.map(({ reason }) => reason);
        if (rules.length > 0) throw new Error(`"${nameOf(target)}" was not added: ${rules.join("; ")}`);
        if (placeOf(key, etcd.keys) < 0) {
          io.error(
            `Note: etcd key "${key}" is not in etcd.keys of ${config.file}; hosts with this file do not read it.\n`,
          );
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
