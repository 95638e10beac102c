import type { Zone } from "../text/format.ts";
import { createStore, type Store } from "./store.ts";

/** What this browser's user prefers; kept in the browser, never sent. */
export type Theme = "system" | "light" | "dark";

function kept<T extends string>(name: string, allowed: readonly T[], fallback: T): Store<T> {
  const key = `penstock.${name}`;
  const stored = allowed.find((value) => value === localStorage.getItem(key));
  const store = createStore<T>(stored ?? fallback);
  store.subscribe(() => localStorage.setItem(key, store.get()));
  return store;
}

export const zone = kept<Zone>("zone", ["local", "utc"], "local");
export const theme = kept<Theme>("theme", ["system", "light", "dark"], "system");
/** Keys that act without a modifier can be switched off (WCAG 2.1.4). */
export const shortcuts = kept<"on" | "off">("shortcuts", ["on", "off"], "on");

/** Over the lines that a search found. */
export const histogram = kept<"shown" | "hidden">("histogram", ["shown", "hidden"], "shown");

/** Puts the theme into force, now and whenever it is changed. */
export function applyTheme(): void {
  const apply = () => document.documentElement.setAttribute("data-theme", theme.get());
  theme.subscribe(apply);
  apply();
}
