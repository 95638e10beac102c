import type { Zone } from "../text/format.ts";
import { createStore, type Store } from "./store.ts";

/** Preferences of this browser's user; stored in the browser and never sent. */
export type Theme = "system" | "light" | "dark";

export function kept<T extends string>(name: string, allowed: readonly T[], fallback: T): Store<T> {
  const key = `penstock.${name}`;
  const stored = allowed.find((value) => value === localStorage.getItem(key));
  const store = createStore<T>(stored ?? fallback);
  store.subscribe(() => localStorage.setItem(key, store.get()));
  return store;
}

export const zone = kept<Zone>("zone", ["local", "utc"], "local");
export const theme = kept<Theme>("theme", ["system", "light", "dark"], "system");
/** Shortcuts without a modifier key can be switched off (WCAG 2.1.4). */
export const shortcuts = kept<"on" | "off">("shortcuts", ["on", "off"], "on");

/** Whether the chart above the search results is shown. */
export const histogram = kept<"shown" | "hidden">("histogram", ["shown", "hidden"], "shown");

/** Applies the theme, now and after each change. */
export function applyTheme(): void {
  const apply = () => document.documentElement.setAttribute("data-theme", theme.get());
  theme.subscribe(apply);
  apply();
}
