import type { z } from "zod";
import { createHostClient } from "../../../lib/adapters/host/host-client.ts";
import { type ErrorCode, PenstockError } from "../../../lib/rules/base/errors.ts";
import type { HttpSettings } from "../../../lib/rules/model/settings.ts";
import type { HelpRow } from "../kit/help-text.ts";

/** The option of commands that ask a running host, for `parseWords`. */
export const HOST_OPTION = { host: { type: "string" } } as const;
export const HOST_ROW: HelpRow = [
  "--host URL",
  "the running host to ask; default: where the config says that one listens",
];

/** What a host said; or why nobody did. */
export type HostAnswer<T> =
  | { readonly kind: "answer"; readonly url: string; readonly value: T }
  /** `reason` is a clause. */
  | { readonly kind: "away"; readonly reason: string };

/** Asks the running host. @param waitMs for an answer that takes longer than others */
export type AskHost = <T>(
  path: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
  waitMs?: number,
) => Promise<HostAnswer<T>>;

/** @throws PenstockError `usage` if the value of `--host` is no URL */
export function parseHostUrl(text: string | undefined): string | null {
  if (text === undefined) return null;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.origin;
  throw new PenstockError("usage", `--host is "${text}": it must be a URL such as http://127.0.0.1:8080`);
}

/** @param url of `--host`; null: the config's own host */
export function hostOf(http: HttpSettings, url: string | null): AskHost {
  const client = createHostClient({ ...http, url });
  return async (path, schema, signal, waitMs) => {
    if (client === null)
      return {
        kind: "away",
        reason: "http.port is 0 in the config, so its port is not known: give --host URL",
      };
    let body: unknown;
    try {
      body = await client.get(path, signal, waitMs);
    } catch (error) {
      return awayIf("host_unavailable", error);
    }
    const { data, error } = schema.safeParse(body);
    if (error === undefined) return { kind: "answer", url: client.url, value: data };
    throw new PenstockError(
      "host_refused",
      `the host at ${client.url} answers GET ${path} in another form than this version of Penstock`,
      { cause: error },
    );
  };
}

/** What failed with this code, as an answer. @throws any other error */
export function awayIf(code: ErrorCode, error: unknown): HostAnswer<never> {
  if (!(error instanceof PenstockError && error.code === code)) throw error;
  return { kind: "away", reason: error.message };
}
