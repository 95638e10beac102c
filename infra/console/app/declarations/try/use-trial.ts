import { useState } from "../../hooks/hooks.ts";
import { triedFromJson, type TriedTopic } from "../../../../../lib/rules/trial/tried.ts";
import { ask } from "../../state/api.ts";

export interface TrialState {
  readonly busy: boolean;
  readonly tried: TriedTopic | null;
  /** The declaration that was tried, as JSON. */
  readonly triedOf: string;
  readonly error: string | null;
}

const nothing: TrialState = { busy: false, tried: null, triedOf: "", error: null };
/** Longer than the host's own deadline of a trial. */
const TIMEOUT_MS = 90_000;

/** Asks the host what would become of a topic's newest records with a declaration. */
export function useTrial(): {
  readonly state: TrialState;
  readonly run: (topic: string, declaration: object) => Promise<void>;
} {
  const [state, setState] = useState<TrialState>(nothing);
  return {
    state,
    async run(topic, declaration) {
      setState((before) => ({ ...before, busy: true, error: null }));
      try {
        const tried = await ask<TriedTopic>(`/topics/${encodeURIComponent(topic)}/try`, {
          method: "POST",
          body: { declaration },
          timeoutMs: TIMEOUT_MS,
          parse: triedFromJson,
        });
        setState({ ...nothing, tried, triedOf: JSON.stringify(declaration) });
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown.message : String(thrown);
        setState({ ...nothing, error });
      }
    },
  };
}
