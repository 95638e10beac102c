import { Secret } from "./secret.ts";

/**
 * Every text in settings, or in a part of them, that must never be shown: what is a `Secret`, and a secret together with
 * its user name, as logins are sent.
 */
export function secretsOf(settings: unknown): string[] {
  if (settings instanceof Secret) return [settings.reveal()];
  if (typeof settings !== "object" || settings === null) return [];
  return [...Object.values(settings).flatMap(secretsOf), ...loginOf(settings)];
}

/** As HTTP's Basic (RFC 7617) and SASL's PLAIN (RFC 4616) have it before base64, in which it is one text. */
function loginOf(settings: object): string[] {
  if (!("username" in settings && "password" in settings)) return [];
  const { username, password } = settings;
  if (typeof username !== "string" || !(password instanceof Secret)) return [];
  const text = password.reveal();
  return [`${username}:${text}`, `\0${username}\0${text}`];
}
