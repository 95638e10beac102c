/** Replaces a secret wherever it would be shown. */
export const HIDDEN = "(hidden)";

/**
 * A password, token or key that reads `(hidden)` when printed, joined to a text, written as JSON or inspected, alone or
 * within an object. Only `reveal` returns the text; call it where a client that needs it is created.
 *
 * Compare secrets by `fingerprintOf`: they look alike to JSON and to `toEqual`.
 */
export class Secret {
  // A `#` field, because inspectors do not show it.
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The plain text, for the client that sends it and for redaction. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  /** `console.log` and `util.inspect` call this, in Node and in Bun. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return HIDDEN;
  }
}

/** @returns null for an absent or empty text */
export function secretOrNull(text: string | null | undefined): Secret | null {
  return text === null || text === undefined || text === "" ? null : new Secret(text);
}

/**
 * Every text in settings, or in a part of them, that must never be shown: each `Secret`, and each user name joined with its
 * password in the forms that logins are sent in.
 */
export function secretsOf(settings: unknown): string[] {
  if (settings instanceof Secret) return [settings.reveal()];
  if (typeof settings !== "object" || settings === null) return [];
  return [...Object.values(settings).flatMap(secretsOf), ...loginOf(settings)];
}

/** The texts that HTTP Basic (RFC 7617) and SASL PLAIN (RFC 4616) encode in base64. */
function loginOf(settings: object): string[] {
  const pairs = [
    ["username", "password"],
    ["clientId", "clientSecret"],
  ] as const;
  return pairs.flatMap(([name, secret]) => {
    const user: unknown = Reflect.get(settings, name);
    const password: unknown = Reflect.get(settings, secret);
    if (typeof user !== "string" || !(password instanceof Secret)) return [];
    const text = password.reveal();
    return [`${user}:${text}`, `\0${user}\0${text}`];
  });
}
