import type { Context } from "hono";
import { exportedDocuments, type ExportFormat } from "../../../../../functions/export-logs.ts";
import type { LogFilter } from "../../../../../lib/rules/search/query/log-request.ts";
import { answerHeld } from "../../kit/held-answer.ts";

const contentTypes: Readonly<Record<ExportFormat, string>> = {
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8; header=present",
};

export interface AnswerExportOptions {
  readonly filter: LogFilter;
  readonly format: ExportFormat;
  /** The pieces of the file. */
  readonly pieces: (signal: AbortSignal) => AsyncGenerator<string, void, void>;
  /** Called once at the end, however it comes. */
  readonly leave: () => void;
}

/**
 * Streams a file as fast as it is read.
 * @throws what the first piece throws
 */
export async function answerExport(
  c: Context,
  { filter, format, pieces, leave }: AnswerExportOptions,
): Promise<Response> {
  const headers = {
    "content-type": contentTypes[format],
    "content-disposition": `attachment; filename="${fileName(filter, format)}"`,
    "penstock-export-limit": String(exportedDocuments),
  };
  return answerHeld(c, {
    headers,
    pieces,
    leave,
  });
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
