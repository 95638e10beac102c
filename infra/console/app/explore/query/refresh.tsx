import { useEffect, useRef, useState } from "../../hooks/hooks.ts";
import { valueOf } from "../../text/input.ts";

const choices = [
  { seconds: 0, label: "Off" },
  { seconds: 5, label: "5 s" },
  { seconds: 30, label: "30 s" },
  { seconds: 60, label: "1 min" },
];

/** Repeats the search, once or every few seconds while the page is visible. */
export function Refresh({ loading, again }: { readonly loading: boolean; readonly again: () => void }) {
  const [seconds, choose] = useState(0);
  const latest = useRef({ loading, again });
  latest.current = { loading, again };
  useEffect(() => {
    if (seconds === 0) return undefined;
    const timer = setInterval(() => {
      const now = latest.current;
      if (now !== null && !now.loading && !document.hidden) now.again();
    }, seconds * 1_000);
    return () => clearInterval(timer);
  }, [seconds]);
  return (
    <span class="refresh">
      <button type="button" onClick={again}>
        Refresh
      </button>
      <select
        aria-label="Refresh every"
        value={String(seconds)}
        onInput={(event: Event) => choose(Number(valueOf(event)))}
      >
        {choices.map((choice) => (
          <option key={choice.seconds} value={String(choice.seconds)}>
            {choice.label}
          </option>
        ))}
      </select>
    </span>
  );
}
