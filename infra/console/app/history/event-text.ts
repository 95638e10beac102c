import type { HistoryEvent } from "../../../../lib/rules/history/event.ts";
import { visibleText } from "../../../../lib/rules/base/visible-text.ts";

const named = 3;

/** An event in one line, for a mark: `app: a topic stalled`. Visible, whatever it names. */
export function eventText({ text, topics, more, fields }: HistoryEvent): string {
  const names = topics.slice(0, named).join(", ");
  const others = topics.length > named || more ? ", …" : "";
  const reason = fields["reason"];
  const why = typeof reason === "string" ? `: ${reason.slice(0, 120)}` : "";
  return visibleText(`${names === "" ? "" : `${names}${others}: `}${text}${why}`);
}
