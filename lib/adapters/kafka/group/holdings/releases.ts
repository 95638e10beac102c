import { messageOf } from "../../../../rules/base/errors.ts";
import type { Holdings } from "./holdings.ts";
import type { GroupMemberOptions } from "../member/member.ts";
import type { Tenure } from "../member/tenure.ts";
import { REVOKE_MS } from "../member/timing.ts";

/** Gives partitions up: what is in flight of them is finished first, within bounds, and only then are they anybody else's. */
export class Releases {
  readonly #options: GroupMemberOptions;
  readonly #holdings: Holdings;
  readonly #onReleased: () => void;

  constructor(options: GroupMemberOptions, holdings: Holdings, onReleased: () => void) {
    this.#options = options;
    this.#holdings = holdings;
    this.#onReleased = onReleased;
  }

  /** @returns how many are given up from now on */
  start(isKept: (tenure: Tenure) => boolean): number {
    const leaving = this.#holdings.startLeaving(isKept);
    if (leaving.length > 0) void this.#release(leaving);
    return leaving.length;
  }

  async #release(tenures: readonly Tenure[]): Promise<void> {
    const { listener, time, logger } = this.#options;
    const over = Promise.withResolvers<void>();
    const callOff = time.after(REVOKE_MS, over.resolve);
    try {
      await Promise.race([listener.onRevoke(tenures), over.promise]);
    } catch (error) {
      logger.warn("partitions could not be given up in order", { error: messageOf(error) });
    } finally {
      callOff();
    }
    for (const tenure of tenures) this.#holdings.end(tenure);
    this.#onReleased();
  }
}
