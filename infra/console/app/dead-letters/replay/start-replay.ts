import type { ReplayJob } from "../../../../api/letters/dead-letters.ts";
import type { LetterGroup } from "../../../../../lib/rules/dead-letters/letter-state.ts";
import { ApiError, ask } from "../../state/api.ts";

/** What a replay takes, and whether it only counts; what is absent or null does not limit it. */
export type Replayed = Partial<ReplayJob["request"]> & Pick<ReplayJob["request"], "dryRun">;

/** Exactly the letters of a group. */
export function requestOf({ topic, index, error, field }: LetterGroup): Omit<Replayed, "dryRun"> {
  return { topic, error, refusedBy: index, field };
}

/** The job to follow, and a message; if another job is running, that one. */
export interface Started {
  readonly id: string | null;
  readonly said: string | null;
}

export function startReplay(request: Replayed): Promise<Started> {
  const body = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null));
  return startJob("/replay", body);
}

/** Requests something that runs as a replay does, one at a time. */
export async function startJob(path: string, body: object): Promise<Started> {
  try {
    const { id } = await ask<ReplayJob>(path, { method: "POST", body });
    return { id, said: null };
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    const other = thrown instanceof ApiError && thrown.status === 409 ? thrown.problem["job"] : null;
    return typeof other === "string"
      ? {
          id: other,
          said: "Another replay is already running; only one runs at a time. This is its progress.",
        }
      : { id: null, said };
  }
}
