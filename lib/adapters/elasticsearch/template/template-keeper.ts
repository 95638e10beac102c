import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import {
  missingPatterns,
  type TemplateRefusals,
  templateTrouble,
} from "../../../rules/template/index-template.ts";
import { coverPatterns } from "./template-cover.ts";
import { createTemplateLock } from "./template-lock.ts";
import { coverWith, readTemplate, type SendJson, type FittedForm } from "./template.ts";

/** Keeps the one index template covering what is written to, for as long as its client lives. */
export interface TemplateKeeper {
  /**
   * Makes it cover the patterns, never taking one away.
   * @returns by pattern that Elasticsearch does not take: why
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
   */
  ensure(patterns: readonly string[], signal: AbortSignal): Promise<TemplateRefusals>;
  /** The cluster was out of reach. What answers next may have lost the template together with its data. */
  doubt(): void;
  /**
   * Before something is written: without the template Elasticsearch would map what it makes anew by guessing.
   * @param patterns of what is written to; none: not known
   * @returns why nothing may be written; null: all is well
   */
  failure(patterns: readonly string[], signal: AbortSignal): Promise<RequestFailure | null>;
  close(): Promise<void>;
}

/** Hosts that write the template at the same moment, one of them without the lock, overwrite each other: it is read again until ours is in it. */
const ATTEMPTS = 5;
/** So long one without the lock that had read the template before ours was in it may write it yet: longer than a request may take. */
const OVERWRITTEN_WITHIN_MS = 15_000;

export function createTemplateKeeper(
  control: (signal: AbortSignal) => SendJson,
  form: FittedForm,
  monotonicMs: () => number = () => performance.now(),
): TemplateKeeper {
  /** Everything that was ever asked for here and taken, so that what another host overwrote comes back with the next write. */
  const wanted = new Set<string>();
  /** What was not taken, and why. Tried again when it is asked for again. */
  const refused = new Map<string, string>();
  /** When each was taken that nothing was written to since: the index is made with the first bulk, and keeps what it is made by. */
  const unused = new Map<string, number>();
  /** Reading and writing the template is no transaction: two at once would each drop what the other added. */
  let ensuring: Promise<void> = Promise.resolve();
  let inDoubt = false;
  const lock = createTemplateLock(control, monotonicMs);

  async function ensureWanted(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const send = control(signal);
    const isCovered = async (): Promise<boolean> =>
      missingPatterns(await readTemplate(send), [...wanted], form) === null;
    if (!(await isCovered())) await lock.hold(() => writeMissing(send), isCovered, signal);
    for (const pattern of wanted) refused.delete(pattern);
  }

  async function writeMissing(send: SendJson): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const existing = await readTemplate(send);
      const missing = missingPatterns(existing, [...wanted], form);
      if (missing === null) {
        // One without the lock that had read it before we wrote may write after we looked: once more, before the first bulk.
        if (attempt > 1) inDoubt = true;
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
        // A data stream is neither taken nor refused.
        if (reason === undefined) refused.delete(pattern);
        else refused.set(pattern, reason);
      }
    }
    throw new PenstockError("elasticsearch_unavailable", "the index template keeps being overwritten", {
      retryable: true,
    });
  }

  /** One after the other; the next one waits for this one's end, whatever it is. */
  async function inTurn(step: () => Promise<void>): Promise<void> {
    const done = ensuring.then(step);
    ensuring = done.catch(() => {});
    await done;
  }

  async function resolveDoubt(signal: AbortSignal): Promise<void> {
    if (!inDoubt) return;
    // Set again by what fails meanwhile.
    inDoubt = false;
    try {
      await ensureWanted(signal);
    } catch (error) {
      inDoubt = true;
      throw error;
    }
  }

  /** What other topics wrote meanwhile says nothing about the index of this one. */
  function noteFirstUse(pattern: string): void {
    const takenAtMs = unused.get(pattern);
    if (takenAtMs === undefined) return;
    unused.delete(pattern);
    if (monotonicMs() - takenAtMs < OVERWRITTEN_WITHIN_MS) inDoubt = true;
  }

  const keeper: TemplateKeeper = {
    async ensure(patterns, signal) {
      // Until it is known that it is taken, what was refused stays so: another bulk would be sent meanwhile.
      await inTurn(() => {
        for (const pattern of patterns) wanted.add(pattern);
        return ensureWanted(signal);
      });
      const asked = new Set(patterns);
      return new Map([...refused].filter(([pattern]) => asked.has(pattern)));
    },
    doubt() {
      inDoubt = true;
    },
    close: () => lock.close(),
    async failure(patterns, signal) {
      try {
        for (const pattern of patterns) noteFirstUse(pattern);
        if (inDoubt && wanted.size > 0) await inTurn(() => resolveDoubt(signal));
        for (const pattern of patterns) {
          if (!refused.has(pattern)) continue;
          const reason = (await keeper.ensure([pattern], signal)).get(pattern);
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
