import { PenstockError } from "./errors.ts";

const msPerUnit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const bytesPerUnit = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const;

/** At most nine digits, which a double holds exactly in every unit but gb; no limit comes near 999999999gb. */
export const durationPattern = /^(\d{1,9})(ms|s|m|h)$/;
export const sizePattern = /^(\d{1,9})(b|kb|mb|gb)$/;

export const durationRule = "is not a duration (a whole number and ms, s, m or h, such as 30s)";
export const sizeRule = "is not a size (a whole number and b, kb, mb or gb in powers of 1024, such as 5mb)";

/**
 * Parses `500ms`, `30s`, `5m` or `1h` to milliseconds. Refuses a plain number, because its unit would be a guess.
 * @throws PenstockError `usage`, naming the value and the rule.
 */
export function parseDurationMs(text: string): number {
  return parse(text, durationPattern, msPerUnit, durationRule);
}

/**
 * Parses `512b`, `512kb`, `5mb` or `1gb` to bytes, in powers of 1024 like Elasticsearch.
 * @throws PenstockError `usage`, naming the value and the rule.
 */
export function parseSizeBytes(text: string): number {
  return parse(text, sizePattern, bytesPerUnit, sizeRule);
}

/** A readable duration in seconds: `30 s`, `0.5 s`. */
export function secondsText(ms: number): string {
  return `${Number((ms / 1_000).toFixed(1))} s`;
}

/** `90 minutes`, `36 hours`, `7 days`. */
export function durationText(ms: number): string {
  const [noun, size] = spans.find(([, size]) => ms >= size) ?? ["millisecond", 1];
  return counted(Math.round((ms / size) * 10) / 10, noun);
}

const spans = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** `512 B`, `48 KiB`, `38.2 MiB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${countText(bytes)} B`;
  const [size, unit] =
    bytes < 1024 ** 2
      ? [bytes / 1024, "KiB"]
      : bytes < 1024 ** 3
        ? [bytes / 1024 ** 2, "MiB"]
        : [bytes / 1024 ** 3, "GiB"];
  return `${size < 99.95 ? size.toFixed(1).replace(/\.0$/, "") : countText(Math.round(size))} ${unit}`;
}

/** `12,480`. */
export function countText(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 topic`, `2 topics`. */
export function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : nouns}`;
}

function parse(
  text: string,
  pattern: RegExp,
  factors: Readonly<Record<string, number>>,
  rule: string,
): number {
  const [, amount, unit = ""] = pattern.exec(text) ?? [];
  const factor = factors[unit];
  if (amount === undefined || factor === undefined) {
    throw new PenstockError("usage", `${JSON.stringify(text.slice(0, 100))} ${rule}`);
  }
  return Number(amount) * factor;
}
