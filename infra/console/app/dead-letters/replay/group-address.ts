import type { LetterGroup } from "../../../../../lib/rules/dead-letters/letter-state.ts";

/** The query that names a group, in the page's address and in requests. */
export function groupQuery({ topic, index, error, field }: LetterGroup): string {
  return new URLSearchParams({ topic, index, error, ...(field !== null && { field }) }).toString();
}

export function groupHref(group: LetterGroup): string {
  return `/ui/dead-letters?${groupQuery(group)}`;
}

/** The group that an address names; null if it names none. */
export function groupIn(query: URLSearchParams): LetterGroup | null {
  const [topic, index, error] = [query.get("topic"), query.get("index"), query.get("error")];
  if (topic === null || index === null || error === null) return null;
  return { topic, index, error, field: query.get("field") };
}
