import { abortable } from "../../lib/rules/base/abortable.ts";
import type { StartAt } from "../../lib/rules/model/declaration.ts";
import type { DesiredTopic } from "../../lib/rules/declarations/desired.ts";
import { messageOf, PenstockError } from "../../lib/rules/base/errors.ts";
import {
  throwRefused,
  type TemplateRefusals,
  templateTrouble,
} from "../../lib/rules/template/index-template.ts";
import {
  templateKeyOf,
  type TemplateTarget,
  templateTargetsOf,
} from "../../lib/rules/template/template-target.ts";
import type { Plan } from "../../lib/rules/plan/plan.ts";
import { specificationHash } from "../../lib/rules/model/specification.ts";
import { secondsText } from "../../lib/rules/base/units.ts";
import type { TopicState } from "../../lib/rules/progress/status.ts";

/** How to start a consumer. */
export interface StartOrder {
  readonly desired: DesiredTopic;
  /** The hash of its specification; see specificationHash. */
  readonly hash: string;
  /** As declared, or `earliest` if the topic was once seen missing. */
  readonly startAt: StartAt;
  /** Nothing is written before this resolves, and the start fails if it rejects. Runs concurrently with the join. */
  readonly ready: Promise<void>;
}

/** The commands for single topics. None affects another topic. */
export interface ConsumerCommands {
  /** Makes the templates cover these targets. @returns by key those they cannot cover, and why. @throws PenstockError */
  ensureTemplate(targets: readonly TemplateTarget[], signal: AbortSignal): Promise<TemplateRefusals>;
  /** Resolves once the topic runs (null) or failed (the reason). */
  start(topic: string, order: StartOrder): Promise<string | null>;
  /** Drains what is in flight, then forgets the topic. */
  stop(topic: string): Promise<void>;
  /** Drains as well, then starts the topic again. */
  replace(topic: string, order: StartOrder): Promise<string | null>;
  /** Stops the topic if it runs, and shows it as pending. */
  pend(topic: string, desired: DesiredTopic, reason: string): Promise<void>;
  /** The states of topics that are being replaced and do not run yet. */
  replacing(): ReadonlyMap<string, TopicState>;
  /** Updates where the topic is declared. */
  describe(topic: string, desired: DesiredTopic): void;
  /** Aborted as soon as a newer trigger is waiting. */
  readonly newerTrigger: AbortSignal;
}

export interface TopicFailure {
  readonly topic: string;
  readonly error: string;
}

/** The part of a plan that was carried out. */
export interface Applied {
  readonly started: readonly string[];
  readonly stopped: readonly string[];
  readonly replaced: readonly string[];
  readonly failed: readonly TopicFailure[];
  /** Whether a newer trigger or the deadline cut it short. The next run continues. */
  readonly interrupted: boolean;
}

export interface ApplyInput {
  readonly plan: Plan;
  readonly desired: ReadonlyMap<string, DesiredTopic>;
  readonly seenMissing: ReadonlySet<string>;
}

/** How long a run waits for starts and stops. They continue even if it stops waiting. */
const WAIT_MS = 10_000;
const TEMPLATE_DEADLINE_MS = 10_000;

/**
 * Carries out a plan: all stops and starts concurrently, then replacements one at a time (also across runs), until one
 * does not reach `running`. A newer trigger does not wait: started steps continue, and the rest is planned again.
 */
export async function applyPlan(
  { plan, desired, seenMissing }: ApplyInput,
  commands: ConsumerCommands,
): Promise<Applied> {
  const failed: TopicFailure[] = [];
  const replaced: string[] = [];
  const wait = AbortSignal.any([commands.newerTrigger, AbortSignal.timeout(WAIT_MS)]);
  const withDesired = function* <T extends { readonly topic: string }>(
    entries: readonly T[],
  ): Generator<[T, DesiredTopic]> {
    for (const entry of entries) {
      const wanted = desired.get(entry.topic);
      if (wanted !== undefined) yield [entry, wanted];
    }
  };
  const order = (wanted: DesiredTopic): StartOrder => ({
    desired: wanted,
    hash: specificationHash(wanted.spec),
    ready: readyOf(wanted),
    startAt: seenMissing.has(wanted.spec.topic) ? "earliest" : wanted.spec.startAt,
  });
  const note = (topic: string, error: string | null): void => {
    if (error !== null) failed.push({ topic, error });
  };

  for (const [{ topic }, wanted] of withDesired(plan.keep)) commands.describe(topic, wanted);
  const toStart = [...withDesired(plan.start)];
  const toReplace = [...withDesired(plan.replace)];

  const underWay: Promise<void>[] = [
    ...plan.stop.map(({ topic }) => commands.stop(topic)),
    ...[...withDesired(plan.pending)].map(([{ topic, reason }, wanted]) =>
      commands.pend(topic, wanted, reason),
    ),
  ];
  const covered = ensureTemplates([...toStart, ...toReplace], commands);
  // Waiters get the rejection; a run that is cut short has none.
  covered.catch(() => {});
  const readyOf = ({ spec }: DesiredTopic): Promise<void> => {
    const ready = covered.then((refusals) => throwRefused(refusals, templateKeyOf(spec)));
    // A cancelled start never awaits it.
    ready.catch(() => {});
    return ready;
  };
  underWay.push(
    ...toStart.map(async ([{ topic }, wanted]) => note(topic, await commands.start(topic, order(wanted)))),
  );

  const applied = { started: topicsOf(plan.start), stopped: topicsOf(plan.stop), replaced, failed };
  try {
    await abortable(Promise.all(underWay), wait);
    for (const [{ topic }, wanted] of toReplace) {
      // Leave the running consumer alone until its replacement could write.
      const reason = await abortable(failureOf(readyOf(wanted)), wait);
      if (reason !== null) {
        note(topic, reason);
        continue;
      }
      wait.throwIfAborted();
      const others = [...commands.replacing()].filter(([other]) => other !== topic);
      // A failed one is retried by its own timer, and the rest after it.
      if (others.length > 0)
        return { ...applied, interrupted: others.some(([, state]) => state !== "failed") };
      replaced.push(topic);
      const error = await abortable(commands.replace(topic, order(wanted)), wait);
      note(topic, error);
      if (error !== null) break;
    }
    return { ...applied, interrupted: false };
  } catch (error) {
    if (!wait.aborted) throw error;
    return { ...applied, interrupted: true };
  }
}

/** Covers all topics that are about to write with one request. @throws PenstockError */
async function ensureTemplates(
  topics: readonly (readonly [unknown, DesiredTopic])[],
  commands: ConsumerCommands,
): Promise<TemplateRefusals> {
  if (topics.length === 0) return new Map();
  const targets = templateTargetsOf(topics.map(([, { spec }]) => spec));
  const deadline = AbortSignal.timeout(TEMPLATE_DEADLINE_MS);
  try {
    return await commands.ensureTemplate(targets, deadline);
  } catch (error) {
    const late = `Elasticsearch did not answer within ${secondsText(TEMPLATE_DEADLINE_MS)}`;
    const message = templateTrouble(deadline.aborted ? late : messageOf(error));
    throw new PenstockError("elasticsearch_unavailable", message, { retryable: true, cause: error });
  }
}

/** @returns the rejection's message; null if it resolves */
function failureOf(promise: Promise<void>): Promise<string | null> {
  return promise.then(() => null, messageOf);
}

function topicsOf(entries: readonly { readonly topic: string }[]): string[] {
  return entries.map(({ topic }) => topic);
}
