import { setTimeout as delay } from "node:timers/promises";
import { castGrpcErrorMessage, EtcdWatchStreamEnded, type Etcd3, type IWatchResponse } from "etcd3";
import { backoffMs, type BackoffRule } from "../../rules/base/backoff.ts";
import type { ErrorCode } from "../../rules/base/errors.ts";
import type { Logger } from "../../rules/base/logger.ts";
import type { EtcdSettings } from "../../rules/model/settings.ts";
import { createEtcdClient } from "./client.ts";
import { toEtcdError } from "./errors.ts";
import { rangeOf } from "./snapshot.ts";

/** For all watches on a new stream to be confirmed. */
const CONNECT_DEADLINE_MS = 5_000;
/** How often forbidden keys are tried again: etcd does not announce granted permissions. */
const FORBIDDEN_AGAIN_MS = 30_000;
const RECONNECT: BackoffRule = { initialMs: 100, maxMs: 2_000 };

type WatchStream = Awaited<ReturnType<Etcd3["watchClient"]["watch"]>>;

interface WatchDeps {
  readonly settings: EtcdSettings;
  /** Called on each change, and whenever the watches are lost or established: read everything again. */
  readonly onChange: (reason: string) => void;
  readonly logger: Logger;
  /** Between 0 and 1, for the backoff's jitter. */
  readonly random: () => number;
}

/**
 * Watches every configured key and prefix until the signal aborts, reconnecting as often as needed.
 *
 * Uses the raw watch stream instead of etcd3's Watcher: a Watcher that etcd cancels (compaction, permissions) never
 * recovers, and later ones on the same client can hang. Here any failure discards the stream and its client, and a new
 * pair follows after a backoff. Missed events do no harm, because each call makes the reader compare everything.
 */
export async function runEtcdWatch(deps: WatchDeps, signal: AbortSignal): Promise<void> {
  let failures = 0;
  let lastCode: ErrorCode | null = null;
  while (!signal.aborted) {
    try {
      await watchUntilOver(deps, signal, () => {
        if (failures > 0) deps.logger.info("etcd watches reconnected");
        failures = 0;
        lastCode = null;
        deps.onChange("etcd reconnected");
      });
      continue;
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = toEtcdError(error, deps.settings);
      // Once per outage and error code: the wording may differ between attempts.
      if (code !== lastCode) deps.logger.warn("etcd watches lost, reconnecting", { reason: message });
      lastCode = code;
      // Once per outage: the read that follows fails too, and reports the cause.
      if (failures === 0) deps.onChange("etcd watches lost");
    }
    failures += 1;
    // Rejects only on abort, which ends the loop.
    await delay(backoffMs(RECONNECT, failures, deps.random()), undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Opens one client and one stream with all watches. Rejects when a watch is lost or all are forbidden; resolves when it
 * is time to try the forbidden ones again.
 */
async function watchUntilOver(deps: WatchDeps, signal: AbortSignal, onReady: () => void): Promise<void> {
  const { settings, onChange } = deps;
  const client = createEtcdClient(settings);
  const broken = Promise.withResolvers<void>();
  const onAbort = () => broken.reject(new Error("stopped"));
  signal.addEventListener("abort", onAbort, { once: true });
  const late = setTimeout(
    () => broken.reject(new Error(`no watch within ${CONNECT_DEADLINE_MS} ms`)),
    CONNECT_DEADLINE_MS,
  );
  let over = false;
  let stream: WatchStream | null = null;
  let waiting = settings.keys.length;
  let forbidden = 0;
  let tryAgain: Timer | null = null;

  const onAnswer = (answer: IWatchResponse) => {
    const isForbidden = answer.canceled && /permission denied/.test(answer.cancel_reason);
    if (isForbidden && waiting > 0) forbidden += 1;
    if (answer.canceled && !(isForbidden && waiting > 0 && forbidden < settings.keys.length)) {
      const reason = answer.cancel_reason || `compacted up to revision ${answer.compact_revision}`;
      broken.reject(castGrpcErrorMessage(`a watch was cancelled: ${reason}`));
    } else if (answer.created || answer.canceled) {
      waiting -= 1;
      if (waiting > 0) return;
      clearTimeout(late);
      if (forbidden > 0) tryAgain = setTimeout(broken.resolve, FORBIDDEN_AGAIN_MS);
      onReady();
    } else if (answer.events.length > 0) {
      onChange(`etcd key ${answer.events[0]?.kv.key.toString("utf8")} changed`);
    }
  };
  const open = async () => {
    const opened = await client.run((etcd) => etcd.watchClient.watch());
    // Attached first and never removed: an unhandled "error" event ends the process.
    opened.on("error", (error) => broken.reject(error));
    opened.on("end", () => broken.reject(new EtcdWatchStreamEnded()));
    opened.on("data", onAnswer);
    stream = opened;
    if (over) return opened.cancel();
    for (const key of settings.keys) {
      const { start, end } = rangeOf(key);
      opened.write({ create_request: { key: start, ...(end.length > 0 ? { range_end: end } : {}) } });
    }
  };

  try {
    open().catch((error: unknown) => broken.reject(error));
    await broken.promise;
  } finally {
    over = true;
    clearTimeout(late);
    if (tryAgain !== null) clearTimeout(tryAgain);
    signal.removeEventListener("abort", onAbort);
    // Closing a client does not end its open streams.
    cancelStream(stream);
    client.close();
  }
}

function cancelStream(stream: WatchStream | null): void {
  stream?.cancel();
}
