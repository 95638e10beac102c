import type { HostSummary } from "../../../api/live-messages.ts";
import { ask, signInNeeded } from "./api.ts";
import { createStore } from "./store.ts";

/** Which host this is and how it is, for every page; null before its first answer. */
export const host = createStore<HostSummary | null>(null);

/** Whether it did not answer any more, so that what it said last may be wrong. */
export const hostSilent = createStore(false);

/** Also in hidden tabs, whose titles are what one sees of them. */
const EVERY_MS = 15_000;
/** One request may get lost. */
const SILENT_AFTER = 2;

export function createLook(): () => Promise<void> {
  let failures = 0;
  return async () => {
    if (signInNeeded.get()) return;
    try {
      host.set(await ask<HostSummary>("/ui/host"));
      failures = 0;
    } catch {
      // The pages themselves say why; the host's name stays.
      failures += 1;
    }
    hostSilent.set(failures >= SILENT_AFTER);
  };
}

export function startHostSummary(): void {
  const look = createLook();
  void look();
  setInterval(() => void look(), EVERY_MS);
  signInNeeded.subscribe(() => void look());
}

/** `▲2 Topics · machine · Penstock`; `? Topics …` if the host is silent. */
export function titleOf(page: string, summary: HostSummary | null, silent: boolean): string {
  const count = summary?.verdict.count ?? 0;
  const named = [page, summary?.name, "Penstock"].filter((part) => part !== undefined).join(" · ");
  if (silent) return `? ${named}`;
  return count === 0 ? named : `▲${count} ${named}`;
}

/** The tab's icon has a mark while something needs attention, or may need it. */
export function iconOf(summary: HostSummary | null, silent: boolean): string {
  return !silent && (summary?.verdict.count ?? 0) === 0 ? "/assets/icon.svg" : "/assets/icon-trouble.svg";
}
