import type { HonoRequest } from "hono";

/** Where a request's `Origin` header says it comes from: our own pages, elsewhere, or it does not say. */
export type OriginKind = "own" | "foreign" | "absent";

/**
 * Own means the host and port the request itself was sent to. The scheme is left out: behind a proxy that ends TLS,
 * the browser's is https and ours http; not where we end it ourselves. The proxy has to pass the `Host` header on.
 */
export function originOf(request: HonoRequest): OriginKind {
  const origin = request.header("origin");
  if (origin === undefined) return "absent";
  const host = hostOf(request);
  const own = /^(https?:)\/\/[^/@]+$/.exec(origin);
  if (own === null || host === null || !URL.canParse(origin)) return "foreign";
  // A page that came over plain HTTP may be anybody's.
  if (isOwnTls(request) && own[1] === "http:") return "foreign";
  // Through URL, so that a default port (":443") and letter case make no difference.
  const wanted = `${own[1]}//${host}`;
  return URL.canParse(wanted) && new URL(wanted).origin === new URL(origin).origin ? "own" : "foreign";
}

/** The host and port a request was sent to; null for HTTP/1.0 without a `Host` header. */
export function hostOf(request: HonoRequest): string | null {
  return request.header("host") ?? (URL.canParse(request.url) ? new URL(request.url).host : null);
}

/** True where the host itself ends the TLS. */
export function isOwnTls(request: HonoRequest): boolean {
  return request.url.startsWith("https:");
}

/**
 * True where the browser's side of the connection is TLS: then the cookie may be, and is, marked Secure. Behind a proxy
 * that ends the TLS the browser itself says so, by its `Origin`; what a proxy would say anybody could.
 */
export function isSecure(request: HonoRequest): boolean {
  return (
    isOwnTls(request) ||
    (originOf(request) === "own" && request.header("origin")?.startsWith("https:") === true)
  );
}
