import { runCommand } from "./command.ts";
import type { Check } from "../../lib/rules/diagnosis/check.ts";

/** Runs `bun run doctor` as a process, with this config. */
export const runDoctor = (config: object, ...args: string[]) => runCommand("doctor", config, args);

/** How a busy server's silence is told: by Elasticsearch's client, by Kafka's, and by the command itself. */
const SILENCE = /no answer (in time|within)|did not answer within|timed out/i;
const TRIES = 5;

/**
 * The same with `--json`; finds checks by the beginning of their names. Asks again while a shared server is too busy to
 * answer.
 */
export async function diagnosed(config: object, tries = TRIES): ReturnType<typeof diagnosedOnce> {
  const found = await diagnosedOnce(config);
  const isSilent = found.checks.some(({ state, seen }) => state !== "ok" && SILENCE.test(seen));
  return isSilent && tries > 1 ? diagnosed(config, tries - 1) : found;
}

/** For servers that never answer. */
export async function diagnosedOnce(config: object) {
  const { out, error, code } = await runDoctor(config, "--json");
  if (out === "") throw new Error(`doctor ended with ${code}: ${error}`);
  const { checks } = JSON.parse(out) as { checks: Check[] };
  return {
    code,
    checks,
    out,
    error,
    find: (name: string) => checks.find((check) => check.name.startsWith(name)),
    /** Checks that neither passed nor were skipped; the health of other tests' indices is none. */
    troubles: checks.filter(
      ({ state, name }) => state === "failed" || (state === "warning" && name !== "health"),
    ),
  };
}
