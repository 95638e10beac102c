import { messageOf, PenstockError } from "../base/errors.ts";
import { linkRemedy } from "../trouble/link-trouble.ts";
import { type Check, checksOf } from "./check.ts";
import { prefixOf } from "../declarations/etcd-keys.ts";
import { counted } from "../base/units.ts";

const { ok, warning, failed } = checksOf("etcd");

/** @param reached the error of each endpoint; null if it answered */
export function judgeEndpoints(reached: ReadonlyMap<string, unknown>): Check[] {
  return [...reached].map(([endpoint, error]) => {
    const name = `endpoint ${endpoint}`;
    // A refusal is an answer too; the checks of the keys show it.
    if (error === null || isEtcdRefusal(error)) return ok(name, "answers");
    const reason = messageOf(error);
    const remedy =
      linkRemedy(reason) ?? "start it, or correct etcd.endpoints (http or https, port) and etcd.tls";
    const others = [...reached.values()].some((other) => other === null || isEtcdRefusal(other));
    return others ? warning(name, `${reason}; others answer`, remedy) : failed(name, reason, remedy);
  });
}

/**
 * @param entry the configured key or prefix
 * @param found its keys that exist, or the error
 * @param shadow the earlier entry of etcd.keys that covers all of its keys; null if none does
 */
export function judgeKey(entry: string, found: number | Error, shadow: string | null): Check {
  const name = `key ${entry}`;
  if (shadow !== null)
    return warning(
      name,
      `adds nothing to read: all its keys belong to ${shadow}, which etcd.keys lists before it`,
      "nothing if their order does not matter; otherwise list it first",
    );
  if (found instanceof Error) {
    const remedy = /permission|does not let/.test(found.message)
      ? "grant the user of etcd.auth read on it"
      : "correct etcd.auth: etcd does not accept this user, or requires one";
    return failed(name, found.message, isEtcdRefusal(found) ? remedy : "look into etcd's log");
  }
  if (prefixOf(entry) !== null) return ok(name, `${counted(found, "key")} below it`);
  if (found > 0) return ok(name, "exists");
  return warning(
    name,
    "does not exist, which counts as empty",
    "nothing if you will create it later; otherwise correct etcd.keys",
  );
}

function isEtcdRefusal(error: unknown): boolean {
  return error instanceof PenstockError && error.code === "etcd_refused";
}
