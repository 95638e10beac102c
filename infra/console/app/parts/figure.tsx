import type { Child } from "../hooks/hooks.ts";

interface FigureProps {
  readonly name: string;
  readonly value: Child;
  /** For what is no figure, such as a time. */
  readonly small?: boolean;
  /** A remark below. */
  readonly children?: Child;
}

/** One of a list of figures (`dl.figures`). */
export function Figure({ name, value, small = false, children = null }: FigureProps) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        <span class={small ? "" : "large"}>{value}</span>
        {children === null ? null : <span class="muted">{children}</span>}
      </dd>
    </div>
  );
}
