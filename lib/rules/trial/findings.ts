import type { ServerError } from "../outcomes/bulk-answer.ts";
import type { TriedTarget } from "./tried.ts";

/** What a trial found out about a document, by its id. */
export interface TrialDocument {
  /** In the form that was accepted or, if none was, in the first one. */
  readonly sent: string;
  /** The same after the pipelines. */
  readonly json: string;
  readonly index: string;
  readonly pipelines: readonly string[];
  readonly ignored: readonly string[];
  /** The first refusal. */
  readonly error: ServerError | null;
  /** Why it was left out of the trial; null if it was not. */
  readonly untried: string | null;
}

/** What a trial found out about all that was sent. */
export interface TrialFindings {
  readonly documents: ReadonlyMap<string, TrialDocument>;
  readonly targets: readonly Omit<TriedTarget, "records">[];
  /** Why nothing at all could be written; null if that is not so. */
  readonly blocked: string | null;
  /** Why nothing can be said; null if it can. */
  readonly unknown: string | null;
  readonly notes: readonly string[];
}
