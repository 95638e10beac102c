import { HIDDEN } from "./secret.ts";

/** Shorter secrets occur in nearly every text: hiding them would ruin the text and give the secret away. */
const SHORTEST_HIDDEN = 4;
/** Shorter secrets may be part of another word (`elastic` in `elasticsearch`) and are hidden only as whole words. */
const SHORTEST_INSIDE_WORDS = 8;
/** Shorter lines of a PEM text reveal too little of the key to search for. */
const SHORTEST_PEM_LINE = 16;

/**
 * Makes a function that replaces secrets in a text by `(hidden)`, in every form they are likely to appear in: plain, within
 * JSON, with white space collapsed, percent-encoded, in base64, and a PEM key line by line.
 */
export function createRedaction(secrets: readonly string[]): (text: string) => string {
  const forms = new Set(secrets.flatMap(formsOf).filter((form) => form.length >= SHORTEST_HIDDEN));
  if (forms.size === 0) return (text) => text;
  // Indexed by prefix: a few dozen private keys exceed what the engine accepts as alternatives of one regular expression.
  const byBeginning = new Map<string, string[]>();
  // The longest first, so that a form contained in a longer one does not break that one up.
  for (const form of [...forms].sort((a, b) => b.length - a.length)) {
    byBeginning.getOrInsertComputed(form.slice(0, SHORTEST_HIDDEN), () => []).push(form);
  }
  return (text) => {
    const parts: string[] = [];
    let from = 0;
    for (let at = 0; at + SHORTEST_HIDDEN <= text.length; at += 1) {
      const found = byBeginning
        .get(text.slice(at, at + SHORTEST_HIDDEN))
        ?.find((form) => text.startsWith(form, at) && isOwnWord(text, at, form));
      if (found === undefined) continue;
      parts.push(text.slice(from, at), HIDDEN);
      from = at + found.length;
      at = from - 1;
    }
    return parts.length === 0 ? text : parts.join("") + text.slice(from);
  };
}

function formsOf(secret: string): string[] {
  // A lone surrogate can neither be sent nor percent-encoded.
  const text = secret.toWellFormed();
  const bytes = Buffer.from(text);
  const encoded = encodeURIComponent(text);
  const plain = [secret, text.trim(), text.replace(/\s+/g, " ").trim(), JSON.stringify(text).slice(1, -1)];
  const strict = encoded.replaceAll(/[!'()*]/g, percentOf);
  const inForm = new URLSearchParams({ "": text }).toString().slice(1);
  const percent = [encoded, strict, encoded.replaceAll("%20", "+"), inForm];
  const inLowerCase = percent.map((form) => form.replaceAll(/%../g, (code) => code.toLowerCase()));
  const base64 = bytes.toString("base64");
  const ways = [...plain, ...percent, ...inLowerCase, base64.replace(/=+$/, ""), bytes.toString("base64url")];
  return [...ways, ...linesOf(text)];
}

function percentOf(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Any single line of a multi-line text, such as a key, reveals too much. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  if (lines.length < 2) return [];
  return lines.filter((line) => line.length >= SHORTEST_PEM_LINE && !line.startsWith("-----"));
}

/** Always true for a long form. */
function isOwnWord(text: string, at: number, form: string): boolean {
  if (form.length >= SHORTEST_INSIDE_WORDS) return true;
  // If a percent-encoded character precedes it, that one's two digits are not part of the word.
  const continuesWord =
    at > 0 && isWordCharacter(text[at - 1]) && !/^%[0-9A-Fa-f]{2}$/.test(text.slice(Math.max(at - 3, 0), at));
  return !continuesWord && !isWordCharacter(text[at + form.length]);
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /^[A-Za-z0-9]$/.test(character);
}
