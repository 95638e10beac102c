/** Limits of one reading of the dead-letter topic: roughly this many of the newest letters, and this long. */
export const newestLetters = 50_000;
export const lettersReadMs = 10_000;
