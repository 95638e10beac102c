import type { Time } from "../../lib/rules/base/time.ts";

/** The events of one simulation run, in order. */
export interface Story {
  /** @param what put into words only if the story is told */
  note(actor: string, what: string | (() => string)): void;
  /** Its end, the last line last. */
  last(lines: number): readonly string[];
  /** Equal for equal stories. */
  readonly hash: number;
  readonly length: number;
}

/** @param told false for speed: only the hash is computed, from actors and times, without the words */
export function createStory(time: Time, told: boolean): Story {
  const lines: string[] = [];
  let length = 0;
  let hash = 0;

  const mix = (text: string): void => {
    hash = Bun.hash.crc32(text, hash);
  };

  return {
    note(actor, what) {
      length += 1;
      if (told) {
        const line = `${seconds(time.monotonicMs())} ${actor.padEnd(7)} ${typeof what === "string" ? what : what()}`;
        lines.push(line);
        mix(line);
      } else mix(`${time.monotonicMs()} ${actor}`);
    },
    last: (count) => lines.slice(-count),
    get hash() {
      return hash;
    },
    get length() {
      return length;
    },
  };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(4).padStart(9);
}
