import { readConfigFile } from "../../../lib/adapters/system/config-file.ts";
import { readTextFile } from "../../../lib/adapters/system/text-file.ts";
import { type ConfigDocument, parseConfig } from "../../../lib/rules/config/config.ts";
import { secretsOf } from "../../../lib/rules/secrets/secret.ts";

export interface LoadedConfig extends Omit<ConfigDocument, "lastMayGoOn"> {
  readonly file: string;
  /** True: the file itself contains a secret, not only the name of a variable or another file. */
  readonly holdsSecrets: boolean;
}

/**
 * Reads the config file of a command.
 * @param given by `--config`; null: `PENSTOCK_CONFIG`, else config.yaml
 * @throws PenstockError `config_unreadable` or `config_invalid`
 */
export function loadConfig(
  given: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): LoadedConfig {
  const file = given ?? environment["PENSTOCK_CONFIG"] ?? "config.yaml";
  const readFile = (path: string): string => readTextFile(path).text;
  const { text } = readConfigFile(file);
  const config = parseConfig(text, { file, environment, readFile });
  return {
    file,
    ...config,
    holdsSecrets: secretsOf(config.settings).some((secret) => text.includes(secret)),
  };
}
