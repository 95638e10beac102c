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

/** What only a person can mend: logins, permissions, and requests etcd calls wrong (auth on, no user sent). */
const REFUSALS = [
  EtcdAuthenticationFailedError,
  EtcdInvalidAuthTokenError,
  EtcdPermissionDeniedError,
  EtcdUserNotFoundError,
  GRPCFailedPreconditionError,
  GRPCInvalidArgumentError,
  GRPCUnauthenticatedError,
];

/** One unary call, from its start; etcd answers in milliseconds or not at all. */
export const CALL_DEADLINE_MS = 3_000;

/** An endpoint as a person may read it: a user and password inside the URL, which etcd never sees, are left out. */
export function withoutUser(endpoint: string): string {
  return endpoint.replace(/\/\/[^/]*@/, "//");
}

/** What was tried and did not work, by endpoint. */
export type EndpointTroubles = ReadonlyMap<string, unknown>;

/**
 * One PenstockError for whatever etcd3 or grpc-js threw: `etcd_refused` where etcd said no, otherwise
 * `etcd_unavailable`, which is worth another try and names each endpoint with its reason.
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

/** What a key's own refusal is, among other refusals. */
export function isPermissionDenied(thrown: unknown): boolean {
  return thrown instanceof EtcdPermissionDeniedError;
}

/** True where a server, or the way to it, kept a call waiting, or has no leader to let it go on. */
export function isWaitInVain(thrown: unknown): boolean {
  return /deadline exceeded|no leader/i.test(messageOf(thrown));
}

/** Names what is missing, for whoever has to grant it. */
export function permissionText(
  key: string,
  permission: "read" | "readwrite",
  auth: EtcdSettings["auth"],
): string {
  const user = auth === null ? "us" : `user "${auth.username}"`;
  const range = key.endsWith("/") ? "the prefix" : "the key";
  return `permission denied: etcd does not let ${user} ${permission === "read" ? "read" : "write"} ${range} "${key}": grant a role of this user ${permission} on it`;
}

function remedyOf(thrown: unknown, { auth }: Pick<EtcdSettings, "auth">): string {
  if (/request is too large/.test(messageOf(thrown))) {
    return " (the key's value is over what etcd takes, 1.5 MiB unless --max-request-bytes says otherwise): use more keys";
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
      // By the library's clock, with the times of its parts, or by the server's.
      .replace(
        /^(Deadline exceeded after .*|context deadline exceeded|request timed out)$/s,
        `it did not answer within ${CALL_DEADLINE_MS / 1_000} s`,
      )
      .replace(/^no leader$/, "no leader: too few of its members reach each other")
      .replace(/\.? Resolution note:$/, "")
      .replace(/^No connection established\. Last error: (Error: )?/, "")
      // Two tries of the same trouble shall read the same.
      .replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)$/, "")
  );
}
