import type { LogHit } from "../../../../api/logs.ts";
import { isoTime, type Zone } from "../../text/format.ts";
import { visibleText } from "../../text/visible-text.ts";

/** Characters of a line that tell it from its neighbours. */
const said = 80;

/** What a screen reader calls the button of a line: its time as the page shows it, and how it begins. */
export function lineName({ timestamp, line }: Pick<LogHit, "timestamp" | "line">, zone: Zone): string {
  const time = timestamp === null ? "an unknown time" : isoTime(Date.parse(timestamp), zone);
  const text = line.map(([part]) => part).join("");
  return `Details of the line of ${time}: ${visibleText(text.slice(0, said))}`;
}
