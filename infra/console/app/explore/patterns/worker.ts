import { sortExport } from "./sort-export.ts";

/** What the worker is asked: the path of an export as NDJSON. */
export interface PatternsQuestion {
  readonly path: string;
}

addEventListener("message", ({ data }: MessageEvent<PatternsQuestion>) => {
  void sortExport(data.path).then((found) => postMessage(found));
});
