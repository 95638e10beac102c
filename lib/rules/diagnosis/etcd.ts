import { messageOf, PenstockError } from "../base/errors.ts";
import { linkRemedy } from "../trouble/link-trouble.ts";
import { type Check, checksOf, counted } from "./check.ts";

const { ok, warning, failed } = checksOf("etcd");

/** @param reached by endpoint: what was thrown; null: it answered */
export function judgeEndpoints(reached: ReadonlyMap<string, unknown>): Check[] {
  return [...reached].map(([endpoint, error]) => {
    const name = `endpoint ${endpoint}`;
    // Its no is an answer too, and shows with the keys.
    if (error === null || isEtcdRefusal(error)) return ok(name, "answers");
    const reason = messageOf(error);
    const remedy =
      linkRemedy(reason) ?? "start it, or correct etcd.endpoints (http or https, port) and etcd.tls";
    const others = [...reached.values()].some((other) => other === null || isEtcdRefusal(other));
    return others ? warning(name, `${reason}; others answer`, remedy) : failed(name, reason, remedy);
  });
}

/** @param listed the configured key or prefix; @param found how many keys it led to, or what was thrown */
export function judgeKey(listed: string, found: number | Error): Check {
  const name = `key ${listed}`;
  if (found instanceof Error) {
    const remedy = /permission|does not let/.test(found.message)
      ? "grant the user of etcd.auth read on it"
      : "correct etcd.auth: etcd does not take this user, or wants one";
    return failed(name, found.message, isEtcdRefusal(found) ? remedy : "look into etcd's log");
  }
  if (listed.endsWith("/")) return ok(name, `${counted(found, "key")} below it`);
  if (found > 0) return ok(name, "there");
  return warning(
    name,
    "not there, which counts as empty",
    "nothing, if it is yet to come; else correct etcd.keys",
  );
}

function isEtcdRefusal(error: unknown): boolean {
  return error instanceof PenstockError && error.code === "etcd_refused";
}
