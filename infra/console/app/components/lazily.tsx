import { useEffect, useState, type FC } from "../hooks/hooks.ts";
import { keysWait } from "../state/keys.ts";
import { Notice } from "./notice.tsx";

/** A component whose code is loaded when it is first shown. */
export function lazily<P extends object>(load: () => Promise<FC<P>>): FC<P> {
  let loaded: FC<P> | null = null;
  return function Lazily(properties: P) {
    const [error, setError] = useState<string | null>(null);
    const [, drawAgain] = useState(false);
    useEffect(() => {
      if (loaded !== null) return;
      load().then(
        (part) => {
          loaded = part;
          drawAgain(true);
        },
        () => setError("This part of the page could not be loaded. Reload the page."),
      );
    }, []);
    if (error !== null) return <Notice kind="bad">{error}</Notice>;
    const Part = loaded;
    return Part === null ? <Loading /> : <Part {...properties} />;
  };
}

/** Stands where a part of the page will be. Keys that are pressed meanwhile are meant for it, and wait. */
export function Loading() {
  useEffect(() => {
    const release = keysWait();
    // Its shortcuts are there once it is drawn.
    return () => requestAnimationFrame(() => requestAnimationFrame(release));
  }, []);
  return <p class="muted">Loading…</p>;
}
