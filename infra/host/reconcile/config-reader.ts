import { createHash } from "node:crypto";
import type { ReadConfig } from "../../../functions/reconcile-topics/read-sources.ts";
import { readConfigFile } from "../../../lib/adapters/system/config-file.ts";
import { readTextFile } from "../../../lib/adapters/system/text-file.ts";
import { parseConfig, type ConfigDocument } from "../../../lib/rules/config/config.ts";
import type { Environment } from "../../../lib/rules/yaml/substitute.ts";
import { createRedaction } from "../../../lib/rules/secrets/redaction.ts";
import { secretsOf } from "../../../lib/rules/secrets/secret.ts";

/** Reads the config repeatedly and remembers which files and secrets it named. */
export interface ConfigReader {
  /** Reads the file and the files it names. @throws PenstockError `config_unreadable` or `config_invalid` */
  read(): ConfigDocument & ReadConfig;
  /** The config file and the PEM and secret files it names. */
  readonly files: ReadonlySet<string>;
  /** Hides every secret that was ever read, including secrets of a refused file and those still in use. */
  hide(text: string): string;
}

/** A password rotated every hour stays hidden for days. Every log line is searched for each of them. */
const KEPT_SECRETS = 100;

export function createConfigReader(configPath: string, environment: Environment): ConfigReader {
  let files: ReadonlySet<string> = new Set([configPath]);
  const secrets = new Set<string>();
  let redaction = createRedaction([]);
  /** The last result and the texts it was parsed from. */
  let last: {
    readonly texts: ReadonlyMap<string, string>;
    readonly read: ConfigDocument & ReadConfig;
  } | null = null;

  /** Avoids parsing an unchanged file of 10,000 topics every 30 s. */
  function asBefore(text: string): (ConfigDocument & ReadConfig) | null {
    if (last === null || last.texts.get(configPath) !== text) return null;
    for (const [path, before] of last.texts) {
      if (path === configPath) continue;
      try {
        if (readTextFile(path).text !== before) return null;
      } catch {
        // Reading it again reports the error with its place.
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
      // Each file is read once, so that all references to it see the same content.
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
        // Parsing may have stopped before it saw all names, and the current settings still need the previous files.
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
