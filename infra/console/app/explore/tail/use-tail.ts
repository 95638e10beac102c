import { useEffect, useReducer, useState } from "../../hooks/hooks.ts";
import type { TailHello, TailLines } from "../../../../api/logs.ts";
import { follow } from "../../state/live.ts";
import { emptyTail, paused, resumed, type TailBuffer, withHello, withLines } from "./tail-buffer.ts";

/** A live tail and its actions. */
export interface Tail {
  readonly buffer: TailBuffer;
  /** Why the host refuses the tail, or null. */
  readonly refused: string | null;
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Follows `path`; the lines stay when it stops. */
export function useTail(path: string, running: boolean): Tail {
  const [buffer, step] = useReducer(
    (before: TailBuffer, next: (before: TailBuffer) => TailBuffer) => next(before),
    emptyTail,
  );
  const [refused, refuse] = useState<string | null>(null);
  useEffect(() => {
    if (!running) return undefined;
    refuse(null);
    step(() => emptyTail);
    return follow(
      path,
      ["hello", "lines"],
      (event, data) => {
        // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the host's own API, of the same version
        const message = JSON.parse(data) as TailHello & TailLines;
        step((before) => (event === "hello" ? withHello(before, message) : withLines(before, message)));
      },
      (error) => refuse(error.message),
    );
  }, [path, running]);
  return { buffer, refused, pause: () => step(paused), resume: () => step(resumed) };
}
