import { useEffect } from "hono/jsx/dom";
import { shortcuts } from "./preferences.ts";

/** What a key, or two one after the other ("g t"), does. */
export type Keys = Readonly<Record<string, () => void>>;

const SEQUENCE_MS = 1_000;

/** Keys of a page while it is shown. Never while something is typed, never with a modifier, and not where switched off. */
export function useShortcuts(...maps: readonly Keys[]): void {
  useEffect(() => {
    const keys = new Map(maps.flatMap((map) => Object.entries(map)));
    let first = "";
    let at = 0;
    const onKey = (event: KeyboardEvent): void => {
      if (shortcuts.get() === "off" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event))
        return;
      const sequence =
        event.timeStamp - at < SEQUENCE_MS && first !== "" ? `${first} ${event.key}` : event.key;
      const act = keys.get(sequence) ?? keys.get(event.key);
      first = act === undefined ? event.key : "";
      at = event.timeStamp;
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}

function isTyping({ target }: KeyboardEvent): boolean {
  return (
    target instanceof Element &&
    (target.closest("input, textarea, select, dialog") !== null ||
      (target instanceof HTMLElement && target.isContentEditable))
  );
}
