/** What stands wherever a secret would be shown. */
export const HIDDEN = "(hidden)";

/**
 * A password, token or key that tells nobody: printed, joined to a text, written as JSON or found by an inspector, it
 * reads `(hidden)`, alone and inside of whatever holds it. Only `reveal` gives it out, and is called where a client that
 * needs it is made.
 *
 * Two secrets are told apart by `fingerprintOf`; they look alike to JSON and to `toEqual`.
 */
export class Secret {
  // A private field of the language: no inspector walks into it.
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself: for the client that sends it, and for what looks for it in order to hide it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  /** What `console.log` and `util.inspect` ask for, in Node and in Bun. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return HIDDEN;
  }
}

/** Null stays null, and what is absent or empty becomes it. */
export function secretOrNull(text: string | null | undefined): Secret | null {
  return text === null || text === undefined || text === "" ? null : new Secret(text);
}

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
