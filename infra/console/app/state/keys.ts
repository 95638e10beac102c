import { useEffect, useRef } from "hono/jsx/dom";
import { shortcuts } from "./preferences.ts";

/** The action of a key, or of two keys in sequence ("g t"). */
export type Keys = Readonly<Record<string, () => void>>;

const SEQUENCE_MS = 1_000;

/** The shortcuts of all visible components, so that "g t" does not also trigger a "t". */
const shown = new Set<{ readonly current: Keys }>();
let first = "";
let firstAt = 0;

/** Shortcuts of a visible component. Ignored while typing, with a modifier key, and if shortcuts are switched off. */
export function useShortcuts(...maps: readonly Keys[]): void {
  const keys = useRef<Keys>({});
  keys.current = Object.assign({}, ...maps);
  useEffect(() => {
    const own = {
      get current() {
        return keys.current ?? {};
      },
    };
    if (shown.size === 0) addEventListener("keydown", onKey);
    shown.add(own);
    return () => {
      shown.delete(own);
      if (shown.size === 0) removeEventListener("keydown", onKey);
    };
  }, []);
}

function onKey(event: KeyboardEvent): void {
  if (shortcuts.get() === "off" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
  const sequence =
    event.timeStamp - firstAt < SEQUENCE_MS && first !== "" ? `${first} ${event.key}` : event.key;
  const act = actionOf(sequence) ?? actionOf(event.key);
  first = act === undefined ? event.key : "";
  firstAt = event.timeStamp;
  if (act === undefined) return;
  event.preventDefault();
  act();
}

function actionOf(name: string): (() => void) | undefined {
  return [...shown]
    .map(({ current }) => (Object.hasOwn(current, name) ? current[name] : undefined))
    .find(Boolean);
}

function isTyping({ target }: KeyboardEvent): boolean {
  return (
    target instanceof Element &&
    (target.closest("input, textarea, select, dialog") !== null ||
      (target instanceof HTMLElement && target.isContentEditable))
  );
}
