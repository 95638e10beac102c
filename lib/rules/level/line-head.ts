import {
  ESCAPE,
  SPACE,
  QUOTE,
  HASH,
  CLOSE_ROUND,
  STAR,
  DASH,
  DOT,
  SLASH,
  COLON_SIGN,
  EQUALS,
  OPEN,
  CLOSE,
  BAR,
  LETTER,
  DIGIT,
  GAP,
  MARK,
  CLOCK,
  kinds,
  klogLevel,
  letterLevels,
  afterLetters,
  afterSpaces,
  channelEnd,
  closing,
  isCapital,
  isWord,
} from "./bytes.ts";
import {
  BARE,
  CALENDAR,
  CAPITAL_COLON,
  COLON,
  FRAMED,
  INDEXED,
  KEY,
  type LevelWord,
  levelWordAt,
  PREFIX,
  TIMED,
  ZONE,
} from "./words.ts";
import { type Level } from "./log-level.ts";

/** Only the head of a line is searched for a level. */
const HEAD_BYTES = 120;

const errorWord = Buffer.from("error");

/** One walk along a line; lib/rules/level/line-level.ts describes what it looks for. */
export class LineHead {
  #line: Uint8Array = new Uint8Array();
  #end = 0;
  #at = 0;
  /** True after a time, or after `key=value`. */
  #timed = false;
  /** True after the host and program of a syslog line. */
  #named = false;
  /** True within brackets that started with a time. */
  #open = false;
  /** True after Redis' `1:M`: the level is a single sign. */
  #redis = false;
  #found: Level | null = null;

