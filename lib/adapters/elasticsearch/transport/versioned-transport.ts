import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import { gzipHeaders } from "./bulk-compression.ts";
import type { ElasticsearchAnswer, ElasticsearchRequest, ElasticsearchText, Transport } from "./transport.ts";
import { type DetectedVersion, detectVersion } from "./version.ts";

export type MediaFormat = "json" | "x-ndjson";

type AnyAnswer = ElasticsearchAnswer | ElasticsearchText;
type VersionedRequest = Omit<ElasticsearchRequest, "headers"> & {
  readonly format: MediaFormat;
  readonly compressed?: boolean | undefined;
};
type Detected = Awaited<ReturnType<typeof detectVersion>>;

/** Sends requests in the API version of the cluster. */
interface VersionedTransport {
  /** Detects the version. Anything but a supported Elasticsearch is a failure. */
  detect(signal: AbortSignal, timeoutMs: number): Promise<Detected>;
  /** The same as far as it is known already. */
  known(signal: AbortSignal): Promise<Detected>;
  send(request: VersionedRequest, signal: AbortSignal): Promise<ElasticsearchAnswer>;
  /** Like `send`, with a custom way of sending. */
  sendThrough<T extends AnyAnswer>(
    how: Pick<VersionedRequest, "format" | "compressed">,
    signal: AbortSignal,
    through: (headers: ElasticsearchRequest["headers"]) => Promise<T>,
  ): Promise<T | { readonly failure: RequestFailure }>;
}

const DETECT_TIMEOUT_MS = 10_000;

/** @param onUnreachable called for each request that reached no node */
export function createVersionedTransport(
  transport: Transport,
  onUnreachable: () => void,
  logger?: Logger,
): VersionedTransport {
  /** Null until detected, and again once the cluster no longer accepts it. */
  let current: DetectedVersion | null = null;

  function noteReachability(answer: AnyAnswer): void {
    if ("failure" in answer && ["connection", "timeout"].includes(answer.failure.kind)) onUnreachable();
  }

  function forgetOutdated(answer: AnyAnswer): void {
    const failure = "failure" in answer ? answer.failure : null;
    if (failure?.kind === "response" && failure.error?.type === "media_type_header_exception") current = null;
  }

  const versioned: VersionedTransport = {
    async detect(signal, timeoutMs) {
      const detected = await detectVersion(transport, timeoutMs, signal);
      if ("failure" in detected) {
        noteReachability(detected);
        // Another product or version: nothing is written until a supported one answers.
        if (detected.failure.kind === "bad_answer") current = null;
      } else {
        current = detected;
        logger?.debug("elasticsearch version detected", { major: detected.major });
      }
      return detected;
    },

    async known(signal) {
      return current ?? versioned.detect(signal, DETECT_TIMEOUT_MS);
    },

    send({ format, compressed, ...rest }, signal) {
      return versioned.sendThrough({ format, compressed }, signal, (headers) =>
        transport.send({ ...rest, headers }, signal),
      );
    },

    async sendThrough({ format, compressed }, signal, through) {
      const detected = await versioned.known(signal);
      if ("failure" in detected) return detected;
      const answer = await through({
        ...vendorHeaders(detected.major, format),
        ...(compressed === true && gzipHeaders),
      });
      forgetOutdated(answer);
      noteReachability(answer);
      return answer;
    },
  };
  return versioned;
}

/** Elasticsearch 8 rejects the client's own `compatible-with=9`. */
function vendorHeaders(major: number, format: MediaFormat): Readonly<Record<string, string>> {
  const accept = `application/vnd.elasticsearch+json; compatible-with=${major}`;
  return { accept, "content-type": `application/vnd.elasticsearch+${format}; compatible-with=${major}` };
}
