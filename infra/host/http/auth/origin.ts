import type { HonoRequest } from "hono";

/** The origin a request names: our own pages, another site, or none. */
export type OriginKind = "own" | "foreign" | "absent";

/**
 * `own` means the host and port that the request was sent to. The scheme does not count: behind a proxy that ends TLS,
 * the browser's is https and ours http. If we end TLS ourselves, it does. The proxy must pass the `Host` header on.
 */
export function originOf(request: HonoRequest): OriginKind {
  const origin = request.header("origin");
  if (origin === undefined) return "absent";
  const host = hostOf(request);
  const own = /^(https?:)\/\/[^/@]+$/.exec(origin);
  if (own === null || host === null || !URL.canParse(origin)) return "foreign";
  // Anyone can forge a page that came over plain HTTP.
  if (isOwnTls(request) && own[1] === "http:") return "foreign";
  // URL evens out default ports (":443") and letter case.
  const wanted = `${own[1]}//${host}`;
  return URL.canParse(wanted) && new URL(wanted).origin === new URL(origin).origin ? "own" : "foreign";
}

/** The host and port a request was sent to; null for HTTP/1.0 without a `Host` header. */
export function hostOf(request: HonoRequest): string | null {
  return request.header("host") ?? (URL.canParse(request.url) ? new URL(request.url).host : null);
}

/** Returns whether the host itself ends TLS. */
export function isOwnTls(request: HonoRequest): boolean {
  return request.url.startsWith("https:");
}

/**
 * Returns whether the browser's side of the connection is TLS; then the cookie is marked Secure. Behind a proxy that
 * ends TLS, the browser's `Origin` says so. A header set by the proxy could be set by anyone.
 */
export function isSecure(request: HonoRequest): boolean {
  return (
    isOwnTls(request) ||
    (originOf(request) === "own" && request.header("origin")?.startsWith("https:") === true)
  );
}
