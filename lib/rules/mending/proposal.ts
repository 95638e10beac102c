import type { Mapping } from "../json/object.ts";
import type { LetterGroup } from "../dead-letters/letter-state.ts";
import type { Specification } from "../model/declaration.ts";
import type { TriedTarget } from "../trial/tried.ts";

/** A request to Elasticsearch, exactly as it is sent. */
export interface MendRequest {
  readonly method: "PUT" | "POST";
  readonly path: string;
  readonly body: Mapping;
}

/** One change that may make an index take the letters of a group. */
export interface Proposal {
  /** Names the change; each occurs once. */
  readonly id: string;
  readonly title: string;
  /** What it changes, in a sentence. */
  readonly change: string;
  /** What one gives up for it, in sentences. */
  readonly costs: readonly string[];
  /** Null if Elasticsearch need not be changed. */
  readonly request: MendRequest | null;
  /** Where the letters are replayed to; null: to the index that refused them. */
  readonly index: string | null;
  /** Whether it is made in the topic's declaration, and not by a request. */
  readonly declare: boolean;
}

/** What a proposal means for a trial. */
export interface Effect {
  readonly mappings?: Mapping;
  /** Added to the target's settings, by full name. */
  readonly settings?: Mapping;
  /** In place of the target's settings, by full name. */
  readonly allSettings?: Mapping;
  readonly spec?: Partial<Specification>;
}

export interface Plan {
  readonly proposal: Proposal;
  readonly effect: Effect;
}

/** The index that refused a group of letters, as it is now. */
export interface RefusingTarget {
  readonly kind: TriedTarget["kind"];
  /** The index that takes documents for the name; null if it does not exist yet, or there is none. */
  readonly index: string | null;
  /** Whether it is an alias whose write index can be rolled over without naming the next one. */
  readonly mayRollOver: boolean;
  readonly mappings: Mapping;
  /** Nested, as Elasticsearch shows them. */
  readonly settings: Mapping;
}

/** What proposals are made from. */
export interface MendingCase {
  readonly group: LetterGroup;
  /** Why letters were refused. */
  readonly reasons: readonly string[];
  readonly target: RefusingTarget;
  /** The topic's current settings. */
  readonly spec: Specification;
  /** Whether the topic is declared to go to this index; if not, a replay needs to name it. */
  readonly isDeclaredFor: boolean;
  /** Whether later indices are made from a template: an alias, a stream, or a name with a date. */
  readonly hasSuccessors: boolean;
  /** Whether Penstock manages templates, so that an alias holds all of its indices. */
  readonly managed: boolean;
  /** The index or pattern in which Explore looks for the topic's records; null if it is not declared. */
  readonly searched: string | null;
  /** Other topics that write to the index. */
  readonly others: readonly string[];
  /** Another index that somebody asked for; null if nobody did. */
  readonly into: string | null;
  /** Names for a new index beside this one: the first that is free, null if there is none; and those before it. */
  readonly beside: { readonly free: string | null; readonly taken: readonly string[] };
}
