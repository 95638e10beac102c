import { type Check, checksOf } from "./check.ts";

const { warning } = checksOf("config");

const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o022;

/**
 * Warns if others may read or change a config file with secrets. Reading by its group is fine, and usual for a service.
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
      `it contains passwords or tokens, and other users of this machine may ${rights.join(" and ")} it (mode ${bits})`,
      `chmod 600 ${file}, or keep them in files of their own: \${file:/run/secrets/name}`,
    ),
  ];
}