  levelOf(line: Uint8Array): Level | null {
    this.#line = line;
    this.#end = Math.min(line.length, HEAD_BYTES);
    this.#at = 0;
    this.#timed = this.#named = this.#open = this.#redis = false;
    this.#found = null;
    while (this.#step());
    return this.#found;
  }

  /** Reads one token. @returns false at the end: a level was found, or there is none */
  #step(): boolean {
    const line = this.#line;
    while (line[this.#at] === SPACE) this.#at += 1;
    if (this.#at >= this.#end) return false;
    const first = line[this.#at] ?? 0;
    const kind = kinds[first];
    if (kind === LETTER) return this.#word();
    if (kind === DIGIT) return this.#number();
    if (first === ESCAPE) return this.#colour();
    if (kind === GAP) {
      if (first === CLOSE) this.#open = false;
      this.#at += 1;
      return true;
    }
    if (first === OPEN) return this.#bracket();
    return ((kind ?? 0) & MARK) !== 0 && this.#mark(first);
  }

  /** `ESC[31m` */
  #colour(): boolean {
    let at = this.#at + 2;
    if (this.#line[at - 1] !== OPEN) return false;
    while (at < this.#end && kinds[this.#line[at] ?? 0] !== LETTER) at += 1;
    this.#at = at + 1;
    return true;
  }

  #number(): boolean {
    const line = this.#line;
    const start = this.#at;
    const end = this.#end;
    let at = start;
    let seen = 0;
    for (; at < end; at += 1) {
      const kind = kinds[line[at] ?? 0] ?? 0;
      if ((kind & (LETTER | DIGIT | MARK)) === 0) break;
      seen |= kind;
    }
    if (at < end && kinds[line[at] ?? 0] !== GAP) return false;
    // Redis' `1:M`, process and role.
    if (line[at - 2] === COLON_SIGN && kinds[line[at - 1] ?? 0] === LETTER) this.#redis = start === 0;
    else if ((seen & CLOCK) !== 0 && at - start >= 5) this.#timed = true;
    this.#at = at;
    return true;
  }

  /** Signs between tokens, alone or directly before one. */
  #mark(first: number): boolean {
    let at = this.#at + 1;
    while (((kinds[this.#line[at] ?? 0] ?? 0) & MARK) !== 0 && at < this.#end) at += 1;
    const alone = this.#isGap(at);
    if (this.#redis && this.#timed && alone && at === this.#at + 1) {
      if (first === HASH) this.#found = "warn";
      else if (first === STAR) this.#found = "info";
      else if (first === DASH || first === DOT) this.#found = "debug";
      return false;
    }
    this.#at = at;
    return true;
  }

  #bracket(): boolean {
    const line = this.#line;
    const start = afterSpaces(this.#line, this.#at + 1);
    const kind = kinds[line[start] ?? 0];
    if (kind === DIGIT) {
      this.#open = true;
      this.#at = start;
      return true;
    }
    if (kind === LETTER) {
      let wordStart = start;
      let wordEnd = afterLetters(this.#line, start);
      // Apache's `[core:error]`, Python's `[INFO/MainProcess]`.
      if (line[wordEnd] === COLON_SIGN || line[wordEnd] === 0x5f) {
        const close = closing(this.#line, this.#end, wordEnd);
        wordStart = close;
        while (kinds[line[wordStart - 1] ?? 0] === LETTER) wordStart -= 1;
        wordEnd = line[wordStart - 1] === COLON_SIGN ? close : wordStart;
      }
      const after = afterSpaces(this.#line, wordEnd);
      if ((line[after] === CLOSE || line[after] === SLASH) && this.#isLevel(wordStart, wordEnd, FRAMED))
        return false;
      if (line[after] === CLOSE) this.#at = after;
    }
    return this.#passBracket();
  }

  #passBracket(): boolean {
    const close = closing(this.#line, this.#end, this.#at);
    if (close === this.#end) return false;
    this.#at = close + 1;
    this.#open = false;
    return true;
  }

  #word(): boolean {
    const line = this.#line;
    const start = this.#at;
    const wordEnd = afterLetters(this.#line, start);
    const word = levelWordAt(line, start, wordEnd);
    if (word !== null && this.#isStated(word, start, wordEnd)) return false;
    let end = wordEnd;
    while (end < this.#end && kinds[line[end] ?? 0] !== GAP && line[end] !== EQUALS && line[end] !== QUOTE)
      end += 1;
    if (line[end] === QUOTE) return false;
    if (line[end] === EQUALS) return this.#pair(start, end);
    if (this.#timed && this.#isLevel(channelEnd(line, wordEnd, end), end - 1, CAPITAL_COLON)) return false;
    if (end === start + 1) return this.#letter(line[start] ?? 0, end);
    if (start === 0 && (end === 5 || end === 9)) {
      this.#found = klogLevel(line, end);
      if (this.#found !== null) return false;
    }
    this.#at = end;
    if (this.#open) return end > wordEnd || this.#passBracket();
    // A name: `com.shop.Cart`, `app[12]:`, `worker-1`.
    return end > wordEnd + 1 || this.#isAside(word?.places ?? 0, start, end);
  }

  /** Whether the word is a level in a place where it can be one. */
  #isStated(word: LevelWord, start: number, end: number): boolean {
    if (this.#isFatalError(word, end)) return true;
    const places = this.#placesAt(start, end) & word.places;
    if (places === 0 || word.level === null) return false;
    this.#found = word.level;
    return true;
  }

  /** The kinds of place that a word is in; 0 if it cannot be a level there. */
  #placesAt(start: number, end: number): number {
    const line = this.#line;
    const next = line[end] ?? SPACE;
    if (!isCapital(this.#line, start, end)) return this.#isColon(end) ? COLON : 0;
    if (next === COLON_SIGN) return CAPITAL_COLON | COLON;
    if (next === OPEN) return INDEXED;
    // Postgres' `DEBUG2:`.
    if (kinds[next] === DIGIT) return line[end + 1] === COLON_SIGN ? CAPITAL_COLON : 0;
    if (kinds[next] !== GAP && next !== CLOSE_ROUND && end < this.#end && !(next === SLASH && this.#open))
      return 0;
    if (this.#timed) return BARE | TIMED;
    // `TRACE /path` is a request.
    return line[afterSpaces(this.#line, end)] === SLASH ? 0 : BARE;
  }

  #isLevel(start: number, end: number, places: number): boolean {
    const word = levelWordAt(this.#line, start, end);
    if (word === null || word.level === null || (word.places & places) === 0) return false;
    this.#found = word.level;
    return true;
  }

  /** A colon before a sentence; `Error: 0` is a count. */
  #isColon(end: number): boolean {
    if (this.#line[end] !== COLON_SIGN || !this.#isGap(end + 1)) return false;
    return kinds[this.#line[afterSpaces(this.#line, end + 1)] ?? 0] !== DIGIT;
  }

  #isFatalError({ level }: LevelWord, end: number): boolean {
    if (level !== "fatal" || this.#line[end] !== SPACE) return false;
    const next = afterLetters(this.#line, end + 1);
    if (!isWord(this.#line, errorWord, end + 1, next) || this.#line[next] !== COLON_SIGN) return false;
    this.#found = "fatal";
    return true;
  }

  /** `key=value`; `level=…` ends the search. */
  #pair(start: number, equalsAt: number): boolean {
    const line = this.#line;
    const quoted = line[equalsAt + 1] === QUOTE;
    const valueStart = equalsAt + (quoted ? 2 : 1);
    let end = valueStart;
    while (end < this.#end && (quoted ? line[end] !== QUOTE : kinds[line[end] ?? 0] !== GAP)) end += 1;
    if (((levelWordAt(line, start, equalsAt)?.places ?? 0) & KEY) !== 0) {
      this.#isLevel(valueStart, end, FRAMED);
      return false;
    }
    // `x == 1` in a program is not a pair.
    if (line[valueStart] === EQUALS) return false;
    this.#timed = true;
    this.#at = quoted ? end + 1 : end;
    return true;
  }

  /** One letter after a time: MongoDB's `I NETWORK`, etcd's `W | etcdserver`. Ruby's `E,` precedes the time. */
  #letter(letter: number, end: number): boolean {
    this.#at = end;
    if (this.#line[end] === 0x2c) return true;
    if (!this.#timed) return false;
    const level = letterLevels.get(letter);
    const next = afterSpaces(this.#line, end);
    const nextEnd = afterLetters(this.#line, next);
    const framed = this.#line[next] === BAR || (this.#line[next] === DASH && this.#isGap(next + 1));
    const component = nextEnd - next >= 3 && isCapital(this.#line, next, nextEnd) && this.#isGap(nextEnd);
    if (level !== undefined && (framed || component)) this.#found = level;
    return false;
  }

  /** Whether a word can precede a level without starting a sentence. Skips a host and program. */
  #isAside(places: number, start: number, end: number): boolean {
    const line = this.#line;
    const next = afterSpaces(this.#line, end);
    if (places !== 0 && (places & (this.#timed ? ZONE : CALENDAR)) !== 0) return true;
    if (start === 0 && places === PREFIX && kinds[line[next] ?? 0] === LETTER) return true;
    // A column of its own.
    if (line[next] === BAR || (line[next] === DASH && this.#isGap(next + 1))) return true;
    return this.#isHost(next);
  }

  /** Skips the host and program of a syslog line: `web1 app[12]:`. */
  #isHost(next: number): boolean {
    if (!this.#timed || this.#named) return false;
    let end = next;
    while (end < this.#end && this.#line[end] !== SPACE) end += 1;
    if (this.#line[end - 1] !== COLON_SIGN || isCapital(this.#line, next, end - 1)) return false;
    this.#named = true;
    this.#at = end;
    return true;
  }

  #isGap(at: number): boolean {
    return at >= this.#line.length || kinds[this.#line[at] ?? 0] === GAP;
  }
}
