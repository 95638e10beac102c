import { isLoopbackHostname } from "../../rules/secrets/loopback.ts";
import { messageOf, PenstockError } from "../../rules/base/errors.ts";
import { quoted } from "../../rules/base/visible-text.ts";
import type { HttpSettings } from "../../rules/model/settings.ts";

/** Asks a running host, as a person with the config would. */
export interface HostClient {
  /** Without a path, for messages. */
  readonly url: string;
  /**
   * GETs JSON from a route that every host of this version has.
   * @throws PenstockError `host_unavailable` if nobody answers, or a host that has no such route: it may be an older
   *   version; `host_refused` if the host refuses; the signal's reason
   */
  get(path: string, signal: AbortSignal, waitMs?: number): Promise<unknown>;
}

export interface HostAddress extends Pick<
  HttpSettings,
  "hostname" | "port" | "token" | "readOnlyToken" | "tls"
> {
  /** Asked instead of the address of the config; null: not given. */
  readonly url: string | null;
}

/** Longer than any answer of a host takes, also on a busy machine. */
const ANSWER_MS = 10_000;

/** @returns null if the config does not tell the host's port (`port: 0`) */
export function createHostClient(address: HostAddress): HostClient | null {
  const url = address.url ?? urlOf(address);
  if (url === null) return null;
  // Reading is all that is asked for, so the weaker token is enough.
  const token = address.readOnlyToken ?? address.token;
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token.reveal()}` };
  // On loopback the certificate is not verified: it is issued to the host's public name.
  const tls = isLoopbackHostname(new URL(url).hostname) ? { rejectUnauthorized: false } : {};
  return {
    url,
    async get(path, signal, waitMs = ANSWER_MS) {
      const limit = AbortSignal.timeout(waitMs);
      let response: Response;
      try {
        response = await fetch(new URL(path, url), {
          headers: { ...headers, accept: "application/json" },
          redirect: "error",
          signal: AbortSignal.any([signal, limit]),
          tls,
        });
        if (response.ok) return await response.json();
      } catch (error) {
        signal.throwIfAborted();
        const reason = limit.aborted ? `nothing within ${waitMs / 1_000} s` : reasonOf(error);
        throw new PenstockError("host_unavailable", `no host answers at ${url}: ${reason}`, {
          retryable: true,
          cause: error,
        });
      }
      const refusal = `the host at ${url} answered ${await refusalOf(response)}`;
      if (response.status !== 404) throw new PenstockError("host_refused", refusal);
      throw new PenstockError("host_unavailable", `${refusal}; it may be an older version of Penstock`);
    },
  };
}

function reasonOf(error: unknown): string {
  const isRefused = error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
  return isRefused ? "nobody listens there" : messageOf(error);
}

function urlOf({ hostname, port, tls }: HostAddress): string | null {
  if (port === 0) return null;
  const anywhere: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "[::1]" };
  const name = anywhere[hostname] ?? (hostname.includes(":") ? `[${hostname}]` : hostname);
  return new URL(`${tls === null ? "http" : "https"}://${name}:${port}`).origin;
}

/** The status, and what the problem details say (RFC 9457). */
async function refusalOf(response: Response): Promise<string> {
  const { status } = response;
  if (status === 401) return "401: it has another token than the config";
  try {
    const problem: unknown = await response.json();
    const isProblem = typeof problem === "object" && problem !== null && "detail" in problem;
    return isProblem && typeof problem.detail === "string"
      ? `${status}: ${quoted(problem.detail)}`
      : String(status);
  } catch {
    // Not Penstock's answer: the status is all there is to say.
    return String(status);
  }
}
