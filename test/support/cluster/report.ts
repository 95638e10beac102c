import { alignColumns } from "../../../infra/cli/kit/columns.ts";
import type { HostEnd } from "./end-host.ts";
import type { Check, ClusterRow } from "./scene.ts";

/** The problems, one sentence each. */
export function problemsOf(row: ClusterRow): string[] {
  const { records, documents, lost, doubled, deadLettered, ends } = row;
  const unexpected = [...row.unready.keys()].filter((reason) => !mayBe(reason, row.mayFail));
  const rules: readonly (readonly [broken: boolean, problem: string])[] = [
    [records === 0, "nothing was written"],
    [records !== documents, `${records} records became ${documents} documents`],
    [lost > 0, `${lost} records were lost`],
    [doubled > 0, `${doubled} records are there twice`],
    [deadLettered > 0, `${deadLettered} records were dead-lettered`],
    // If one member of three is down, the others do the work.
    [unexpected.length > 0, `/readyz was not 200: ${unexpected.join("; ")}`],
  ];
  return rules.flatMap(([broken, problem]) => (broken ? [problem] : [])).concat(ends.flatMap(endProblem));
}

/** @param reason as recorded by the watch: `host 1: kafka: …` */
function mayBe(reason: string, checks: readonly Check[]): boolean {
  return checks.some((check) => /^host \d+: (\w+):/.exec(reason)?.[1] === check);
}

const head = [
  "scenario",
  "hosts of",
  "records",
  "documents",
  "lost",
  "doubled",
  "stood still",
  "not ready",
  "exit codes",
  "stop",
];

/** The table's rows, and below them the hosts' reasons while they were not ready. */
export function clusterTable(rows: readonly ClusterRow[]): string {
  const cells = rows.map((row) => [
    row.scenario,
    row.who,
    row.records.toLocaleString("en-US"),
    row.documents.toLocaleString("en-US"),
    String(row.lost),
    String(row.doubled),
    seconds(row.stillnessMs),
    [...row.unready.values()].reduce((sum, times) => sum + times, 0).toString(),
    row.ends.map(({ code }) => code ?? "none").join(", "),
    seconds(Math.max(...row.ends.map(({ ms }) => ms))),
  ]);
  const reasons = rows.flatMap(({ scenario, who, unready }) =>
    [...unready].map(([reason, times]) => `${scenario}, ${who}, ${times} times: ${reason}\n`),
  );
  return `${alignColumns([head, ...cells]).join("\n")}\n${reasons.join("")}`;
}

/** Empty if it ended well. */
export function endProblem({ code, lastLines }: HostEnd): string[] {
  if (code === 0) return [];
  const how = code === null ? "did not end" : `ended with ${code}`;
  return [`a host ${how} after SIGTERM:\n${lastLines.join("\n")}`];
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
