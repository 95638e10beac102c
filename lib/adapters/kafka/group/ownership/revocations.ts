import { messageOf } from "../../../../rules/base/errors.ts";
import type { OwnedPartitions } from "./owned-partitions.ts";
import type { GroupMemberOptions } from "../member/member.ts";
import type { Tenure } from "../member/tenure.ts";
import { REVOKE_MS } from "../member/timing.ts";

/** Gives partitions up: finishes what is in flight, within a time limit, and only then frees them for other members. */
export class Revocations {
  readonly #options: GroupMemberOptions;
  readonly #owned: OwnedPartitions;
  readonly #onReleased: () => void;

  constructor(options: GroupMemberOptions, owned: OwnedPartitions, onReleased: () => void) {
    this.#options = options;
    this.#owned = owned;
    this.#onReleased = onReleased;
  }

  /** @returns the number of partitions that are being given up from now on */
  start(isKept: (tenure: Tenure) => boolean): number {
    const leaving = this.#owned.startLeaving(isKept);
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
      logger.warn("partitions could not be given up cleanly", { error: messageOf(error) });
    } finally {
      callOff();
    }
    for (const tenure of tenures) this.#owned.end(tenure);
    this.#onReleased();
  }
}
