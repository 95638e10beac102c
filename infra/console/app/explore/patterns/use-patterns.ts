import { useEffect, useState } from "../../hooks/hooks.ts";
import type { PatternsAnswer } from "./sort-export.ts";
import type { PatternsQuestion } from "./worker.ts";

/** Where a browser enforces trusted types, it takes the address of a script only from a policy. */
declare global {
  interface Window {
    readonly trustedTypes?: {
      createPolicy(
        name: string,
        rules: { createScriptURL(url: string): string },
      ): { createScriptURL(url: string): URL };
    };
  }
}

/** Named by the document; its name contains a hash of its content. */
const workerPath = document.querySelector<HTMLMetaElement>('meta[name="penstock-patterns"]')?.content ?? "";
const policy = window.trustedTypes?.createPolicy("penstock-patterns", {
  createScriptURL: (url) => {
    if (url !== workerPath) throw new Error("no script of this page");
    return url;
  },
});

/**
 * Sorts the lines of an export into patterns, beside the page. Not with each refresh of the search: an export reads up to
 * 10,000 lines.
 */
export function usePatterns(path: string): {
  /** Null while it is under way. */
  readonly answer: PatternsAnswer | null;
  readonly again: () => void;
} {
  const [answer, setAnswer] = useState<PatternsAnswer | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    setAnswer(null);
    const worker = new Worker(policy?.createScriptURL(workerPath) ?? workerPath, { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<PatternsAnswer>) => setAnswer(data));
    worker.addEventListener("error", () =>
      setAnswer({ kind: "failed", reason: "The patterns could not be made. Reload the page." }),
    );
    // eslint-disable-next-line unicorn/require-post-message-target-origin -- that of a worker takes none
    worker.postMessage({ path } satisfies PatternsQuestion);
    return () => worker.terminate();
  }, [path, round]);
  return { answer, again: () => setRound((count) => count + 1) };
}
