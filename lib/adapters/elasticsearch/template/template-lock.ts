import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { isObject } from "../../../rules/json/object.ts";
import { type SendJson, templateIn } from "./template.ts";
import type { ElasticsearchAnswer } from "../transport/transport.ts";

/** Name of the component template that stands while one host writes the index template. No index is made by it. */
export const templateLockName = "penstock-lock";

/** Lets one host at a time write the index template, which Elasticsearch can only overwrite as a whole. */
export interface TemplateLock {
  /**
   * Does the work once no other host does its own. Where the lock cannot be had, the work is done all the same: a host without it
   * may overwrite what another wrote in that moment, and looks for that before its first bulk.
   * @param isDone asked while another host has the lock: true where that one did the same work
   * @throws the signal's reason, and what the work throws
   */
  hold(work: () => Promise<void>, isDone: () => Promise<boolean>, signal: AbortSignal): Promise<void>;
  /** Resolves once it is given back. */
  close(): Promise<void>;
}

const path = `/_component_template/${templateLockName}`;
const ASK_AGAIN_MS = 40;
/** Whoever holds it so long has died, most likely; else two write, as if there were no lock. */
const STALE_MS = 5_000;
const RELEASE_MS = 10_000;

export function createTemplateLock(
  control: (signal: AbortSignal) => SendJson,
  monotonicMs: () => number,
): TemplateLock {
  const own = randomUUID();
  /** Whom it was seen with, and since when; kept from one try to the next, which may be too short to find out. */
  let seen: { readonly by: string | null; readonly sinceMs: number } | null = null;
  let releasing: Promise<void> = Promise.resolve();

  /** Who has it; null: nobody, or it cannot be read. */
  async function holder(send: SendJson): Promise<string | null> {
    const answer = await send("GET", path);
    const meta = "failure" in answer ? null : templateIn(answer.body, "component")?.["_meta"];
    const by = isObject(meta) ? meta["by"] : null;
    return typeof by === "string" ? by : null;
  }

  /** Without it: there is no lock to be had, and nobody to wait for. */
  async function acquire(
    send: SendJson,
    isDone: () => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<"held" | "without" | "done"> {
    for (;;) {
      const body = {
        template: {},
        _meta: { description: "A host of Penstock writes its template", by: own },
      };
      const answer = await send("PUT", `${path}?create=true`, body);
      if (!("failure" in answer)) return "held";
      const { failure } = answer;
      // One that exists is answered so. Anything else, such as a missing privilege, does not pass by waiting.
      if (failure.kind !== "response" || !/already exists/.test(failure.error?.reason ?? ""))
        return "without";
      const by = await holder(send);
      // Another node was asked for the same as well: it came second.
      if (by === own) return "held";
      if (await isDone()) return "done";
      if (isStale(by) && isStanding(await send("DELETE", path))) return "without";
      await pause(ASK_AGAIN_MS * (0.5 + Math.random()), undefined, { signal });
    }
  }

  /** Also of one that tells of nobody: it would be waited for for good. */
  function isStale(by: string | null): boolean {
    if (seen?.by !== by) seen = { by, sinceMs: monotonicMs() };
    return monotonicMs() - seen.sinceMs > STALE_MS;
  }

  /** Nobody here waits for it but the next to take it. One that cannot be given back is stale before long. */
  async function release(): Promise<void> {
    try {
      await control(AbortSignal.timeout(RELEASE_MS))("DELETE", path);
    } catch {
      // Only its own time is over.
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

/** Whether it can not be taken away, for a reason that does not pass by waiting. */
function isStanding(answer: ElasticsearchAnswer): boolean {
  if (!("failure" in answer) || answer.failure.kind !== "response") return false;
  return answer.failure.status !== 404 && answer.failure.status < 429;
}
