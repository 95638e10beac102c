import { type Interceptor, InterceptingCall, status as GrpcStatus } from "@grpc/grpc-js";
import { GRPCUnauthenticatedError } from "etcd3";

/**
 * What etcd answers to a token that is no longer good: it ran out, the server restarted, or somebody changed a user or role
 * (api/v3rpc/rpctypes: ErrInvalidAuthToken, ErrAuthOldRevision).
 */
const LOGIN_OVER = /invalid auth token|revision of auth store is old/;

/**
 * Puts the token on each call, and asks watches to end where the server has lost its leader instead of falling silent. Other
 * calls wait for an election; once one waited in vain, the next shall say that there is no leader.
 */
export function createCallInterceptor(
  currentToken: () => string | null,
  isInTrouble: () => boolean,
): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, _listener, next) => {
        const token = currentToken();
        // With a token that ran out etcd refuses this very call too, which is there to get another.
        const isLogin = options.method_definition.path.endsWith("/Authenticate");
        if (token !== null && !isLogin) metadata.set("token", token);
        // api/v3rpc/rpctypes: MetadataRequireLeaderKey, MetadataHasLeader
        if (options.method_definition.responseStream || isInTrouble()) metadata.set("hasleader", "true");
        next(metadata, {
          onReceiveStatus: (status, pass) => {
            // Under its own name etcd3 would repeat the call with the same token, without end.
            const over = LOGIN_OVER.test(status.details);
            pass(
              over ? { ...status, code: GrpcStatus.UNAUTHENTICATED, details: "the login is over" } : status,
            );
          },
        });
      },
    });
}

/** True where a new login may help. */
export function isLoginOver(error: unknown): boolean {
  return error instanceof GRPCUnauthenticatedError;
}
