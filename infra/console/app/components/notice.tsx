import type { Child } from "hono/jsx/dom";

export type NoticeKind = "info" | "ok" | "warning" | "bad";

const marks: Readonly<Record<NoticeKind, string>> = { info: "i", ok: "✓", warning: "▲", bad: "✕" };

/** An important sentence. With `alert`, screen readers announce it immediately. */
export function Notice({
  kind,
  alert = false,
  children,
}: {
  readonly kind: NoticeKind;
  readonly alert?: boolean;
  readonly children: Child;
}) {
  return (
    <div class={`notice ${kind}`} role={alert ? "alert" : undefined}>
      <span class="mark" aria-hidden="true">
        {marks[kind]}
      </span>
      <div>{children}</div>
    </div>
  );
}
