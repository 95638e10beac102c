import * as fc from "fast-check";
import { messageOf } from "../../../lib/rules/base/errors.ts";

/** The allowed outcomes of one hostile input: anything else is a crash. */
export type Verdict =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly rules: readonly string[] }
  | { readonly kind: "dead-lettered"; readonly reason: string };

export interface FuzzOptions {
  readonly seed: number;
  readonly cases: number;
  /** True to skip the hand-picked cases, some of which are large. */
  readonly drawnOnly?: boolean;
}

export interface FuzzSummary {
  readonly suite: string;
  readonly seed: number;
  readonly cases: number;
  readonly accepted: number;
  /** By rule; a case that violates several counts for each. */
  readonly refused: ReadonlyMap<string, number>;
  /** By reason. */
  readonly deadLettered: ReadonlyMap<string, number>;
  /** CPU time, which does not depend on other work of the machine. */
  readonly slowestMs: number;
  readonly peakRssBytes: number;
  /** The smallest failing case, with instructions to repeat it; null if none fails. */
  readonly failure: string | null;
}

const MAX_SHOWN = 2_000;

/**
 * Checks hand-picked cases, then random ones, the same for the same seed. A check throws if something is not as it
 * should be; then the case is reduced as long as it still fails.
 */
export function runSuite<T>(
  suite: string,
  {
    picked,
    drawn,
    check,
  }: {
    readonly picked: readonly T[];
    readonly drawn: fc.Arbitrary<T>;
    readonly check: (input: T) => Verdict;
  },
  { seed, cases, drawnOnly = false }: FuzzOptions,
): FuzzSummary {
  const examples = drawnOnly ? [] : picked.map((input) => [input] as [T]);
  const refused = new Map<string, number>();
  const deadLettered = new Map<string, number>();
  let [ran, accepted, slowestMs, peakRssBytes, failed] = [0, 0, 0, 0, false];

  const property = fc.property(drawn, (input) => {
    const startedAt = process.cpuUsage();
    let verdict: Verdict;
    try {
      verdict = check(input);
    } catch (error) {
      failed = true;
      throw error;
    }
    // After a failure, further runs only reduce it, and are no cases of their own.
    if (failed) return;
    ran += 1;
    const { user, system } = process.cpuUsage(startedAt);
    slowestMs = Math.max(slowestMs, (user + system) / 1_000);
    if (ran % 100 === 0 || ran <= examples.length) {
      peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
    }
    if (verdict.kind === "accepted") accepted += 1;
    else if (verdict.kind === "dead-lettered") count(deadLettered, verdict.reason);
    else for (const rule of new Set(verdict.rules)) count(refused, rule);
  });
  const details = fc.check(property, {
    seed,
    numRuns: Math.max(cases, examples.length),
    examples,
  });
  const failure = details.failed
    ? `${cutShort(messageOf(details.errorInstance))}\n${cutShort(fc.defaultReportMessage(details) ?? "")}\nto see it again: bun run fuzz --only ${suite} --seed ${seed}`
    : null;
  return { suite, seed, cases: ran, accepted, refused, deadLettered, slowestMs, peakRssBytes, failure };
}

/** `config: 5,000 cases, 312 accepted, …`, and a line for each rule and reason. */
export function summaryText(summary: FuzzSummary): string {
  const { suite, seed, cases, accepted, refused, deadLettered, slowestMs, peakRssBytes, failure } = summary;
  const line =
    `${suite}: ${number(cases)} cases, ${number(accepted)} accepted, ` +
    `${number(cases - accepted - total(deadLettered))} refused by ${refused.size} rules, ` +
    `${number(total(deadLettered))} dead-lettered, crashes ${failure === null ? 0 : 1}, ` +
    `slowest case ${slowestMs.toFixed(0)} ms of CPU, peak RSS ${(peakRssBytes / 1024 ** 2).toFixed(0)} MB, seed ${seed}\n`;
  const rules = [...refused].sort((a, b) => b[1] - a[1]);
  const rows = [
    ...rules.slice(0, 12).map(([rule, times]) => `  refused ${number(times)} × ${rule}\n`),
    ...(rules.length > 12 ? [`  refused by ${rules.length - 12} other rules\n`] : []),
    ...[...deadLettered].map(([reason, times]) => `  dead-lettered ${number(times)} × ${reason}\n`),
  ];
  return `${line}${rows.join("")}${failure === null ? "" : `${failure}\n`}`;
}

/** A rule without quoted values, so that all its violations count as one. */
export function kindOfRule(rule: string): string {
  return rule
    .replace(/"(?:[^"\\]|\\.)*"/g, "…")
    .replace(/\(known: .*/, "(…)")
    .replace(/\d+/g, "N")
    .replace(/^.*? (?=(?:is|would|needs|stands) )/, "… ")
    .slice(0, 90);
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, times) => sum + times, 0);
}

function cutShort(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
