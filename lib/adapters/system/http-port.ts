import { messageOf } from "../../rules/base/errors.ts";
import type { PortFacts } from "../../rules/diagnosis/host.ts";
import type { HttpSettings } from "../../rules/model/settings.ts";

/** Checks whether a host could listen on its port, by opening it briefly; if not, whether a Penstock host holds it. */
export async function examinePort(
  { hostname, port, tls }: HttpSettings,
  signal: AbortSignal,
): Promise<PortFacts> {
  try {
    Bun.listen({ hostname, port, socket: { data() {} } }).stop(true);
    return { kind: "free" };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code !== "EADDRINUSE") return { kind: "refused", reason: messageOf(error) };
  }
  return { kind: (await isPenstock(hostname, port, tls !== null, signal)) ? "penstock" : "taken" };
}

/** Both routes need no token, and only Penstock answers both like this. */
async function isPenstock(
  hostname: string,
  port: number,
  isTls: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  // The wildcard addresses cannot be connected to.
  const name = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "[::1]" : hostname;
  const base = `${isTls ? "https" : "http"}://${name.includes(":") && !name.startsWith("[") ? `[${name}]` : name}:${port}`;
  // No secret is sent, and the certificate is issued for another name.
  const how = { signal, tls: { rejectUnauthorized: false } };
  try {
    const [alive, ready] = await Promise.all([fetch(`${base}/healthz`, how), fetch(`${base}/readyz`, how)]);
    const body: unknown = await ready.json();
    return (await alive.text()) === "ok\n" && typeof body === "object" && body !== null && "checks" in body;
  } catch {
    // Whatever it is, it does not answer like Penstock.
    return false;
  }
}
