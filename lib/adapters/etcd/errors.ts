import {
  ClientClosedError,
  EtcdAuthenticationFailedError,
  EtcdInvalidAuthTokenError,
  EtcdPermissionDeniedError,
  EtcdUserNotFoundError,
  GRPCFailedPreconditionError,
  GRPCInvalidArgumentError,
  GRPCUnauthenticatedError,
} from "etcd3";
import { messageOf, PenstockError } from "../../rules/base/errors.ts";
import { linkTrouble } from "../../rules/trouble/link-trouble.ts";
import type { EtcdSettings } from "../../rules/model/settings.ts";

/** Errors that only a person can fix: logins, permissions, and invalid requests (such as no user while auth is on). */
const REFUSALS = [
  EtcdAuthenticationFailedError,
  EtcdInvalidAuthTokenError,
  EtcdPermissionDeniedError,
  EtcdUserNotFoundError,
  GRPCFailedPreconditionError,
  GRPCInvalidArgumentError,
  GRPCUnauthenticatedError,
];

/** For one unary call: etcd answers in milliseconds or not at all. */
export const CALL_DEADLINE_MS = 3_000;

/** Removes user and password from an endpoint URL before it is shown; etcd never sees them. */
export function withoutUser(endpoint: string): string {
  return endpoint.replace(/\/\/[^/]*@/, "//");
}

/** The last error by endpoint. */
export type EndpointTroubles = ReadonlyMap<string, unknown>;

/**
 * Converts anything etcd3 or grpc-js throws: `etcd_refused` if etcd rejected the request, otherwise `etcd_unavailable`,
 * which is retryable and names each endpoint with its reason.
 */
export function toEtcdError(
  thrown: unknown,
  settings: Pick<EtcdSettings, "endpoints" | "auth" | "tls">,
  troubles: EndpointTroubles = new Map(),
): PenstockError {
  if (thrown instanceof PenstockError) return thrown;
  const where = `etcd at ${settings.endpoints.map(withoutUser).join(", ")}`;
  if (REFUSALS.some((refusal) => thrown instanceof refusal)) {
    const reason = `${where} refused: ${reasonOf(thrown)}${remedyOf(thrown, settings)}`;
    return new PenstockError("etcd_refused", reason, { cause: thrown });
  }
  if (thrown instanceof ClientClosedError) {
    return new PenstockError("etcd_unavailable", `${where}: the client was stopped`, { cause: thrown });
  }
  const each = [...(troubles.size > 0 ? troubles : settings.endpoints.map((one) => [one, thrown] as const))];
  const single = settings.endpoints.length === 1 || troubles.size === 0;
  const reasons = each.map(([endpoint, error]) => {
    const url = withoutUser(endpoint);
    const reason = linkTrouble(reasonOf(error), { url, setting: "etcd.tls", tls: settings.tls });
    return { url, reason: reason ?? reasonOf(error) };
  });
  const text = single
    ? (reasons[0]?.reason ?? "")
    : reasons.map(({ url, reason }) => `${url}: ${reason}`).join("; ");
  return new PenstockError("etcd_unavailable", `${where} is not available: ${text}`, {
    retryable: true,
    cause: thrown,
  });
}

/** True if the refusal is about the key's permissions. */
export function isPermissionDenied(thrown: unknown): boolean {
  return thrown instanceof EtcdPermissionDeniedError;
}

/** True if a call timed out or the cluster has no leader. */
export function isWaitInVain(thrown: unknown): boolean {
  return /deadline exceeded|no leader/i.test(messageOf(thrown));
}

/**
 * Names the missing permission, for the administrator who grants it.
 * @param range such as `the key "a"`
 */
export function permissionText(
  range: string,
  permission: "read" | "readwrite",
  auth: EtcdSettings["auth"],
): string {
  const user = auth === null ? "us" : `user "${auth.username}"`;
  return `permission denied: etcd does not let ${user} ${permission === "read" ? "read" : "write"} ${range}: grant ${permission} on it to a role of this user`;
}

function remedyOf(thrown: unknown, { auth }: Pick<EtcdSettings, "auth">): string {
  if (/request is too large/.test(messageOf(thrown))) {
    return " (the value exceeds etcd's limit, --max-request-bytes, 1.5 MiB by default): spread it over more keys";
  }
  if (auth === null) return " (etcd.auth is not set)";
  const isLogin = thrown instanceof EtcdAuthenticationFailedError || thrown instanceof EtcdUserNotFoundError;
  return isLogin ? ` (user "${auth.username}" of etcd.auth)` : "";
}

/** `7 PERMISSION_DENIED: etcdserver: permission denied` → `permission denied`. */
function reasonOf(thrown: unknown): string {
  return (
    messageOf(thrown)
      .replace(/^\d+ [A-Z_]+: /, "")
      .replace(/^etcdserver: /, "")
      // The first is grpc-js's own deadline, with timings appended; the others come from the server.
      .replace(
        /^(Deadline exceeded after .*|context deadline exceeded|request timed out)$/s,
        `it did not answer within ${CALL_DEADLINE_MS / 1_000} s`,
      )
      .replace(/^no leader$/, "no leader: too few members can reach each other")
      .replace(/\.? Resolution note:$/, "")
      .replace(/^No connection established\. Last error: (Error: )?/, "")
      // Removes the timestamp, so that repeated failures read the same.
      .replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)$/, "")
  );
}
