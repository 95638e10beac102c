import { createStore } from "./store.ts";

/** The present, milliseconds since the epoch, once a second: ages on the page grow together. */
export const clock = createStore(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) clock.set(Date.now());
  }, 1_000);
}
