import { useState, type RefObject } from "../../hooks/hooks.ts";
import { useShortcuts } from "../../state/keys.ts";
import type { ExploreState } from "../query/address.ts";
import { linkOf } from "../document/document-view.tsx";

/**
 * `j` and `k` move between lines, `c` copies a link to the focused line or to the search; the browser handles Enter.
 * @returns the effect of the last shortcut
 */
export function useRowKeys(list: RefObject<HTMLElement | null>, state: ExploreState): string | null {
  const [said, say] = useState<string | null>(null);
  const focused = (): HTMLElement | null =>
    document.activeElement?.closest<HTMLElement>("li[data-id]") ?? null;
  const move = (step: 1 | -1): void => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>("li[data-id]") ?? [])];
    const row = focused();
    const at = row === null ? (step === 1 ? 0 : -1) : rows.indexOf(row) + step;
    rows[at]?.querySelector("button")?.focus();
  };
  const copy = async (): Promise<void> => {
    const { id = "", topic = "" } = focused()?.dataset ?? {};
    const link = linkOf({ ...state, doc: topic === "" ? state.doc : { topic, id } });
    try {
      await navigator.clipboard.writeText(link);
      say("Link copied");
    } catch {
      say("The browser refused to copy");
    }
    setTimeout(() => say(null), 2_000);
  };
  useShortcuts({ j: () => move(1), k: () => move(-1), c: () => void copy() });
  return said;
}
