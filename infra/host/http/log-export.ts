import type { Context } from "hono";
import { exportedDocuments, type ExportFormat, exportHeader } from "../../../functions/export-logs.ts";
import { messageOf } from "../../../lib/rules/errors.ts";
import type { LogFilter } from "../../../lib/rules/search/log-request.ts";
import { goneSignal } from "./event-stream.ts";

/** A reader that takes nothing for so long is let go: an export holds places that others wait for. */
const UNREAD_MS = 60_000;

const contentTypes: Readonly<Record<ExportFormat, string>> = {
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8; header=present",
};

export interface AnswerExportOptions {
  readonly filter: LogFilter;
  readonly format: ExportFormat;
  /** The file's pieces after its header. */
  readonly pieces: (signal: AbortSignal) => AsyncGenerator<string, void, void>;
  /** Called once it is over, however it ends. */
  readonly leave: () => void;
}

/**
 * Streams a file as fast as it is read. What fails before the first piece is thrown; what fails later cuts the
 * connection, so that half a file is not taken for a whole one.
 * @throws what the first piece throws
 */
export async function answerExport(
  c: Context,
  { filter, format, pieces, leave }: AnswerExportOptions,
): Promise<Response> {
  const abandoned = new AbortController();
  const signal = AbortSignal.any([abandoned.signal, goneSignal(c)]);
  const parts = pieces(signal);
  let unread: ReturnType<typeof setTimeout> | undefined;
  const end = (): void => {
    clearTimeout(unread);
    abandoned.abort(new Error("the export has ended"));
    leave();
  };
  signal.addEventListener("abort", end, { once: true });
  const headers = {
    "content-type": contentTypes[format],
    "content-disposition": `attachment; filename="${fileName(filter, format)}"`,
    "penstock-export-limit": String(exportedDocuments),
  };
  let first: IteratorResult<string, void>;
  try {
    if (c.req.method === "HEAD") {
      end();
      return c.body(null, 200, headers);
    }
    first = await parts.next();
  } catch (error) {
    end();
    throw error;
  }

  const encoder = new TextEncoder();
  let next: IteratorResult<string, void> | null = first;
  let begun = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(unread);
        try {
          const part = begun ? "" : exportHeader(format);
          begun = true;
          const { done, value } = next ?? (await parts.next());
          next = null;
          const text = part + (value ?? "");
          if (text !== "") controller.enqueue(encoder.encode(text));
          if (done === true) {
            end();
            controller.close();
          } else unread = setTimeout(end, UNREAD_MS);
        } catch (error) {
          if (!signal.aborted) c.get("logger")?.warn("an export failed", { error: messageOf(error) });
          end();
          // With a reason Bun would print it, stack and all, beside the log.
          controller.error();
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
  unread = setTimeout(end, UNREAD_MS);
  return c.body(body, 200, headers);
}

/** Names the span, and that there is a limit. */
function fileName({ fromMs, toMs }: LogFilter, format: ExportFormat): string {
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, ""));
  return `logs-${from ?? ""}-${to ?? ""}-newest-${exportedDocuments}.${format}`;
}
