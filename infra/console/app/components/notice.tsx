import { useEffect, useRef, type Child } from "../hooks/hooks.ts";

export type NoticeKind = "info" | "ok" | "warning" | "bad";

const marks: Readonly<Record<NoticeKind, string>> = { info: "i", ok: "✓", warning: "▲", bad: "✕" };

interface NoticeProps {
  readonly kind: NoticeKind;
  readonly alert?: boolean;
  readonly children: Child;
}

/** An important sentence. With `alert`, it is scrolled into view when it appears, and screen readers announce it immediately. */
export function Notice({ kind, alert = false, children }: NoticeProps) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (alert) element.current?.scrollIntoView({ block: "nearest" });
  }, [alert]);
  return (
    <div ref={element} class={`notice ${kind}`} role={alert ? "alert" : undefined}>
      <span class="mark" aria-hidden="true">
        {marks[kind]}
      </span>
      <div>{children}</div>
    </div>
  );
}
