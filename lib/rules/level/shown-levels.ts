import { type Level, levelBySpelling } from "./log-level.ts";

/** The levels that a chart tells apart. */
export const shownLevels = ["error", "warn", "info", "debug"] as const;
export type ShownLevel = (typeof shownLevels)[number];

/** The level under which a chart shows one. */
export function shownLevel(level: Level): ShownLevel {
  if (level === "fatal") return "error";
  return level === "trace" ? "debug" : level;
}

/** The level of a value of `log.level`; null if it is none that we know. */
export function levelOf(value: string): Level | null {
  return levelBySpelling.get(value.toLowerCase()) ?? null;
}

/**
 * The aggregation of documents by level. Other indices than ours may map `log.level` in any way, as text or without
 * lower case: a filter fails in none of them.
 */
export function levelFilters(): object {
  const filters = shownLevels.map((shown) => {
    const words = [...levelBySpelling]
      .filter(([word, level]) => word.length > 1 && shownLevel(level) === shown)
      .flatMap(([word]) => [word, word.toUpperCase(), word.slice(0, 1).toUpperCase() + word.slice(1)]);
    const query = words.map((word) => `"${word}"`).join(" ");
    return [shown, { query_string: { query, fields: ["log.level"], lenient: true } }] as const;
  });
  return { filters: { filters: Object.fromEntries(filters) } };
}
