import { access } from "../state/api.ts";
import { useStore } from "../state/store.ts";
import { Notice } from "./notice.tsx";

/** Id of the text that describes a disabled button. */
export const readOnlyId = "read-only";

/** Whether this browser signed in with the read-only token. */
export function useReadOnly(): boolean {
  return useStore(access) === "read-only";
}

/** Says why the buttons of a page are disabled, if they are. */
export function ReadOnlyNotice() {
  if (!useReadOnly()) return null;
  return (
    <Notice kind="info">
      <span id={readOnlyId}>
        You signed in with the read-only token: you can view and preview everything, but not change anything.
      </span>
    </Notice>
  );
}
