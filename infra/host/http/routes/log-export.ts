import type { Context } from "hono";
import { exportedDocuments, type ExportFormat, exportHeader } from "../../../../functions/export-logs.ts";
import type { LogFilter } from "../../../../lib/rules/search/query/log-request.ts";
import { answerHeld } from "../kit/held-answer.ts";

const contentTypes: Readonly<Record<ExportFormat, string>> = {
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8; header=present",
};

export interface AnswerExportOptions {
  readonly filter: LogFilter;
  readonly format: ExportFormat;
  /** The pieces of the file after its header. */
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
    pieces: (signal) => withHeader(pieces(signal), exportHeader(format)),
    leave,
  });
}

/** The header goes with the first piece, so a failure before that can still be an error answer. */
async function* withHeader(
  pieces: AsyncGenerator<string, void, void>,
  header: string,
): AsyncGenerator<string, void, void> {
  let before = header;
  for await (const piece of pieces) {
    yield before + piece;
    before = "";
  }
  if (before !== "") yield before;
}

/** Names the time range and the limit. */
function fileName({ fromMs, toMs }: LogFilter, format: ExportFormat): string {
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, ""));
  return `logs-${from ?? ""}-${to ?? ""}-newest-${exportedDocuments}.${format}`;
}
