import { alignColumns } from "../../../infra/cli/kit/columns.ts";

/** The effects of one fault. */
export interface FaultRow {
  readonly fault: string;
  /** Records in Kafka. */
  readonly sent: number;
  readonly indexed: number;
  /** Documents that were sent again and answered with 409. */
  readonly duplicates: number;
  readonly deadLettered: number;
  readonly lost: number;
  readonly doubled: number;
  /** Commits seen in transit or in Kafka; none was ahead of its outcomes. */
  readonly commits: number;
  /** From the end of the fault until every host is ready without lag, including the boot of killed servers. */
  readonly recoverySeconds: number;
  /** Of the host with the most. */
  readonly peakRssBytes: number;
}

const columns: readonly (readonly [title: string, value: (row: FaultRow) => string])[] = [
  ["fault", (row) => row.fault],
  ["sent", (row) => count(row.sent)],
  ["indexed", (row) => count(row.indexed)],
  ["duplicates", (row) => count(row.duplicates)],
  ["dead letters", (row) => count(row.deadLettered)],
  ["lost", (row) => count(row.lost)],
  ["doubled", (row) => count(row.doubled)],
  ["commits seen", (row) => count(row.commits)],
  ["recovery", (row) => `${row.recoverySeconds.toFixed(1)} s`],
  ["peak RSS", (row) => `${Math.round(row.peakRssBytes / 1024 / 1024)} MB`],
];

/** Rows in columns, the first aligned left and numbers right. */
export function tableOf(rows: readonly FaultRow[]): string {
  const cells = rows.map((row) => columns.map(([, value]) => value(row)));
  return alignColumns([columns.map(([title]) => title), ...cells])
    .map((line) => `${line}\n`)
    .join("");
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
