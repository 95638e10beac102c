import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import type { LogFields, Logger } from "../../../rules/base/logger.ts";
import { isObject } from "../../../rules/json/object.ts";
import { answeredText } from "../../../rules/outcomes/outcome.ts";
import { targetText } from "../../../rules/search/query/target.ts";
import {
  retentionDiffers,
  streamsAlias,
  type StreamTarget,
} from "../../../rules/template/stream-template.ts";
import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { chunksOf, inHalves } from "../names/asking.ts";
import { readStoredStates } from "../names/stream-states.ts";
import { errorOf } from "../transport/version.ts";
import { getWith } from "./resolved-names.ts";
import type { SendJson } from "./template.ts";

/**
 * Gives existing data streams what their templates say, which count only for streams that do not exist yet. Whatever
 * cannot be read or changed is logged once, because documents can be written all the same.
 */
export interface ExistingStreams {
  /**
   * Adds the streams to the alias of all streams, so that searches without a topic find them. Left out are those that
   * map `kafka.topic` as text, or would, once a record comes: every count by topic over the alias would fail. Once it is late, those that are left stay out
   * until the next call.
   */
  addAlias(send: SendJson, streams: readonly string[], isLate: () => boolean): Promise<void>;
  /** Sets the declared retention of those streams that have another one, until it is late; the rest is for the next call. */
  applyRetention(send: SendJson, streams: readonly StreamTarget[], isLate: () => boolean): Promise<void>;
}

export function createExistingStreams(logger?: Logger): ExistingStreams {
  /** By subject, the last complaint. */
  const told = new Map<string, string>();

  function tell(subject: string, message: string, fields: LogFields): void {
    const complaint = JSON.stringify(fields);
    if (told.get(subject) === complaint) return;
    told.set(subject, complaint);
    logger?.warn(message, fields);
  }

  function unreadable(error: unknown): null {
    if (!(error instanceof PenstockError)) throw error;
    tell("retention", "data streams: their retention cannot be read", { reason: error.message });
    return null;
  }

  return {
    async addAlias(send, streams, isLate) {
      if (streams.length === 0) return;
      /** Why streams stay out. */
      const others = new Map<string, string>();
      const stayOut = (error: unknown, stream: string): void => void others.set(stream, messageOf(error));
      const isOpen = (stream: string): boolean => !others.has(stream);
      const ask = async (...question: Parameters<SendJson>): Promise<unknown> => {
        const answer = await send(...question);
        if ("failure" in answer) throw errorOf(answer.failure);
        return answer.body;
      };
      const examine = async (some: readonly string[]): Promise<void> => {
        const mappings = await ask("GET", `/${targetText(some)}/_mapping/field/kafka.topic`);
        const { withKeyword, withOther } = streamsByMapping(mappings);
        for (const stream of some)
          if (withOther.has(stream)) others.set(stream, "they map kafka.topic as another type than keyword");
          else if (!withKeyword.has(stream)) others.set(stream, "they do not map kafka.topic as keyword");
      };
      const add = async (some: readonly string[]): Promise<void> => {
        const actions = some.map((index) => ({ add: { index, alias: streamsAlias } }));
        await ask("POST", "/_aliases", { actions });
      };
      let left = streams;
      try {
        for (const some of chunksOf(streams)) await inHalves(some, examine, stayOut, isLate);
        left = streams.filter(isOpen);
        if (left.length > 0) await inHalves(left, add, stayOut, isLate);
      } catch (error) {
        if (!(error instanceof PenstockError)) throw error;
        for (const stream of left.filter(isOpen)) stayOut(error, stream);
      }
      for (const [reason, some] of Map.groupBy(others.keys(), (stream) => others.get(stream) ?? ""))
        tell(reason, `data streams: they are not in the alias ${streamsAlias}`, {
          streams: some.slice(0, MOST_NAMED),
          reason,
        });
    },

    async applyRetention(send, streams, isLate) {
      const wanted = new Map(
        streams.flatMap((target) => (target.retention === null ? [] : [[target.stream, target]])),
      );
      for (const some of chunksOf([...wanted.keys()])) {
        // Needs the cluster privilege `monitor`, which a host has; `GET /_data_stream` would need one more.
        const states = await readStoredStates(getWith(send), some, ["name", "lifecycle"]).catch(unreadable);
        if (states === null) return;
        for (const [stream, { lifecycle }] of states) {
          const target = wanted.get(stream);
          if (target === undefined || target.retention === null) continue;
          if (!retentionDiffers(target, lifecycle)) {
            told.delete(`retention of ${stream}`);
            continue;
          }
          if (isLate()) return;
          const path = `/_data_stream/${encodeURIComponent(stream)}/_lifecycle`;
          const changed = await send("PUT", path, { data_retention: target.retention });
          if ("failure" in changed)
            tell(`retention of ${stream}`, "data stream: its retention stays as it is", {
              stream,
              declared: target.retention,
              reason: reasonOf(changed.failure),
            });
          else logger?.info("data stream: retention changed", { stream, retention: target.retention });
        }
      }
    },
  };
}

/** In one log line. */
const MOST_NAMED = 20;

/** `.ds-<stream>-2026.11.30-000001` */
const backingIndex = /^\.ds-(.+)-\d{4}\.\d{2}\.\d{2}-\d+$/;

/** The streams of backing indices in an answer to `GET …/_mapping/field/kafka.topic`. */
function streamsByMapping(body: unknown) {
  const [withKeyword, withOther] = [new Set<string>(), new Set<string>()];
  for (const [index, found] of Object.entries(isObject(body) ? body : {})) {
    const stream = backingIndex.exec(index)?.[1];
    const type = /"type":"([^"]+)"/.exec(JSON.stringify(found))?.[1];
    if (stream !== undefined && type !== undefined)
      (type === "keyword" ? withKeyword : withOther).add(stream);
  }
  return { withKeyword, withOther };
}

function reasonOf(failure: RequestFailure): string {
  return failure.kind === "response" ? answeredText(failure.status, failure.error) : failure.message;
}
