import {
  type Mending,
  proposeMending,
  type TriedMending,
  tryMending,
  type TryMendingDeps,
} from "../../../functions/mend-letters.ts";
import { filterOf } from "../../../functions/list-dead-letters.ts";
import { mendingDeps } from "../../../lib/adapters/elasticsearch/mending/mending-deps.ts";
import { makeChange } from "../../../lib/adapters/elasticsearch/mending/refusing-index.ts";
import { lettersReadMs, newestLetters } from "../../../lib/rules/dead-letters/reading-limits.ts";
import type { TrialDeps } from "../../../lib/adapters/elasticsearch/trial/trial.ts";
import { usage } from "../../../lib/rules/base/errors.ts";
import { specificationLookup } from "../../../lib/rules/declarations/desired.ts";
import type { LetterGroup } from "../../../lib/rules/dead-letters/letter-state.ts";
import type { MendRequest, Proposal } from "../../../lib/rules/mending/proposal.ts";
import type { Declaration, Specification } from "../../../lib/rules/model/declaration.ts";
import { UnderWay } from "../http/kit/under-way.ts";
import type { LetterServiceDeps } from "./letter-service.ts";
import type { ReplayJobs } from "./replay-jobs.ts";

/** Proposes changes that make an index take dead letters, tries them, and makes them. */
export interface MendingService {
  /** @param into another index that somebody asked for; null for none. @throws PenstockError `kafka_…` or `elasticsearch_…` */
  propose(group: LetterGroup, into: string | null): Promise<Mending>;
  /** @throws as `propose` */
  tryOut(group: LetterGroup, into: string | null, signal: AbortSignal): Promise<TriedMending>;
  /** Makes the change, replays the group and looks up what is left; or returns the replay that is running. */
  apply(group: LetterGroup, wanted: WantedChange): ReturnType<ReplayJobs["start"]>;
  /** Resolves once the trials in progress have ended and removed what they created. */
  stop(): Promise<void>;
}

/** The change that somebody confirmed. */
export interface WantedChange {
  /** The proposal's id. */
  readonly proposal: string;
  /** As it was shown. */
  readonly request: MendRequest | null;
  readonly into: string | null;
}

export interface MendingServiceDeps extends LetterServiceDeps {
  /** For clients that may be replaced. */
  readonly client: TrialDeps["client"];
  declarations(): readonly Declaration[];
  /** The topics in force. */
  specifications(): readonly Specification[];
  readonly replays: Pick<ReplayJobs, "start">;
  readonly now: () => number;
}

/** No trial begins later: with a busy master, the last one takes 75 s, and after 120 s the server drops the request. */
const TRIALS_MS = 45_000;
const TOPIC_MS = 10_000;

export function createMendingService(deps: MendingServiceDeps): MendingService {
  const { client, findHolders, now } = deps;
  const trials = new UnderWay();

  function about(group: LetterGroup, into: string | null) {
    const { deadLetters, elasticsearch } = deps.settings();
    const managed = elasticsearch.manageTemplates;
    return { deadLetterTopic: deadLetters.topic, group, into, newest: newestLetters, managed };
  }

  function depsOf(signal: AbortSignal): Omit<TryMendingDeps, "topicDeadline" | "trialDeadline"> {
    const { deadLetters, elasticsearch } = deps.settings();
    const suffix = (): string => crypto.randomUUID().slice(0, 8);
    return {
      ...mendingDeps({ client, now, suffix, managed: elasticsearch.manageTemplates }),
      now,
      reader: deps.openReader(),
      findHolders,
      signal,
      readLetters: (read) => deps.inTurn(() => read(AbortSignal.timeout(lettersReadMs))),
      specificationOf: specificationLookup(deps.declarations(), deadLetters.topic),
      specifications: () => deps.specifications(),
    };
  }

  const propose = (group: LetterGroup, into: string | null): Promise<Mending> =>
    proposeMending(about(group, into), depsOf(deps.signal));

  /** @throws PenstockError `usage` if it is no longer what was confirmed */
  async function confirmed(group: LetterGroup, wanted: WantedChange): Promise<Proposal> {
    const { proposals } = await propose(group, wanted.into);
    const proposal = proposals.find(({ id }) => id === wanted.proposal);
    const isSame = JSON.stringify(proposal?.request) === JSON.stringify(wanted.request);
    if (proposal !== undefined && isSame) return proposal;
    throw usage(
      "the index has changed since the proposal was made, so nothing was done: look at the proposals again",
    );
  }

  function tryOut(group: LetterGroup, into: string | null, signal: AbortSignal): Promise<TriedMending> {
    const { elasticsearch } = deps.settings();
    return tryMending(
      { ...about(group, into), limits: elasticsearch.bulk },
      {
        ...depsOf(signal),
        topicDeadline: () => AbortSignal.timeout(TOPIC_MS),
        trialDeadline: AbortSignal.timeout(TRIALS_MS),
      },
    );
  }

  return {
    propose,
    tryOut: (group, into, signal) =>
      trials.add(tryOut(group, into, AbortSignal.any([trials.signal, deps.signal, signal]))),
    stop: () => trials.stop(),
    apply: (group, wanted) => {
      const { proposal, request } = wanted;
      return deps.replays.start(
        { filter: filterOf(group), index: null, dryRun: false },
        {
          about: { proposal, request },
          async make(signal) {
            const { declare, request: change, index } = await confirmed(group, wanted);
            if (declare) throw usage("it is a change of the topic's declaration: make it there");
            if (change !== null) await makeChange(client, change, signal);
            return index;
          },
        },
      );
    },
  };
}
