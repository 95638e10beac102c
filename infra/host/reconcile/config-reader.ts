import { createHash } from "node:crypto";
import type { ReadConfig } from "../../../functions/reconcile-topics/read-sources.ts";
import { readConfigFile } from "../../../lib/adapters/system/config-file.ts";
import { readTextFile } from "../../../lib/adapters/system/text-file.ts";
import { parseConfig, type ConfigDocument } from "../../../lib/rules/config/config.ts";
import type { Environment } from "../../../lib/rules/yaml/substitute.ts";
import { createRedaction } from "../../../lib/rules/secrets/redaction.ts";
import { secretsOf } from "../../../lib/rules/secrets/secret.ts";

/** Reads the config again and again, and knows what that led to. */
export interface ConfigReader {
  /** The file as it is now, and the files that it names. @throws PenstockError `config_unreadable` or `config_invalid` */
  read(): ConfigDocument & ReadConfig;
  /** The config file and what it names: PEM files and secrets. */
  readonly files: ReadonlySet<string>;
  /** Hides every secret that was ever read: those of a file that was not taken over, and those that are in force still. */
  hide(text: string): string;
}

/** Rotated once an hour, a password is still hidden after a day; each is looked for in every text of the log. */
const KEPT_SECRETS = 100;

export function createConfigReader(configPath: string, environment: Environment): ConfigReader {
  let files: ReadonlySet<string> = new Set([configPath]);
  const secrets = new Set<string>();
  let redaction = createRedaction([]);
  /** What was read last, and what it came from. */
  let last: {
    readonly texts: ReadonlyMap<string, string>;
    readonly read: ConfigDocument & ReadConfig;
  } | null = null;

  /** It is read every half minute: ten thousand topics would be parsed each time. */
  function asBefore(text: string): (ConfigDocument & ReadConfig) | null {
    if (last === null || last.texts.get(configPath) !== text) return null;
    for (const [path, before] of last.texts) {
      if (path === configPath) continue;
      try {
        if (readTextFile(path).text !== before) return null;
      } catch {
        // Said properly by whoever reads it now.
        return null;
      }
    }
    return last.read;
  }

  function learn(read: readonly string[]): void {
    if (read.every((secret) => secrets.has(secret))) return;
    for (const secret of read) secrets.add(secret);
    for (const secret of secrets) {
      if (secrets.size <= KEPT_SECRETS) break;
      if (!read.includes(secret)) secrets.delete(secret);
    }
    redaction = createRedaction([...secrets]);
  }

  return {
    read() {
      const named = new Set([configPath]);
      // Once each, however often it is named: so that it says the same everywhere, and soon.
      const texts = new Map<string, string>();
      const readFile = (path: string): string => {
        named.add(path);
        const text = texts.get(path) ?? readTextFile(path).text;
        texts.set(path, text);
        return text;
      };
      try {
        const { text } = readConfigFile(configPath);
        const before = asBefore(text);
        if (before !== null) return before;
        last = null;
        const config = parseConfig(text, {
          file: configPath,
          environment,
          readFile,
        });
        files = named;
        learn(secretsOf(config.settings));
        const all = JSON.stringify([text, ...texts]);
        const read = { ...config, content: createHash("sha256").update(all).digest("base64url") };
        last = { texts: new Map([[configPath, text], ...texts]), read };
        return read;
      } catch (error) {
        // Where it stopped nobody knows what else it names; what is in force needs what it named before.
        files = new Set([...files, ...named]);
        throw error;
      }
    },
    get files() {
      return files;
    },
    hide: (text) => redaction(text),
  };
}
