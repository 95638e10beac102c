import { type Interceptor, InterceptingCall, status as GrpcStatus } from "@grpc/grpc-js";
import { GRPCUnauthenticatedError } from "etcd3";

/**
 * etcd's answers to a token that expired, predates a restart of the server, or predates a change of users or roles
 * (api/v3rpc/rpctypes: ErrInvalidAuthToken, ErrAuthOldRevision).
 */
const LOGIN_OVER = /invalid auth token|revision of auth store is old/;

/**
 * Adds the token to each call. With `hasleader`, etcd fails a call at once if it has no leader: watches always set it,
 * as they would fall silent otherwise. Other calls wait for an election, until one has timed out waiting.
 */
export function createCallInterceptor(
  currentToken: () => string | null,
  isInTrouble: () => boolean,
): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, _listener, next) => {
        const token = currentToken();
        // etcd rejects even a login call if it carries an expired token.
        const isLogin = options.method_definition.path.endsWith("/Authenticate");
        if (token !== null && !isLogin) metadata.set("token", token);
        // api/v3rpc/rpctypes: MetadataRequireLeaderKey, MetadataHasLeader
        if (options.method_definition.responseStream || isInTrouble()) metadata.set("hasleader", "true");
        next(metadata, {
          onReceiveStatus: (status, pass) => {
            // Seeing etcd's own text, etcd3 would repeat the call with the same token forever.
            const over = LOGIN_OVER.test(status.details);
            pass(
              over ? { ...status, code: GrpcStatus.UNAUTHENTICATED, details: "the login is over" } : status,
            );
          },
        });
      },
    });
}

/** True if a new login may help. */
export function isLoginOver(error: unknown): boolean {
  return error instanceof GRPCUnauthenticatedError;
}
