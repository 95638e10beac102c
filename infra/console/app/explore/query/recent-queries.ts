const key = "penstock.queries";
const kept = 10;

/** What was searched for in this browser, newest first. It is kept here and never sent. */
export function recentQueries(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(stored) ? stored.filter((query: unknown) => typeof query === "string") : [];
  } catch {
    // Somebody else's value: as good as none.
    return [];
  }
}

export function rememberQuery(query: string): void {
  const typed = query.trim();
  if (typed === "") return;
  const others = recentQueries().filter((other) => other !== typed);
  localStorage.setItem(key, JSON.stringify([typed, ...others].slice(0, kept)));
}
