import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import {
  missingPatterns,
  type TemplateRefusals,
  templateTrouble,
} from "../../../rules/template/index-template.ts";
import type { StreamTarget } from "../../../rules/template/stream-template.ts";
import { targetKey, type TemplateTarget } from "../../../rules/template/template-target.ts";
import type { StreamTemplates } from "./stream-templates.ts";
import { coverPatterns } from "./template-cover.ts";
import { createTemplateLock } from "./template-lock.ts";
import { coverWith, readTemplate, type SendJson, type FittedForm } from "./template.ts";

/**
 * Keeps the templates covering every target: the shared one for indices, and each data stream's own.
 *
 * State: the targets requested so far (`wanted` patterns, `streams`), those Elasticsearch refused, patterns accepted but
 * not yet written to, and whether the templates must be checked again. Invariant: no bulk is sent while a target of its
 * operations is known to be refused or the templates are unchecked, because Elasticsearch would create the index with a
 * guessed mapping.
 */
export interface TemplateKeeper {
  /**
   * Makes the templates cover the targets; never removes one.
   * @returns by key (`targetKey`) the refused targets and why
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
   */
  ensure(targets: readonly TemplateTarget[], signal: AbortSignal): Promise<TemplateRefusals>;
  /** Requests a check before the next bulk. Called when the cluster was unreachable: it may return without its data. */
  recheck(): void;
  /** Called when Elasticsearch had no template for a stream among these targets: those are ensured before their next bulk. */
  lost(keys: readonly string[]): void;
  /**
   * Called before each bulk.
   * @param keys of the targets written to; empty if unknown
   * @returns why nothing may be written, or null
   */
  failure(keys: readonly string[], signal: AbortSignal): Promise<RequestFailure | null>;
  close(): Promise<void>;
}

/** Hosts without the lock may overwrite each other's template: it is read again until it contains our patterns. */
const ATTEMPTS = 5;
/** Longer than any request: until then, a host without the lock may still write a template it read before ours. */
const OVERWRITTEN_WITHIN_MS = 15_000;

export function createTemplateKeeper(
  control: (signal: AbortSignal) => SendJson,
  form: FittedForm,
  streamTemplates: StreamTemplates,
  monotonicMs: () => number = () => performance.now(),
): TemplateKeeper {
  /** All patterns ever requested and accepted, so that the next write restores what another host overwrote. */
  const wanted = new Set<string>();
  /** The data streams ever requested, by key, refused ones too. */
  const streams = new Map<string, StreamTarget>();
  /** Refused targets and why, by key. Tried again when requested again. */
  const refused = new Map<string, string>();
  /** Data streams, by key, whose template somebody may have deleted. */
  const lost = new Set<string>();
  /** When each pattern was accepted, until its first bulk: that creates the index, which keeps the mapping. */
  const unused = new Map<string, number>();
  /** Serializes read-modify-write of the template: two at once would each drop the other's patterns. */
  let ensuring: Promise<void> = Promise.resolve();
  /** Checks requested, and how many of them a check that began later has answered. */
  let requested = 0;
  let answered = 0;
  const recheck = (): void => void (requested += 1);
  const lock = createTemplateLock(control, monotonicMs);

  /** @param keys of the streams to check; all patterns are checked together anyway */
  async function ensureWanted(keys: Iterable<string>, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const send = control(signal);
    const isCovered = async (): Promise<boolean> =>
      missingPatterns(await readTemplate(send), [...wanted], form) === null;
    if (!(await isCovered())) await lock.hold(() => writeMissing(send), isCovered, signal);
    for (const pattern of wanted) refused.delete(pattern);
    await ensureStreams(keys, signal);
  }

  async function ensureStreams(keys: Iterable<string>, signal: AbortSignal): Promise<void> {
    const asked = [...keys].flatMap((key) => streams.get(key) ?? []);
    if (asked.length === 0) return;
    const left = await streamTemplates.ensure(asked, signal);
    for (const key of asked.map(targetKey)) {
      const reason = left.get(key);
      if (reason === undefined) refused.delete(key);
      else refused.set(key, reason);
    }
  }

  async function writeMissing(send: SendJson): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const existing = await readTemplate(send);
      const missing = missingPatterns(existing, [...wanted], form);
      if (missing === null) {
        // A host without the lock may still overwrite what we just verified: check once more before the first bulk.
        if (attempt > 1) recheck();
        return;
      }
      const taken = new Set<string>();
      const left = await coverPatterns(missing, async (patterns) => {
        const failure = await coverWith(send, "put", existing, [...taken, ...patterns], form);
        if (failure === null) for (const pattern of patterns) taken.add(pattern);
        return failure;
      });
      for (const pattern of taken) unused.set(pattern, monotonicMs());
      for (const pattern of missing) {
        if (!taken.has(pattern)) wanted.delete(pattern);
        const reason = left.get(pattern);
        // A data stream is neither covered nor refused.
        if (reason === undefined) refused.delete(pattern);
        else refused.set(pattern, reason);
      }
    }
    throw new PenstockError("elasticsearch_unavailable", "the index template keeps being overwritten", {
      retryable: true,
    });
  }

  /** Runs one step at a time; a failed step does not stop the next. */
  async function inTurn(step: () => Promise<void>): Promise<void> {
    const done = ensuring.then(step);
    ensuring = done.catch(() => {});
    await done;
  }

  async function recheckIfNeeded(signal: AbortSignal): Promise<void> {
    const upTo = requested;
    if (answered >= upTo) return;
    await ensureWanted(streams.keys(), signal);
    answered = upTo;
  }

  /** Per pattern: bulks of other topics do not create this topic's index. */
  function noteFirstUse(pattern: string): void {
    const takenAtMs = unused.get(pattern);
    if (takenAtMs === undefined) return;
    unused.delete(pattern);
    if (monotonicMs() - takenAtMs < OVERWRITTEN_WITHIN_MS) recheck();
  }

  const keeper: TemplateKeeper = {
    async ensure(targets, signal) {
      const asked = new Set(targets.map(targetKey));
      // A refused target stays refused until accepted, or another bulk would be sent meanwhile.
      await inTurn(() => {
        for (const target of targets) {
          if (typeof target === "string") wanted.add(target);
          else streams.set(targetKey(target), target);
        }
        return ensureWanted(asked, signal);
      });
      return new Map([...refused].filter(([key]) => asked.has(key)));
    },
    recheck,
    lost(keys) {
      for (const key of keys) if (streams.has(key)) lost.add(key);
    },
    close: () => lock.close(),
    async failure(keys, signal) {
      try {
        for (const key of keys) noteFirstUse(key);
        // Also while another bulk's check is on its way: nothing is known until it ends.
        if (answered < requested && wanted.size + streams.size > 0)
          await inTurn(() => recheckIfNeeded(signal));
        for (const key of keys) {
          if (!lost.delete(key) && !refused.has(key)) continue;
          const reason = (await keeper.ensure([streams.get(key) ?? key], signal)).get(key);
          if (reason !== undefined) return { kind: "bad_answer", message: templateTrouble(reason) };
        }
        return null;
      } catch (error) {
        signal.throwIfAborted();
        return { kind: "connection", message: templateTrouble(messageOf(error)) };
      }
    },
  };
  return keeper;
}
