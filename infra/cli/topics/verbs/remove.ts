import { keysDeclaring } from "../../../../functions/edit-declarations.ts";
import { nameOf } from "../../../../lib/rules/declarations/edit.ts";
import { CONFIG_OPTIONS, parseWords } from "../../kit/arguments.ts";
import type { LoadedConfig } from "../../kit/load-config.ts";
import { changeKey, declaredInConfig } from "../change.ts";
import { checkKey, PATTERN_ROW, TARGET_OPTIONS, type Targeted, targeted } from "../target.ts";
import type { TopicsIo, TopicsVerb } from "../verb.ts";

export const removeVerb: TopicsVerb = {
  name: "remove",
  operands: "TOPIC",
  about: "remove its declaration from etcd",
  options: [PATTERN_ROW, ["--key KEY", "the etcd key to change; default: the key that declares the topic"]],
  parse(args) {
    const options = { ...TARGET_OPTIONS, ...CONFIG_OPTIONS } as const;
    const { values, positionals } = parseWords({ args, options, allowPositionals: true });
    if (values.help) return null;
    const command = { ...targeted(positionals, values), json: values.json };
    return { config: values.config ?? null, run: (config, io) => remove(command, config, io) };
  },
};

function remove(
  { target, key, json }: Targeted & { readonly json: boolean },
  config: LoadedConfig,
  io: TopicsIo,
) {
  return changeKey(
    {
      target,
      json,
      async decide(store, etcd) {
        checkKey({ target, key }, etcd.keys, "removed");
        const keys = key === null ? await keysDeclaring(store, target, io.signal) : [key];
        const [only, ...others] = keys;
        const name = nameOf(target);
        if (only === undefined) {
          const where = declaredInConfig(config, target)
            ? `; ${config.file} declares it: edit that file`
            : "";
          throw new Error(`no etcd key declares "${name}"${where}`);
        }
        if (others.length > 0) {
          const all = keys.join(", ");
          throw new Error(`several etcd keys declare "${name}": ${all}; choose one with --key`);
        }
        return { key: only, edit: { kind: "remove", target } };
      },
    },
    config,
    io,
  );
}
