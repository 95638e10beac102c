import { access } from "../state/api.ts";
import { useStore } from "../state/store.ts";
import { Notice } from "./notice.tsx";

/** What a button that is switched off is described by. */
export const readOnlyId = "read-only";

/** True where this browser signed in with the read-only token. */
export function useReadOnly(): boolean {
  return useStore(access) === "read-only";
}

/** Says why the buttons of a page are switched off, where they are. */
export function ReadOnlyNotice() {
  if (!useReadOnly()) return null;
  return (
    <Notice kind="info">
      <span id={readOnlyId}>
        You signed in with the read-only token: you may look and preview, and not change anything.
      </span>
    </Notice>
  );
}
