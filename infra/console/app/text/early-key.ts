/**
 * Whether a key waits for a part of the page that is being loaded: text and shortcuts that nothing on the page knows yet,
 * and the rest of a text. Tab, Escape, Space and Enter alone and others act on what is there: nobody could give them back.
 */
export function isEarly(key: string, follows: boolean, isKnown: () => boolean): boolean {
  if (key === "Enter" || key === " ") return follows;
  // Other keys have names, such as "Shift".
  return /^.$/u.test(key) && (follows || !isKnown());
}
