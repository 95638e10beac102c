import { messageOf, PenstockError } from "../../rules/base/errors.ts";
import { readTextFile, type TextFile } from "./text-file.ts";

/**
 * Reads a config file, symbolic links followed.
 * @throws PenstockError `config_unreadable` if absent, not a regular file, over 1 MiB, or not UTF-8.
 */
export function readConfigFile(path: string): TextFile {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new PenstockError("config_unreadable", `cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
