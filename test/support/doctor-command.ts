import { runCommand } from "./command.ts";
import type { Check } from "../../lib/rules/diagnosis/check.ts";

/** Runs `bun run doctor` as a process, with this config. */
export const runDoctor = (config: object, ...args: string[]) => runCommand("doctor", config, args);

/** The same with `--json`; finds checks by the beginning of their names. */
export async function diagnosed(config: object) {
  const { out, error, code } = await runDoctor(config, "--json");
  if (out === "") throw new Error(`doctor ended with ${code}: ${error}`);
  const { checks } = JSON.parse(out) as { checks: Check[] };
  return {
    code,
    checks,
    out,
    error,
    find: (name: string) => checks.find((check) => check.name.startsWith(name)),
    /** Checks that neither passed nor were skipped. */
    troubles: checks.filter(({ state }) => state === "failed" || state === "warning"),
  };
}
