import { visibleText } from "../text/visible-text.ts";

/** Untrusted text, such as a log line, a key or an error. Control characters are shown, not interpreted. */
export function Hostile({ text, keep = "" }: { readonly text: string; readonly keep?: string }) {
  return <bdi>{visibleText(text, keep)}</bdi>;
}
