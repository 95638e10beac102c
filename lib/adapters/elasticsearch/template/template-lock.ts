import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { isObject } from "../../../rules/json/object.ts";
import { type SendJson, templateIn } from "./template.ts";
import type { ElasticsearchAnswer } from "../transport/transport.ts";

/** The component template that exists while a host writes the index template. No index uses it. */
export const templateLockName = "penstock-lock";

/** Lets one host at a time write the index template, which Elasticsearch can only replace as a whole. */
export interface TemplateLock {
  /**
   * Runs the work while holding the lock, or without it if it cannot be obtained: the keeper checks for overwritten
   * templates before its first bulk.
   * @param isDone asked while another host holds the lock: true if that host already did the work
   * @throws the signal's reason, and anything the work throws
   */
  hold(work: () => Promise<void>, isDone: () => Promise<boolean>, signal: AbortSignal): Promise<void>;
  /** Resolves once the lock is released. */
  close(): Promise<void>;
}

const path = `/_component_template/${templateLockName}`;
const ASK_AGAIN_MS = 40;
/** A host that holds the lock this long has most likely died. If not, two hosts write, as if there were no lock. */
const STALE_MS = 5_000;
const RELEASE_MS = 10_000;

export function createTemplateLock(
  control: (signal: AbortSignal) => SendJson,
  monotonicMs: () => number,
): TemplateLock {
  const own = randomUUID();
  /** The last holder seen and since when; kept between calls, each of which may be too short to prove it stale. */
  let seen: { readonly by: string | null; readonly sinceMs: number } | null = null;
  let releasing: Promise<void> = Promise.resolve();

  /** Returns the current holder, or null if free or unreadable. */
  async function holder(send: SendJson): Promise<string | null> {
    const answer = await send("GET", path);
    const meta = "failure" in answer ? null : templateIn(answer.body, "component")?.["_meta"];
    const by = isObject(meta) ? meta["by"] : null;
    return typeof by === "string" ? by : null;
  }

  /** Returns `without` if there is no point in waiting for the lock. */
  async function acquire(
    send: SendJson,
    isDone: () => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<"held" | "without" | "done"> {
    for (;;) {
      const body = {
        template: {},
        _meta: { description: "A Penstock host is writing its index template", by: own },
      };
      const answer = await send("PUT", `${path}?create=true`, body);
      if (!("failure" in answer)) return "held";
      const { failure } = answer;
      // "already exists" means locked. Waiting does not help with anything else, such as a missing privilege.
      if (failure.kind !== "response" || !/already exists/.test(failure.error?.reason ?? ""))
        return "without";
      const by = await holder(send);
      // The same request was sent to two nodes, and the other one was first.
      if (by === own) return "held";
      if (await isDone()) return "done";
      if (isStale(by) && isStanding(await send("DELETE", path))) return "without";
      await pause(ASK_AGAIN_MS * (0.5 + Math.random()), undefined, { signal });
    }
  }

  /** Also for a lock without a holder, which would otherwise be waited for forever. */
  function isStale(by: string | null): boolean {
    if (seen?.by !== by) seen = { by, sinceMs: monotonicMs() };
    return monotonicMs() - seen.sinceMs > STALE_MS;
  }

  /** Only the next `hold` waits for the release. If it fails, the lock soon counts as stale. */
  async function release(): Promise<void> {
    try {
      await control(AbortSignal.timeout(RELEASE_MS))("DELETE", path);
    } catch {
      // Its own timeout.
    }
  }

  return {
    async hold(work, isDone, signal) {
      await releasing;
      const got = await acquire(control(signal), isDone, signal);
      seen = null;
      if (got === "done") return;
      try {
        await work();
      } finally {
        if (got === "held") releasing = release();
      }
    },
    async close() {
      await releasing;
    },
  };
}

/** True if the lock cannot be deleted, and waiting does not help. */
function isStanding(answer: ElasticsearchAnswer): boolean {
  if (!("failure" in answer) || answer.failure.kind !== "response") return false;
  return answer.failure.status !== 404 && answer.failure.status < 429;
}
