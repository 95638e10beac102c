import { useEffect, useRef } from "../hooks/hooks.ts";
import { isEarly } from "../text/early-key.ts";
import { shortcuts } from "./preferences.ts";
import { focusMain } from "./router.ts";

/** The action of a key, or of two keys in sequence ("g t"). */
export type Keys = Readonly<Record<string, () => void>>;

const SEQUENCE_MS = 1_000;
/** Nobody waits longer for what he pressed. */
const EARLY_MS = 5_000;

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
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof HTMLInputElement && event.target.type === "search") leaveSearch(event);
  if (shortcuts.get() === "off" || isTyping(event.target)) return;
  if (loading > 0 && isEarly(event.key, early.length > 0, () => isKnown(event.key))) {
    event.preventDefault();
    if (event.timeStamp - (early[0]?.timeStamp ?? Infinity) > EARLY_MS) early = [];
    early.push(event);
    return;
  }
  press(event);
}

/** Enter leads from a search field to what was found, and Escape out of it; its text stays. */
function leaveSearch(event: KeyboardEvent): void {
  const { key, target } = event;
  if (key !== "Enter" && key !== "Escape") return;
  // Browsers empty the field, which would then contradict what is shown.
  if (key === "Escape") event.preventDefault();
  // After the form was sent.
  setTimeout(() => {
    if (document.activeElement === target) focusMain();
  });
}

function press(event: KeyboardEvent): void {
  const { key, timeStamp } = event;
  const sequence = timeStamp - firstAt < SEQUENCE_MS && first !== "" ? `${first} ${key}` : key;
  const act = actionOf(sequence) ?? actionOf(key);
  first = act === undefined ? key : "";
  firstAt = timeStamp;
  if (act === undefined) return;
  event.preventDefault();
  act();
}

function actionOf(name: string): (() => void) | undefined {
  return [...shown]
    .map(({ current }) => (Object.hasOwn(current, name) ? current[name] : undefined))
    .find(Boolean);
}

/** Whether the key has an action, ends a sequence or may begin one. */
function isKnown(key: string): boolean {
  return (
    first !== "" || [...shown].some(({ current }) => Object.keys(current).some((name) => name[0] === key))
  );
}

/** Parts of the page that are being loaded. Keys that only they may know wait in `early`, and are pressed again then. */
let loading = 0;
let early: KeyboardEvent[] = [];

/** Keeps the keys that are pressed until a part of the page is there. @returns call it then */
export function keysWait(): () => void {
  loading += 1;
  return () => {
    loading -= 1;
    if (loading > 0) return;
    const waiting = early;
    early = [];
    for (const event of waiting) {
      const field = document.activeElement;
      if (field instanceof HTMLInputElement && isTyping(field)) type(field, event.key);
      else press(event);
    }
  };
}

/** What the browser would have done, had the field been there: after "/", the next keys are text. */
function type(field: HTMLInputElement, key: string): void {
  if (key === "Enter") return field.form?.requestSubmit();
  field.setRangeText(key, field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  return undefined;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    (target.closest("input, textarea, select, dialog") !== null ||
      (target instanceof HTMLElement && target.isContentEditable))
  );
}
