/**
 * For a button whose request is under way. A disabled button would lose the focus, and the keyboard its place; this one keeps
 * it, and `stopBusyClicks` takes its clicks.
 */
export function whileBusy(busy: boolean): { readonly "aria-disabled": "true" | undefined } {
  return { "aria-disabled": busy ? "true" : undefined };
}

/** For the whole page; Enter in a form's field clicks its button too. */
export function stopBusyClicks(): void {
  addEventListener(
    "click",
    (event) => {
      if (!(event.target instanceof Element)) return;
      if (event.target.closest('button[aria-disabled="true"]') === null) return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
}
