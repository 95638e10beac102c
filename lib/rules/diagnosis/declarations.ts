import type { Declaration, Refusal, SourceRef } from "../model/declaration.ts";
import type { Conflict } from "../declarations/desired.ts";
import { type Check, checksOf, counted } from "./check.ts";

const { ok, warning, failed } = checksOf("declarations");

/** What the sources say together. */
export interface DeclaredFacts {
  readonly declarations: readonly Declaration[];
  readonly refused: readonly Refusal[];
  readonly conflicts: readonly Conflict[];
  /** Patterns that cover no topic; null: Kafka's topics are not known. */
  readonly idlePatterns: readonly string[] | null;
}

export function judgeDeclarations({
  declarations,
  refused,
  conflicts,
  idlePatterns,
}: DeclaredFacts): Check[] {
  const { length } = declarations;
  return [
    length === 0
      ? warning(
          "declarations",
          "no topic is declared",
          "add one to topics in the config file, or: bun run topics add TOPIC",
        )
      : ok("declarations", `${counted(length, "declaration")} taken`),
    ...refused.map(({ source, name, reason }) =>
      failed(
        name === null ? `entry of ${sourceText(source)}` : `declaration of ${name}`,
        reason,
        source.kind === "etcd"
          ? "correct the value in etcd; until then it counts as refused, and the other entries stand"
          : "correct the config file",
      ),
    ),
    ...conflicts.map(({ topic, winner, loser, differs }) =>
      warning(
        `topic ${topic}`,
        `declared twice, differently (${differs.map(({ field }) => field).join(", ")}): ${sourceText(winner)} goes before ${sourceText(loser)}`,
        "take one of the two away",
      ),
    ),
    ...duplicatesOf(declarations, conflicts),
    ...(idlePatterns ?? []).map((pattern) =>
      warning(
        `pattern ${pattern}`,
        "it covers no topic in Kafka",
        "nothing, if its topics are yet to come; else correct the pattern, or grant DESCRIBE on its topics",
      ),
    ),
  ];
}

/** Exact names that several sources declare in the same words. */
function duplicatesOf(declarations: readonly Declaration[], conflicts: readonly Conflict[]): Check[] {
  const sources = new Map<string, SourceRef[]>();
  for (const { target, source } of declarations) {
    if (target.kind === "topic") sources.set(target.topic, [...(sources.get(target.topic) ?? []), source]);
  }
  const conflicting = new Set(conflicts.map(({ topic }) => topic));
  return [...sources].flatMap(([topic, refs]) =>
    refs.length < 2 || conflicting.has(topic)
      ? []
      : [
          warning(
            `topic ${topic}`,
            `declared ${refs.length} times in the same words: ${refs.map(sourceText).join(", ")}`,
            "nothing is wrong; taking one away leaves the other",
          ),
        ],
  );
}

export function sourceText(source: Refusal["source"]): string {
  return source.kind === "config" ? source.name : `etcd key "${source.name}"`;
}
