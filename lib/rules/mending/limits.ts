import { flatSettings } from "../trial/scratch-index.ts";
import { backInto, costsOfOthers, nothing } from "./parts.ts";
import type { MendingCase, Plan } from "./proposal.ts";

interface Limit {
  /** How a refusal for it begins or what it contains. */
  readonly reason: RegExp;
  readonly setting: string;
  readonly what: string;
  /** Elasticsearch's own. */
  readonly byDefault: number;
  /** A higher one harms the cluster. */
  readonly most: number;
}

const limits: readonly Limit[] = [
  {
    reason: /Limit of total fields \[/,
    setting: "index.mapping.total_fields.limit",
    what: "fields",
    byDefault: 1_000,
    most: 10_000,
  },
  {
    reason: /Limit of mapping depth \[/,
    setting: "index.mapping.depth.limit",
    what: "levels of objects",
    byDefault: 20,
    most: 100,
  },
  {
    reason: /is longer than the limit of \[\d+\] characters/,
    setting: "index.mapping.field_name_length.limit",
    what: "characters in the name of a field",
    byDefault: 50_000,
    most: 100_000,
  },
];

/** Raises the limit that the letters exceed; or, for the number of fields, lets an index leave out new fields. */
export function limitPlans(one: MendingCase, index: string): readonly Plan[] {
  const { reasons, target, hasSuccessors } = one;
  const limit = limits.find(({ reason }) => reasons.some((text) => reason.test(text)));
  if (limit === undefined) return [];
  const now = Number(flatSettings(target.settings).get(limit.setting) ?? limit.byDefault);
  const later = hasSuccessors ? ["The next index has the old limit unless its template says the same."] : [];
  const plan = (
    settings: Readonly<Record<string, unknown>>,
    words: { id: string; title: string; change: string; cost: string },
  ): Plan => ({
    proposal: {
      ...nothing,
      id: words.id,
      title: words.title,
      change: words.change,
      costs: [words.cost, ...later, ...costsOfOthers(one)],
      request: { method: "PUT", path: `/${encodeURIComponent(index)}/_settings`, body: settings },
      index: backInto(one),
    },
    effect: { settings },
  });
  const plans: Plan[] = [];
  const higher = Math.min(Math.max(2 * now, limit.byDefault), limit.most);
  if (higher > now)
    plans.push(
      plan(
        { [limit.setting]: higher },
        {
          id: "raise-limit",
          title: `Allow ${higher} ${limit.what}`,
          change: `The index allows ${higher} ${limit.what} instead of ${now}.`,
          cost: "Each field costs memory on every node, for as long as the index exists.",
        },
      ),
    );
  const beyond = "index.mapping.total_fields.ignore_dynamic_beyond_limit";
  if (limit.what === "fields" && String(flatSettings(target.settings).get(beyond)) !== "true")
    plans.push(
      plan(
        { [beyond]: true },
        {
          id: "ignore-beyond-limit",
          title: "Leave out fields beyond the limit",
          change: `The index keeps its limit of ${now} fields. Further ones stay in the document and are not indexed.`,
          cost: "Which fields are indexed depends on which came first.",
        },
      ),
    );
  return plans;
}
