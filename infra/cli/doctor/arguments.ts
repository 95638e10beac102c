import { CONFIG_OPTIONS, parseWords } from "../kit/arguments.ts";
import { CONFIG_ROW, helpText, JSON_ROW } from "../kit/help-text.ts";

export const DOCTOR_HELP = helpText({
  synopsis: "doctor [options]",
  about: `Checks everything that a host with this config needs: the file, the HTTP port, every server and login, every declared
topic, group, index and pipeline, and every permission. Says what is wrong and how to fix it. Changes nothing: it reads one
record from each of up to five topics, and from late partitions of others, without a group. Each check takes at most ten seconds.`,
  options: [CONFIG_ROW, JSON_ROW],
  exitCodes:
    "0 all checks passed, perhaps with warnings, 1 a check failed, 2 wrong usage, 78 bad config, 128 + signal if ended by one",
});

export interface DoctorCommand {
  readonly help: boolean;
  readonly json: boolean;
  /** Null: not given. */
  readonly config: string | null;
}

/** @throws PenstockError `usage`, with one sentence that names the argument */
export function parseDoctorArguments(argv: readonly string[]): DoctorCommand {
  const { config = null, json, help } = parseWords({ args: [...argv], options: CONFIG_OPTIONS }).values;
  return { config, json, help };
}
