import type { Verdict } from "../../../../../lib/rules/mending/verdict.ts";
import { exactCount, plural } from "../../text/format.ts";

/** `98 of 100 accepted, 2 refused` */
export function lettersText({ letters: { tried, accepted, partly, refused, unknown } }: Verdict): string {
  const parts = [
    `${exactCount(accepted + partly)} of ${exactCount(tried)} accepted`,
    partly === 0 ? [] : `${exactCount(partly)} of them not with all fields indexed`,
    refused === 0 ? [] : `${exactCount(refused)} refused`,
    unknown === 0 ? [] : `${exactCount(unknown)} unknown`,
  ];
  return parts.flat().join(", ");
}

/** What is said beside the best proposal. */
export function bestText(verdict: Verdict | null): string {
  const words = "smallest that takes all";
  return verdict?.good.tried === 0 ? `${words} letters; there was no good record to compare with` : words;
}

/** `100 records as now`; or how many are not. */
export function goodText({ good: { tried, unchanged, changed, refused, unknown } }: Verdict): string {
  if (unchanged === tried) return tried === 0 ? "none to compare with" : `${plural(tried, "record")} as now`;
  const parts = [
    `${exactCount(unchanged)} of ${exactCount(tried)} as now`,
    changed === 0 ? [] : `${exactCount(changed)} indexed otherwise`,
    refused === 0 ? [] : `${exactCount(refused)} refused`,
    unknown === 0 ? [] : `${exactCount(unknown)} unknown`,
  ];
  return parts.flat().join(", ");
}
