import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import { packedHeaders } from "./packing.ts";
import type { ElasticsearchAnswer, ElasticsearchRequest, ElasticsearchText, Transport } from "./transport.ts";
import { detectMajor } from "./version.ts";

export type MediaFormat = "json" | "x-ndjson";

type AnyAnswer = ElasticsearchAnswer | ElasticsearchText;
type VersionedRequest = Omit<ElasticsearchRequest, "headers"> & {
  readonly format: MediaFormat;
  readonly packed?: boolean | undefined;
};
type Detected = Awaited<ReturnType<typeof detectMajor>>;

/** Requests in the version that the cluster speaks. */
interface Speech {
  /** Asks which it is. What is no Elasticsearch that is spoken here is a failure. */
  detect(signal: AbortSignal, timeoutMs: number): Promise<Detected>;
  send(request: VersionedRequest, signal: AbortSignal): Promise<ElasticsearchAnswer>;
  /** The same, by whatever sends it. */
  versioned<T extends AnyAnswer>(
    how: Pick<VersionedRequest, "format" | "packed">,
    signal: AbortSignal,
    through: (headers: ElasticsearchRequest["headers"]) => Promise<T>,
  ): Promise<T | { readonly failure: RequestFailure }>;
}

const DETECT_TIMEOUT_MS = 10_000;

/** @param onUnreachable told of each request that no node was reached with */
export function createSpeech(transport: Transport, onUnreachable: () => void, logger?: Logger): Speech {
  /** Asked once, and again after a failure or when the cluster no longer speaks it. */
  let major: number | null = null;

  function noteReachability(answer: AnyAnswer): void {
    if ("failure" in answer && ["connection", "timeout"].includes(answer.failure.kind)) onUnreachable();
  }

  function forgetOutdated(answer: AnyAnswer): void {
    const failure = "failure" in answer ? answer.failure : null;
    if (failure?.kind === "response" && failure.error?.type === "media_type_header_exception") major = null;
  }

  const speech: Speech = {
    async detect(signal, timeoutMs) {
      const detected = await detectMajor(transport, timeoutMs, signal);
      if ("failure" in detected) {
        noteReachability(detected);
        // Another product, or a version that is not spoken here: nothing is written until one answers that is.
        if (detected.failure.kind === "bad_answer") major = null;
      }
      if ("major" in detected) {
        ({ major } = detected);
        logger?.debug("elasticsearch version detected", { major });
      }
      return detected;
    },

    send({ format, packed, ...rest }, signal) {
      return speech.versioned({ format, packed }, signal, (headers) =>
        transport.send({ ...rest, headers }, signal),
      );
    },

    async versioned({ format, packed }, signal, through) {
      const detected = major === null ? await speech.detect(signal, DETECT_TIMEOUT_MS) : { major };
      if ("failure" in detected) return detected;
      const answer = await through({
        ...vendorHeaders(detected.major, format),
        ...(packed === true && packedHeaders),
      });
      forgetOutdated(answer);
      noteReachability(answer);
      return answer;
    },
  };
  return speech;
}

/** Elasticsearch 8 refuses the client's own `compatible-with=9`. */
function vendorHeaders(major: number, format: MediaFormat): Readonly<Record<string, string>> {
  const accept = `application/vnd.elasticsearch+json; compatible-with=${major}`;
  return { accept, "content-type": `application/vnd.elasticsearch+${format}; compatible-with=${major}` };
}
