import { useState } from "../hooks/hooks.ts";
import type { Remedy as Known } from "../../../../lib/rules/remedies/remedy.ts";
import { CopyButton } from "../components/copy-button.tsx";
import { Hostile } from "../components/hostile.tsx";
import { useReadOnly } from "../components/read-only.tsx";
import { ask } from "../state/api.ts";

/** What mends a trouble, and its command to copy. */
export function Remedy({ remedy }: { readonly remedy: Known }) {
  const { do: what, command } = remedy;
  return (
    <div class="remedy">
      <p>
        <span aria-hidden="true">→ </span>
        <Hostile text={what} />
      </p>
      {command === null ? null : (
        <p class="command">
          <code>
            <Hostile text={command} />
          </code>{" "}
          <CopyButton label="Copy" text={() => command} />
        </p>
      )}
    </div>
  );
}

/** Tries a topic again at once, instead of after its pause. */
export function TryNow({ topic }: { readonly topic: string }) {
  const isReadOnly = useReadOnly();
  const [said, say] = useState<string | null>(null);
  const tryNow = async (): Promise<void> => {
    say("Trying…");
    try {
      await ask(`/topics/${topic}/retry`, { method: "POST" });
      say("Tried");
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
    setTimeout(() => say(null), 4_000);
  };
  return (
    <span>
      <button
        type="button"
        disabled={isReadOnly}
        title={isReadOnly ? "Needs the full token" : undefined}
        aria-label={`Try now: ${topic}`}
        onClick={() => void tryNow()}
      >
        Try now
      </button>{" "}
      <span role="status">{said}</span>
    </span>
  );
}
