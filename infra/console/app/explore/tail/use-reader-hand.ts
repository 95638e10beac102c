import { useRef } from "../../hooks/hooks.ts";

/** Keys that scroll up in a focused list. */
const upwards = new Set(["ArrowUp", "PageUp", "Home"]);

/**
 * Handlers that tell when the reader scrolls up: by wheel, finger, key or scrollbar. The position alone does not tell it: when
 * old lines go, the browser moves it too, and on a busy machine that event comes late.
 */
export function useReaderHand(onUp: () => void) {
  const touchedAt = useRef(0);
  return {
    onWheel({ deltaY }: WheelEvent) {
      if (deltaY < 0) onUp();
    },
    onTouchStart({ touches }: TouchEvent) {
      touchedAt.current = touches[0]?.clientY ?? 0;
    },
    // A finger that moves down pulls older lines into view.
    onTouchMove({ touches }: TouchEvent) {
      if ((touches[0]?.clientY ?? 0) > (touchedAt.current ?? 0)) onUp();
    },
    onKeyDown({ key, shiftKey }: KeyboardEvent) {
      if (upwards.has(key) || (key === " " && shiftKey)) onUp();
    },
    // The scrollbar belongs to the list, but is none of its content.
    onPointerDown({ target, currentTarget, offsetX }: PointerEvent) {
      if (!(currentTarget instanceof Element) || target !== currentTarget) return;
      if (offsetX >= currentTarget.clientWidth) onUp();
    },
  };
}
