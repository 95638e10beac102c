import type { HostSummary } from "../../../api/live-messages.ts";
import { ask, signInNeeded } from "./api.ts";
import { createStore } from "./store.ts";

/** Which host this is and how it is, for every page; null before its first answer. */
export const host = createStore<HostSummary | null>(null);

/** Also in hidden tabs, whose titles are what one sees of them. */
const EVERY_MS = 15_000;

export function startHostSummary(): void {
  const look = async (): Promise<void> => {
    if (signInNeeded.get()) return;
    try {
      host.set(await ask<HostSummary>("/ui/host"));
    } catch {
      // The pages themselves say that the host cannot be reached; its name stays.
    }
  };
  void look();
  setInterval(() => void look(), EVERY_MS);
  signInNeeded.subscribe(() => void look());
}

/** `▲2 Topics · machine · Penstock` */
export function titleOf(page: string, summary: HostSummary | null): string {
  const count = summary?.verdict.count ?? 0;
  const named = [page, summary?.name, "Penstock"].filter((part) => part !== undefined).join(" · ");
  return count === 0 ? named : `▲${count} ${named}`;
}

/** The tab's icon has a mark while something needs attention. */
export function showIcon(summary: HostSummary | null): void {
  const name = (summary?.verdict.count ?? 0) === 0 ? "icon.svg" : "icon-trouble.svg";
  document.querySelector('link[rel="icon"]')?.setAttribute("href", `/assets/${name}`);
}
