import type { ChangesMessage, TopicsMessage } from "../../../api/live-messages.ts";
import { useLive, type Reducers } from "../state/live.ts";
import { tableOf, withChanges, type TopicsTable } from "./topics-table.ts";

const reducers: Reducers<{ topics: TopicsMessage; changes: ChangesMessage }, TopicsTable> = {
  topics: (_before, message) => tableOf(message),
  changes(before, message) {
    if (before === null) throw new Error("changes came before the table");
    return withChanges(before, message);
  },
};

/** Follows all topics of this host; null before they are known. */
export function useTopics(): TopicsTable | null {
  return useLive("/ui/events?view=topics", reducers);
}
