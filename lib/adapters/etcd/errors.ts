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
import { messageOf, PenstockError } from "../../rules/errors.ts";

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

/** An endpoint as a person may read it: a user and password inside the URL, which etcd never sees, are left out. */
export function withoutUser(endpoint: string): string {
  return endpoint.replace(/\/\/[^/]*@/, "//");
}

/**
 * One PenstockError for whatever etcd3 or grpc-js threw: `etcd_refused` where etcd said no, otherwise
 * `etcd_unavailable`, which is worth another try.
 */
export function toEtcdError(thrown: unknown, endpoints: readonly string[]): PenstockError {
  if (thrown instanceof PenstockError) return thrown;
  const where = `etcd at ${endpoints.map(withoutUser).join(", ")}`;
  if (REFUSALS.some((refusal) => thrown instanceof refusal)) {
    return new PenstockError("etcd_refused", `${where} refused: ${reasonOf(thrown)}`, { cause: thrown });
  }
  if (thrown instanceof ClientClosedError) {
    return new PenstockError("etcd_unavailable", `${where}: the client was stopped`, { cause: thrown });
  }
  return new PenstockError("etcd_unavailable", `${where} is not available: ${reasonOf(thrown)}`, {
    retryable: true,
    cause: thrown,
  });
}

/** `7 PERMISSION_DENIED: etcdserver: permission denied` → `permission denied`. */
function reasonOf(thrown: unknown): string {
  return messageOf(thrown)
    .replace(/^\d+ [A-Z_]+: /, "")
    .replace(/^etcdserver: /, "")
    .replace(/\.? Resolution note:$/, "");
}
