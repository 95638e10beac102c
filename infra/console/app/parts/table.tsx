import type { Child } from "../hooks/hooks.ts";

interface TableProps {
  readonly label: string;
  /** The classes of the table; with `cards`, its rows are cards on a phone. */
  readonly look?: string;
  /** The names of its columns; those of figures are at the right, and `unseen` ones are for screen readers. */
  readonly columns: readonly (string | readonly [name: string, kind: "number" | "unseen"])[];
  /** Its bodies. */
  readonly children: Child;
}

/** A table that scrolls sideways by itself if it is too wide. */
export function Table({ label, look = "cards", columns, children }: TableProps) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={label}>
      <table class={look}>
        <thead>
          <tr>
            {columns.map((column) => {
              const [name, kind] = typeof column === "string" ? [column, null] : column;
              return (
                <th key={name} scope="col" class={kind === "number" ? kind : undefined}>
                  {kind === "unseen" ? <span class="unseen">{name}</span> : name}
                </th>
              );
            })}
          </tr>
        </thead>
        {children}
      </table>
    </div>
  );
}
