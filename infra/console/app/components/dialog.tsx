import { useEffect, useRef, type Child } from "../hooks/hooks.ts";

interface DialogProps {
  readonly title: string;
  /** Enter and the button of type `submit`. */
  readonly onSubmit?: () => void;
  /** The buttons before the one that closes it. */
  readonly actions?: Child;
  readonly close?: string;
  readonly onClose: () => void;
  readonly children: Child;
}

/** A modal dialog. Escape and its last button close it; the browser keeps the focus inside. */
export function Dialog({ title, onSubmit, actions, close = "Cancel", onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={element} aria-label={title} onClose={onClose}>
      <h2>{title}</h2>
      <form
        onSubmit={(event: Event) => {
          event.preventDefault();
          onSubmit?.();
        }}
      >
        {children}
        <div class="bar">
          {actions}
          <button type="button" class={actions === undefined ? "primary" : "plain"} onClick={onClose}>
            {close}
          </button>
        </div>
      </form>
    </dialog>
  );
}
