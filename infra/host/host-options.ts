import type { ReadConfig } from "../../functions/reconcile-topics/read-sources.ts";
import type { ConfigDocument } from "../../lib/rules/config/config.ts";
import type { Logger } from "../../lib/rules/base/logger.ts";
import type { Settings } from "../../lib/rules/model/settings.ts";

export interface HostOptions {
  readonly configPath: string;
  readonly config: ConfigDocument;
  /** Reads and checks the current file. @throws PenstockError `config_unreadable` or `config_invalid` */
  readConfig(): ReadConfig;
  /** Called when other settings were applied. */
  onSettings?(settings: Settings): void;
  /** The config file and the files it named when last read: all have to be watched. */
  namedFiles(): ReadonlySet<string>;
  readonly logger: Logger;
  /** Hides every secret that was ever read. */
  hide(this: void, text: string): string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds of a clock that never goes back; only differences count. */
  readonly monotonicMs: () => number;
  /** Unguessable text of at least 128 random bits. */
  readonly newMarker: () => string;
  /** The machine's name, for people. */
  readonly machineName: string;
  /** Of Penstock. */
  readonly version: string;
  /** Records what the host is doing, for the report of a hang. */
  note(doing: string): void;
  /** In [0, 1). */
  readonly random: () => number;
}
