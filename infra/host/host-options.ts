import type { ReadConfig } from "../../functions/reconcile-topics/read-sources.ts";
import type { ConfigDocument } from "../../lib/rules/config/config.ts";
import type { Logger } from "../../lib/rules/base/logger.ts";
import type { Settings } from "../../lib/rules/model/settings.ts";

/** What a host is started with. */
export interface HostOptions {
  readonly configPath: string;
  /** As read at start. */
  readonly config: ConfigDocument;
  /** Reads and checks the file as it is now. @throws PenstockError `config_unreadable` or `config_invalid` */
  readConfig(): ReadConfig;
  /** Hears of settings that came into force. */
  onSettings?(settings: Settings): void;
  /** The file, and those that it named when it was last read: what else has to be watched. */
  namedFiles(): ReadonlySet<string>;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds of a clock that is never set; only differences count. */
  readonly monotonicMs: () => number;
  /** Unguessable: at least 128 random bits, as text. */
  readonly newMarker: () => string;
  /** Takes what the host does now, for whoever finds it hanging. */
  note(doing: string): void;
  /** In [0, 1). */
  readonly random: () => number;
}
