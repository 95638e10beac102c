/**
 * These count as loopback: `localhost`, 127.0.0.0/8 (RFC 1122, 3.2.1.3) and ::1 (RFC 4291, 2.5.3).
 *
 * A name such as `127.0.0.1.example.org` does not: DNS rebinding uses a foreign name that resolves to loopback.
 */

const octet = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const loopbackIpv4 = new RegExp(`^127(?:\\.${octet}){3}$`);

/** True for a host name or address, without port, that only this machine can reach. */
export function isLoopbackHostname(hostname: string): boolean {
  const name = hostname.toLowerCase();
  return name === "localhost" || name === "::1" || name === "[::1]" || loopbackIpv4.test(name);
}

/** True for the value of a `Host` header that names this machine, with or without a port; IPv6 needs brackets. */
export function isLoopbackHost(host: string): boolean {
  const match = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(host);
  const hostname = match?.[1];
  if (hostname === undefined || hostname === "::1" || !isLoopbackHostname(hostname)) return false;
  return URL.canParse(`http://${host}`);
}
