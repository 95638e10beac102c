import type { Level } from "../../../../../lib/rules/level/log-level.ts";
import { valuesAt } from "../../../../../lib/rules/json/values-at.ts";

const shapes: Readonly<Record<Level, string>> = {
  fatal: "✕",
  error: "✕",
  warn: "▲",
  info: "●",
  debug: "○",
  trace: "·",
};

/** A line's level by shape, word and colour. */
export function LevelMark({ level }: { readonly level: Level | null }) {
  return (
    <span class={`level ${level ?? ""}`}>
      {level === null ? null : (
        <>
          <span aria-hidden="true">{shapes[level]}</span> {level}
        </>
      )}
    </span>
  );
}

const maxLength = 200;

/** What a document has in a field; `–` if it lacks it, or is too large to be here. */
export function columnText(document: Readonly<Record<string, unknown>> | null, field: string): string {
  const values = valuesAt(document, field).map(valueText);
  return values.length === 0 ? "–" : values.join(", ").slice(0, maxLength);
}

function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  // Such a number lost its last digits when the page read it; the opened line has them all.
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value))
    return `≈ ${value}`;
  return JSON.stringify(value) ?? "";
}
