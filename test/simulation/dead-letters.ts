import type { IngestBatchDeps } from "../../functions/ingest-batch.ts";
import { abortable } from "../../lib/rules/base/abortable.ts";
import type { DeadLetter } from "../../lib/rules/dead-letters/dead-letter.ts";
import { sleep, type Time } from "../../lib/rules/base/time.ts";

export type DeadLetterTrouble =
  /** Nothing is kept, and the caller gets an error. */
  | "refusing"
  /** Kept, but the caller gets an error. */
  | "losing answers"
  /** Kept, but confirmed only after seconds. */
  | "slow";

/** The record of a letter. */
export interface LetterAbout {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
}

/** A simulated dead-letter topic, behind the port that writes letters. */
export interface SimulatedDeadLetters {
  readonly store: IngestBatchDeps["deadLetters"]["store"];
  trouble(trouble: DeadLetterTrouble | null): void;
}

const STORE_MS = { least: 1, spread: 10 } as const;
const SLOW_MS = { least: 500, spread: 3_000 } as const;

export function createSimulatedDeadLetters(
  time: Time,
  onKept: (about: LetterAbout) => void,
): SimulatedDeadLetters {
  let trouble: DeadLetterTrouble | null = null;

  const keep = async (letters: readonly DeadLetter[]): Promise<void> => {
    const present = trouble;
    const { least, spread } = present === "slow" ? SLOW_MS : STORE_MS;
    await sleep(time, least + time.random() * spread);
    if (present === "refusing") throw new Error("the dead-letter topic has no leader");
    for (const letter of letters) onKept(aboutOf(letter));
    if (present === "losing answers") throw new Error("the connection ended before the answer");
  };

  return {
    async store(letters, signal) {
      signal.throwIfAborted();
      await abortable(keep(letters), signal);
    },
    trouble(next) {
      trouble = next;
    },
  };
}

function aboutOf({ headers }: DeadLetter): LetterAbout {
  const text = (name: string): string =>
    headers.findLast((header) => header.name === `penstock.${name}`)?.value?.toString() ?? "";
  return {
    topic: text("topic"),
    partition: Number(text("partition")),
    offset: Number(text("offset")),
    timestamp: Number(text("timestamp")),
  };
}
