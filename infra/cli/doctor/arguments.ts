import { COMMON_OPTIONS, parseWords } from "../kit/arguments.ts";
import { CONFIG_ROW, helpText, JSON_ROW } from "../kit/help-text.ts";

export const DOCTOR_HELP = helpText({
  synopsis: "doctor [options]",
  about: `Tries what a host with this config needs: the file, the HTTP port, every server and login, every declared topic,
group, index and pipeline, and every permission; says what is wrong and how to mend it. Changes nothing: of up to five
topics a record is read, under a throwaway group. No question takes more than ten seconds.`,
  options: [CONFIG_ROW, JSON_ROW],
  exitCodes:
    "0 all is well, warnings aside, 1 something failed, 2 wrong usage, 78 bad config, 128 + signal where one ended it",
});

export interface DoctorCommand {
  readonly help: boolean;
  readonly json: boolean;
  /** Null: not said. */
  readonly config: string | null;
}

/** @throws PenstockError `usage`, with one sentence that names the argument */
export function parseDoctorArguments(argv: readonly string[]): DoctorCommand {
  const options = { ...COMMON_OPTIONS, config: { type: "string" } } as const;
  const { config = null, json, help } = parseWords({ args: [...argv], options }).values;
  return { config, json, help };
}
