import { type JsonString, parseObject, stringsOf } from "./json-strings.ts";
import type { CorpusRecord } from "../load/material.ts";
import { seededRandom, type SeededRandom } from "../kit/random.ts";

/** Where a word is: in a text record, in the `message` of a JSON record, or in another of its strings. */
export type WordPlace = "text" | "message" | "elsewhere";

export interface PickedWord {
  readonly word: string;
  readonly place: WordPlace;
}

/** The template's `ignore_above`: text behind it is not in the keyword. */
const FAR = 1_024;
const MAX_WORD = 40;
// oxlint-disable-next-line no-control-regex -- the code of a colour
const colourCode = /\u001b\[[0-9;]*m/g;
/** Letters and digits; anything else separates words. */
const run = /[\p{L}\p{N}\p{M}]+/gu;
const cutRun = /^[\p{L}\p{N}\p{M}]+/u;
/** In scripts without spaces: consecutive ideographs, or a whole foreign word in katakana. */
const unspaced = /\p{Script=Han}{2,}|[\p{Script=Katakana}ー]{3,}/gu;
const isUnspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/**
 * Picks words by which a person would look for the record: one of its line, one of another string, and one from behind the
 * 1,024th character of a string, if there are any; of a text record two and one. A word has 4 to 40 letters and digits, with at
 * least one letter, in lower case, in capitals or unchanged; in Chinese 2 to 4 characters. The seed decides.
 */
export function pickWords(record: CorpusRecord, seed: number): PickedWord[] {
  const { source, n, value } = record;
  const random = seededRandom(Bun.hash.crc32(`${seed} ${source.name} ${n}`));
  const text = value.toString();
  const object = source.format === "json" ? parseObject(text) : null;
  // Nobody searches for the digits of a time.
  const isTime = ({ path }: JsonString): boolean => source.timestamp.includes(path);
  const strings = (object === null ? [{ path: "", text }] : stringsOf(object)).filter(
    (each) => hasWords(each) && !isTime(each),
  );
  const line =
    strings.find(({ path }) => path === "message") ?? strings.find(({ path }) => path === source.text);
  const others = strings.filter((each) => each !== line);
  const far = strings
    .map(({ path, text: whole }) => ({ path, text: whole.slice(FAR).replace(cutRun, "") }))
    .filter(hasWords);
  const chosen =
    object === null
      ? [...strings, ...strings]
      : [...(line === undefined ? [] : [line]), ...oneOf(others, random)];
  const picked = [...chosen, ...oneOf(far, random)].map((each) => ({
    word: inSomeCase(random.pick(wordsOf(each.text)), random),
    place: placeOf(object, each.path),
  }));
  return picked.filter(({ word }, at) => picked.findIndex((each) => each.word === word) === at);
}

const hasWords = ({ text }: JsonString): boolean => wordsOf(text).length > 0;

function oneOf<T>(list: readonly T[], random: SeededRandom): T[] {
  return list.length === 0 ? [] : [random.pick(list)];
}

function placeOf(object: object | null, path: string): WordPlace {
  if (object === null) return "text";
  return path === "message" ? "message" : "elsewhere";
}

function wordsOf(text: string): string[] {
  return [...text.replaceAll(colourCode, " ").matchAll(run)].flatMap(([word]) => {
    if (isUnspaced.test(word)) return [...word.matchAll(unspaced)].map(([piece]) => piece);
    return word.length >= 4 && word.length <= MAX_WORD && /\p{L}/u.test(word) ? [word] : [];
  });
}

function inSomeCase(word: string, random: SeededRandom): string {
  if (/^\p{Script=Han}/u.test(word)) {
    const length = 2 + random.below(Math.min(3, word.length - 1));
    const start = random.below(word.length - length + 1);
    return word.slice(start, start + length);
  }
  const cased = random.pick([word, word.toLowerCase(), word.toUpperCase()]);
  // No search engine finds a word that changes on the way to another case and back, such as one with the German sharp s.
  return cased.toLowerCase() === word.toLowerCase() ? cased : word;
}
