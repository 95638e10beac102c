import type { FindHolders } from "../../../functions/digest-dead-letters/letter-standings.ts";
import { listDeadLetters, type ListedLetters } from "../../../functions/list-dead-letters.ts";
import { type LetterAnswer, readWholeLetter } from "../../../functions/read-dead-letter.ts";
import type { RecordReader } from "../../../lib/adapters/kafka/queries/record-reader.ts";
import type { LetterGroup, LetterState } from "../../../lib/rules/dead-letters/letter-state.ts";
import { lettersReadMs, newestLetters } from "../../../lib/rules/dead-letters/reading-limits.ts";
import type { Settings } from "../../../lib/rules/model/settings.ts";

/** Shows dead letters one by one. */
export interface LetterService {
  /** @param state null for all; @param page from 1 */
  list(group: LetterGroup, state: LetterState | null, page: number): Promise<ListedLetters>;
  /** @param partition of the dead-letter topic, as the offset */
  read(partition: number, offset: number): Promise<LetterAnswer>;
}

export interface LetterServiceDeps {
  /** The current settings. */
  settings(): Settings;
  readonly findHolders: FindHolders;
  /** With the current settings, and the logins that all clients of the host share. */
  readonly openReader: () => RecordReader;
  /** Aborted when the host stops. */
  readonly signal: AbortSignal;
  /** Runs one reading of the whole dead-letter topic at a time. */
  inTurn<T>(read: () => Promise<T>): Promise<T>;
}

/** Reading one letter, and its record from another topic. */
const ONE_MS = 15_000;

export function createLetterService(deps: LetterServiceDeps): LetterService {
  const { findHolders, signal } = deps;
  return {
    list: (group, state, page) =>
      deps.inTurn(() => {
        const { deadLetters } = deps.settings();
        return listDeadLetters(
          { deadLetterTopic: deadLetters.topic, group, state, page, newest: newestLetters },
          {
            reader: deps.openReader(),
            findHolders,
            signal,
            onProgress: () => {},
            deadline: AbortSignal.timeout(lettersReadMs),
          },
        );
      }),
    read(partition, offset) {
      const { deadLetters } = deps.settings();
      return readWholeLetter(
        { deadLetterTopic: deadLetters.topic, partition, offset },
        {
          reader: deps.openReader(),
          findHolders,
          signal: AbortSignal.any([signal, AbortSignal.timeout(ONE_MS)]),
        },
      );
    },
  };
}
