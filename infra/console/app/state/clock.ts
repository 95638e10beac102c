import { createStore } from "./store.ts";

/** The current time in milliseconds since the epoch, updated once a second so that all ages on the page change together. */
export const clock = createStore(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) clock.set(Date.now());
  }, 1_000);
}
