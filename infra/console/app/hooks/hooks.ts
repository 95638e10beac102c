import * as hono from "hono/jsx/dom";

export { memo, useMemo, useRef } from "hono/jsx/dom";
export type { Child, FC, RefObject } from "hono/jsx/dom";

/**
 * hono's hooks, without two of its faults (4.13.19). It runs an effect twice if its component is drawn twice within a frame,
 * and also after the component is gone, and cleans up once: streams and subscriptions stayed open. And it draws a component
 * that is gone once more when its state is set for the second time: rows were there twice.
 */
export function useEffect(effect: () => void | (() => void), depends?: readonly unknown[]): void {
  let isDone = false;
  let end: void | (() => void);
  // Layout effects do not wait for a frame, so each runs once, and ends with its component.
  hono.useLayoutEffect(
    () => () => {
      isDone = true;
      end?.();
    },
    depends,
  );
  hono.useEffect(() => {
    if (isDone) return;
    isDone = true;
    end = effect();
  }, depends);
}

/** A component's state, which stays as it is once the component is gone. */
export function useState<T>(initial: T | (() => T)): [T, (next: T | ((before: T) => T)) => void] {
  const [state, set] = hono.useState(initial);
  const life = hono.useRef({ isOver: false });
  hono.useLayoutEffect(
    () => () => {
      life.current.isOver = true;
    },
    [],
  );
  return [
    state,
    (next) => {
      if (!life.current.isOver) set(next);
    },
  ];
}

/** A state that changes by steps. */
export function useReducer<T, Step>(
  reduce: (before: T, step: Step) => T,
  initial: T,
): [T, (step: Step) => void] {
  const [state, set] = useState(initial);
  return [state, (step) => set((before) => reduce(before, step))];
}

/** A value from outside the page's components, and each later one; none of them may be a function. */
export function useOutside<T>(subscribe: (listener: () => void) => () => void, get: () => T): T {
  const [, draw] = hono.useState<unknown>(get);
  hono.useLayoutEffect(() => subscribe(() => draw(get())), []);
  return get();
}
