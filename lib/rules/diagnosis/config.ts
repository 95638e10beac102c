import { type Check, checksOf } from "./check.ts";

const { warning } = checksOf("config");

const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o022;

/**
 * What is wrong with who may open a config file that holds secrets. That its group may read it is how a service's files
 * are kept.
 * @param mode the file's permission bits
 */
export function judgeConfigAccess(file: string, mode: number): Check[] {
  const rights = [
    ...((mode & OTHERS_READ) === 0 ? [] : ["read"]),
    ...((mode & OTHERS_WRITE) === 0 ? [] : ["change"]),
  ];
  if (rights.length === 0) return [];
  const bits = mode.toString(8).padStart(4, "0");
  return [
    warning(
      "config file",
      `passwords or tokens stand in it, and others on this machine may ${rights.join(" and ")} it (mode ${bits})`,
      `chmod 600 ${file}, or name files that hold them: \${file:/run/secrets/name}`,
    ),
  ];
}
