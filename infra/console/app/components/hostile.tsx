import { visibleText } from "../text/visible-text.ts";

/** Text that anybody may have written: a log line, a key, an error's reason. Controls are shown, not obeyed. */
export function Hostile({ text, keep = "" }: { readonly text: string; readonly keep?: string }) {
  return <bdi>{visibleText(text, keep)}</bdi>;
}
