import type { Logger } from "../../../rules/base/logger.ts";
import { isObject } from "../../../rules/json/object.ts";
import { answeredText } from "../../../rules/outcomes/outcome.ts";
import {
  retentionDiffers,
  type StreamLifecycle,
  type StreamTarget,
} from "../../../rules/template/stream-template.ts";
import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { urlLists } from "./names-taken.ts";
import type { SendJson } from "./template.ts";

/** Gives existing data streams the declared retention: a template only counts for streams that do not exist yet. */
export interface RetentionKeeper {
  /** What cannot be read or changed is logged once for each stream and retention, because documents can be written all the same. */
  apply(send: SendJson, streams: readonly StreamTarget[]): Promise<void>;
}

export function createRetentionKeeper(logger?: Logger): RetentionKeeper {
  /** By stream, the last complaint. */
  const told = new Map<string, string>();

  function tell(stream: string, retention: string, reason: string): void {
    const complaint = `${retention} ${reason}`;
    if (told.get(stream) === complaint) return;
    told.set(stream, complaint);
    logger?.warn("data stream: its retention stays as it is", { stream, declared: retention, reason });
  }

  return {
    async apply(send, streams) {
      const wanted = new Map(
        streams.flatMap((target) => (target.retention === null ? [] : [[target.stream, target]])),
      );
      for (const list of urlLists([...wanted.keys()])) {
        // Needs the cluster privilege `monitor`, which a host has; `GET /_data_stream` would need one more.
        const filter = "metadata.data_stream.data_stream.*.name,metadata.data_stream.data_stream.*.lifecycle";
        const answer = await send("GET", `/_cluster/state/metadata/${list}?filter_path=${filter}`);
        if ("failure" in answer) {
          logger?.warn("data streams: their retention cannot be read", { reason: reasonOf(answer.failure) });
          return;
        }
        for (const [stream, lifecycle] of lifecyclesIn(answer.body)) {
          const target = wanted.get(stream);
          if (target === undefined || target.retention === null) continue;
          if (!retentionDiffers(target, lifecycle)) {
            told.delete(stream);
            continue;
          }
          const path = `/_data_stream/${encodeURIComponent(stream)}/_lifecycle`;
          const changed = await send("PUT", path, { data_retention: target.retention });
          if ("failure" in changed) tell(stream, target.retention, reasonOf(changed.failure));
          else logger?.info("data stream: retention changed", { stream, retention: target.retention });
        }
      }
    },
  };
}

function lifecyclesIn(body: unknown): [stream: string, lifecycle: StreamLifecycle | null][] {
  const metadata = isObject(body) ? body["metadata"] : null;
  const outer = isObject(metadata) ? metadata["data_stream"] : null;
  const streams = isObject(outer) ? outer["data_stream"] : null;
  if (!isObject(streams)) return [];
  return Object.entries(streams).map(([name, stream]) => {
    const lifecycle = isObject(stream) ? stream["lifecycle"] : null;
    if (!isObject(lifecycle)) return [name, null];
    const { enabled, data_retention: retention } = lifecycle;
    return [
      name,
      { enabled: enabled !== false, retention: typeof retention === "string" ? retention : null },
    ];
  });
}

function reasonOf(failure: RequestFailure): string {
  return failure.kind === "response" ? answeredText(failure.status, failure.error) : failure.message;
}
