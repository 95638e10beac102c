import { createStore, useStore } from "./store.ts";

/** The page's location. The address is the state, so it can be shared, reloaded and revisited. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

const place = createStore<Place>(here());

export function usePlace(): Place {
  return useStore(place);
}

/** Navigates without reloading the document. `replace` leaves no history entry for the current page. */
export function navigate(href: string, { replace = false } = {}): void {
  const moved = new URL(href, location.href).pathname !== location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", href);
  place.set(here());
  if (moved) {
    scrollTo(0, 0);
    // As after a load: the next Tab starts at the page, and screen readers announce it.
    document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
  }
}

/** The same page with these parameters changed; null or "" removes a parameter. */
export function hrefWith(from: Place, changes: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams(from.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? from.path : `${from.path}?${text}`;
}

/** Handles links to our own pages; the browser handles all others. */
export function startRouter(): void {
  addEventListener("popstate", () => place.set(here()));
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.target !== "" || link.hasAttribute("download")) return;
    if (link.pathname !== "/" && !link.pathname.startsWith("/ui/")) return;
    event.preventDefault();
    navigate(link.href);
  });
}
