import { Hostile } from "../../components/hostile.tsx";
import type { ExploreState } from "./address.ts";

interface PillsProps {
  readonly filters: ExploreState["filters"];
  readonly onChange: (changes: Partial<ExploreState>) => void;
}

/** The filters by field, each with a button that removes it. */
export function Pills({ filters, onChange }: PillsProps) {
  if (filters.length === 0) return null;
  return (
    <ul class="chips pills" aria-label="Filters">
      {filters.map((filter) => (
        <li key={filter} class="chip on">
          <Hostile text={filter.startsWith("-") ? `not ${filter.slice(1)}` : filter} />
          <button
            type="button"
            class="plain"
            aria-label={`Remove the filter ${filter}`}
            onClick={() => onChange({ filters: filters.filter((other) => other !== filter) })}
          >
            ×
          </button>
        </li>
      ))}
      {filters.length < 2 ? null : (
        <li>
          <button type="button" class="plain" onClick={() => onChange({ filters: [] })}>
            Remove all
          </button>
        </li>
      )}
    </ul>
  );
}
