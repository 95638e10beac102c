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
  if (moved) showTop();
  else keepFocus();
}

/** As after a load: the next Tab starts at the page, and screen readers announce it. */
function showTop(): void {
  scrollTo(0, 0);
  focusMain();
}

/** For a focus that has no element any more: otherwise the next Tab would start at the navigation. */
export function focusMain(): void {
  document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
}

/** The last used element. Not `activeElement`: some browsers do not focus what is clicked. */
let used: Element | null = null;

/**
 * The rule for every navigation within a page: if what was used is still there, such as a column's header, nothing moves.
 * If it went away with its part of the page, such as the button of a form, the page is shown from its top.
 */
function keepFocus(): void {
  // Components are drawn in a microtask, and effects in the frame after it.
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      if (used?.isConnected === false) showTop();
    }),
  );
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
  addEventListener("popstate", () => {
    place.set(here());
    keepFocus();
  });
  for (const name of ["pointerdown", "keydown"] as const) {
    addEventListener(name, ({ target }) => (used = target instanceof Element ? target : null), true);
  }
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
