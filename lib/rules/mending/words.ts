import { counted, countText } from "../base/units.ts";
import type { RefusingTarget } from "./proposal.ts";
import type { Verdict } from "./verdict.ts";

/** `alias app, now index app-000002`. @param name what documents are sent to */
export function targetWords({ kind, index }: Pick<RefusingTarget, "kind" | "index">, name: string): string {
  if (kind === "new") return "an index that does not exist now";
  return `${kind} ${name}${index === null || index === name ? "" : `, now index ${index}`}`;
}

/** Where the mapping of a field comes from. @param template that indices of the name are made from; null: none is known */
export function madeByWords(template: { readonly name: string; readonly mapsField: boolean } | null): string {
  if (template?.mapsField === true) return `template ${template.name}`;
  const others = template === null ? "No template" : `Not template ${template.name}`;
  return `${others}: Elasticsearch learned it from a document, or somebody set it in the index`;
}

/** `98 of 100 accepted, 2 refused` */
export function lettersText({ letters: { tried, accepted, partly, refused, unknown } }: Verdict): string {
  const parts = [
    `${countText(accepted + partly)} of ${countText(tried)} accepted`,
    partly === 0 ? [] : `${countText(partly)} of them not with all fields indexed`,
    refused === 0 ? [] : `${countText(refused)} refused`,
    unknown === 0 ? [] : `${countText(unknown)} unknown`,
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
  if (unchanged === tried) return tried === 0 ? "none to compare with" : `${counted(tried, "record")} as now`;
  const parts = [
    `${countText(unchanged)} of ${countText(tried)} as now`,
    changed === 0 ? [] : `${countText(changed)} indexed otherwise`,
    refused === 0 ? [] : `${countText(refused)} refused`,
    unknown === 0 ? [] : `${countText(unknown)} unknown`,
  ];
  return parts.flat().join(", ");
}
