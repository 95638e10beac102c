import type { GoneMember } from "../../../functions/fleet/model.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { type ListedMember, readRoster, type Roster } from "../../../lib/rules/group/roster.ts";
import { startRounds } from "../observe/rounds.ts";

/**
 * Knows who is in the group, from Kafka itself: also what hosts own that cannot be reached. Asked now and then, so that a
 * host which has just gone is known to have been there, and again while somebody looks.
 */
export interface GroupWatch {
  readonly roster: Roster | null;
  /** Why the roster is missing or old; null if it is current. */
  readonly problem: string | null;
  /** Members that left within the last minutes. */
  readonly gone: readonly GoneMember[];
  /** Asks Kafka, unless it was just asked. Never throws. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

export interface GroupWatchDeps {
  members(signal: AbortSignal): Promise<readonly ListedMember[]>;
  readonly now: () => number;
  readonly monotonicMs: () => number;
  readonly logger: Pick<Logger, "debug">;
}

const EVERY_MS = 15_000;
/** Somebody who looks sees nothing older. */
const FRESH_MS = 1_000;
const QUESTION_MS = 4_000;
/** How long a member that is gone is shown. */
const GONE_MS = 15 * 60_000;
/** Hosts that restart all the time must not fill the memory. */
const MOST_GONE = 50;

export function createGroupWatch(deps: GroupWatchDeps): GroupWatch {
  const life = new AbortController();
  let roster: Roster | null = null;
  let problem: string | null = null;
  let gone: readonly GoneMember[] = [];
  let askedMs = -Infinity;
  let asking: Promise<void> | null = null;

  const take = (now: Roster): void => {
    const present = new Set(now.members.map(({ host }) => host));
    const left = (roster?.members ?? []).filter(({ host }) => host !== null && !present.has(host));
    const oldestMs = deps.now() - GONE_MS;
    gone = [...left.map((member) => ({ member, sinceMs: deps.now() })), ...gone]
      // A member may lose its membership and join again with another id.
      .filter(({ member, sinceMs }) => !present.has(member.host) && sinceMs > oldestMs)
      .slice(0, MOST_GONE);
    roster = now;
    problem = null;
  };

  const ask = async (): Promise<void> => {
    try {
      const signal = AbortSignal.any([life.signal, AbortSignal.timeout(QUESTION_MS)]);
      take(readRoster(await deps.members(signal), roster));
    } catch (error) {
      if (life.signal.aborted) return;
      problem = `Kafka could not be asked who is in the group: ${messageOf(error)}`;
      deps.logger.debug("the group could not be described", { error: messageOf(error) });
    }
    askedMs = deps.monotonicMs();
  };

  const look = (): Promise<void> => {
    if (asking !== null) return asking;
    if (life.signal.aborted || deps.monotonicMs() - askedMs < FRESH_MS) return Promise.resolve();
    asking = ask().finally(() => {
      asking = null;
    });
    return asking;
  };
  const stop = startRounds(life, { everyMs: EVERY_MS, atOnce: false }, look);

  return {
    get roster() {
      return roster;
    },
    get problem() {
      return problem;
    },
    get gone() {
      return gone;
    },
    look,
    stop,
  };
}
