import { exportedDocuments, type ExportFormat } from "../../../../../functions/export-logs.ts";
import type { LogFilter } from "../../../../../lib/rules/search/query/log-request.ts";

const contentTypes: Readonly<Record<ExportFormat, string>> = {
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8; header=present",
};

/** Of a file with what the filter finds. */
export function exportHeaders(filter: LogFilter, format: ExportFormat): Readonly<Record<string, string>> {
  return {
    "content-type": contentTypes[format],
    "content-disposition": `attachment; filename="${fileName(filter, format)}"`,
    "penstock-export-limit": String(exportedDocuments),
  };
}

/** Names the topics and the time range. */
function fileName({ topics, fromMs, toMs }: LogFilter, format: ExportFormat): string {
  const [first, ...others] = topics;
  const what =
    first === undefined
      ? "logs"
      : `${first.slice(0, 100)}${others.length === 0 ? "" : `-and-${others.length}`}`;
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, ""));
  return `${what.replaceAll(/[^\w.-]/g, "_")}-${from ?? ""}-${to ?? ""}.${format}`;
}
