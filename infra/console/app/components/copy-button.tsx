import { useState } from "hono/jsx/dom";

/** Copies the original, whatever the page shows of it. */
export function CopyButton({ label, text }: { readonly label: string; readonly text: () => string }) {
  const [said, say] = useState<string | null>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text());
      say("Copied");
    } catch {
      // Browsers give pages without TLS no clipboard, but for those of this machine.
      say("The browser refused to copy");
    }
    setTimeout(() => say(null), 2_000);
  };
  return (
    <button type="button" class="plain" onClick={() => void copy()}>
      <span role="status">{said ?? label}</span>
    </button>
  );
}
