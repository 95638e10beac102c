import type { Declaration, Refusal } from "../model/declaration.ts";
import type { Conflict, Exclusion } from "../declarations/desired.ts";
import { type Check, checksOf } from "./check.ts";
import { firstNames } from "../base/first-names.ts";
import { counted } from "../base/units.ts";

const { ok, warning, failed } = checksOf("declarations");

/** The merged declarations of all sources. */
export interface DeclaredFacts {
  readonly declarations: readonly Declaration[];
  readonly refused: readonly Refusal[];
  readonly conflicts: readonly Conflict[];
  readonly excluded: readonly Exclusion[];
  /** Patterns that match no topic; null if Kafka's topics are unknown. */
  readonly idlePatterns: readonly string[] | null;
}

export function judgeDeclarations({
  declarations,
  refused,
  conflicts,
  excluded,
  idlePatterns,
}: DeclaredFacts): Check[] {
  const { length } = declarations;
  return [
    length === 0
      ? warning(
          "declarations",
          "no topic is declared",
          "add one under topics in the config file, or with: penstock topics add TOPIC",
        )
      : ok("declarations", `${counted(length, "declaration")} accepted`),
    ...refused.map(({ source, name, reason }) =>
      failed(
        name === null ? `entry of ${sourceText(source)}` : `declaration of ${name}`,
        reason,
        source.kind === "etcd"
          ? "correct the value in etcd; until then this entry is refused, and the others are used"
          : "correct the config file",
      ),
    ),
    ...conflicts.map(conflictCheck),
    ...duplicatesOf(declarations, conflicts),
    ...excluded.flatMap(exclusionCheck),
    ...(idlePatterns ?? []).map((pattern) =>
      warning(
        `pattern ${pattern}`,
        "it matches no topic in Kafka",
        "nothing if its topics do not exist yet; otherwise correct the pattern, or grant DESCRIBE on its topics",
      ),
    ),
  ];
}

/** Nothing for a pattern that matches no topic at all, which is told anyway. */
function exclusionCheck({ pattern, covered, globs }: Exclusion): Check[] {
  const name = `exclude of pattern ${pattern}`;
  const effects = globs.map(({ glob, topics }) => `${glob} leaves out ${counted(topics.length, "topic")}`);
  if (covered > 0) return [ok(name, `${effects.join(", ")}; it covers ${counted(covered, "other")}`)];
  if (globs.every(({ topics }) => topics.length === 0)) return [];
  return [warning(name, `nothing is left: ${effects.join(", ")}`, "correct exclude, or remove the pattern")];
}

function conflictCheck({ topic, winner, loser, differs, dataStream }: Conflict): Check {
  const fields = differs.map(({ field }) => field).join(", ");
  if (dataStream === undefined)
    return warning(
      `topic ${topic}`,
      `declared twice, differently (${fields}): ${sourceText(winner)} takes precedence over ${sourceText(loser)}`,
      "remove one of the two",
    );
  return warning(
    `topic ${topic}`,
    `its ${fields} does not count: another topic of data stream ${dataStream}, declared in ${sourceText(winner)}, keeps documents longer`,
    "declare the same retention for all topics of the stream",
  );
}

/** Topics that are declared identically more than once, but for their paths. */
function duplicatesOf(declarations: readonly Declaration[], conflicts: readonly Conflict[]): Check[] {
  const conflicting = new Set(conflicts.map(({ topic }) => topic));
  const byTopic = Map.groupBy(declarations, ({ target }) => (target.kind === "topic" ? target.topic : null));
  return [...byTopic].flatMap(([topic, same]) => {
    if (topic === null || same.length < 2 || conflicting.has(topic)) return [];
    const where = firstNames(same.map(({ source }) => sourceText(source))).join(", ");
    const paths = [...new Set(same.flatMap(({ options }) => options.path ?? []))];
    if (paths.length < 2)
      return [
        warning(
          `topic ${topic}`,
          `declared ${same.length} times identically: ${where}`,
          "nothing is wrong; the topic stays declared if you remove one",
        ),
      ];
    return [
      warning(
        `topic ${topic}`,
        `declared ${same.length} times with different paths (${firstNames(paths).join(", ")}): ${where}; log.file.path is only set from a record's header of that name`,
        "nothing, or let the shippers set the headers log.file.path and host.name",
      ),
    ];
  });
}

export function sourceText(source: Refusal["source"]): string {
  return source.kind === "config" ? source.name : `etcd key "${source.name}"`;
}
