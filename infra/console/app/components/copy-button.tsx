import { useState } from "../hooks/hooks.ts";

/** Copies the original text, even if the page shows it shortened or escaped. */
export function CopyButton({ label, text }: { readonly label: string; readonly text: () => string }) {
  const [said, say] = useState<string | null>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text());
      say("Copied");
    } catch {
      // Without TLS, browsers offer the clipboard to pages of localhost only.
      say("The browser refused to copy");
    }
    setTimeout(() => say(null), 2_000);
  };
  return (
    <>
      <button type="button" class="plain" onClick={() => void copy()}>
        {said ?? label}
      </button>
      {/* Beside the button: within it, a status would take away the button's name. */}
      <span class="unseen" role="status">
        {said ?? ""}
      </span>
    </>
  );
}
