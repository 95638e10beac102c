import type { EtcdSnapshot } from "../../../lib/adapters/etcd/snapshot.ts";
import type {
  Declaration,
  DeclarationTarget,
  Refusal,
  SourceRef,
  TopicOptions,
} from "../../../lib/rules/model/declaration.ts";
import { parseEtcdValue } from "../../../lib/rules/declarations/etcd-value.ts";
import { showValue } from "../../../lib/rules/yaml/problem.ts";
import { nameOf } from "../../../lib/rules/declarations/edit.ts";
import { identityOf } from "../../../lib/rules/declarations/patience.ts";
import { contradictions, specify } from "../../../lib/rules/model/specification.ts";
import { mergeDeclarations } from "../../../lib/rules/declarations/desired.ts";
import type { TopicState } from "../../../lib/rules/progress/status.ts";
import { type Hold, type HoldEntries, holdOf, holdWords, orderOf } from "../../../lib/rules/progress/hold.ts";
import { oneLine } from "../../../lib/rules/base/visible-text.ts";
import { alignColumns } from "../kit/columns.ts";

/** The declarations, by precedence of their sources, and the refused ones. */
export interface TopicsListing {
  readonly declarations: readonly Declaration[];
  readonly refusals: readonly Refusal[];
  /** The orders that hold topics, by the source of the declaration that the topic follows; null or absent: not known. */
  readonly held?: HeldBySource | null;
  /** What becomes of each topic, as the running host says; null or absent: none answers. */
  readonly states?: StateByTopic | null;
}

/** By topic. */
export type StateByTopic = ReadonlyMap<
  string,
  { readonly state: TopicState; readonly reason: string | null }
>;

/** An order that holds a topic. */
export interface HeldTopic extends Hold {
  readonly topic: string;
}
export type HeldBySource = ReadonlyMap<SourceRef, readonly HeldTopic[]>;

/** Finds the declaration that each held topic follows. What is not declared is left out. @param orders as Kafka keeps them */
export function heldBySource(
  declarations: readonly Declaration[],
  orders: HoldEntries,
  deadLetterTopic: string,
): HeldBySource {
  const { desired } = mergeDeclarations(declarations, orders.keys(), deadLetterTopic);
  const held = [...orders.keys()].flatMap((topic) => {
    const hold = holdOf(orderOf(orders, topic), null);
    const source = desired.get(topic)?.sources[0];
    return hold === null || source === undefined ? [] : [{ source, hold: { topic, ...hold } }];
  });
  const groups = Map.groupBy(held, ({ source }) => source);
  return new Map([...groups].map(([source, some]) => [source, some.map(({ hold }) => hold)]));
}

/** Lists the declarations of the config file and of every etcd key. @param snapshot null: etcd is not configured */
export function listTopics(
  fromConfig: readonly Declaration[],
  snapshot: EtcdSnapshot | null,
  deadLetterTopic: string,
): TopicsListing {
  const declarations = [...fromConfig];
  const refusals: Refusal[] = [];
  for (const { key, value, problem, modRevision } of snapshot?.keys ?? []) {
    const source = { name: key, revision: modRevision };
    if (value === null) {
      refusals.push({
        source: { kind: "etcd", ...source },
        name: null,
        reason: problem ?? "it cannot be read",
        lastGoodKept: false,
      });
      continue;
    }
    const parsed = parseEtcdValue(value, source, [], deadLetterTopic);
    declarations.push(...parsed.declarations);
    refusals.push(...parsed.refused);
  }
  return { declarations, refusals };
}

/** The listing for a person: a line for each declaration and each refusal. */
export function formatListing({ declarations, refusals, held, states }: TopicsListing): string {
  if (declarations.length + refusals.length === 0) return "No topics are declared.\n";
  const winnerOf = winners(declarations);
  const rows = declarations.map((declaration) => {
    const { target, options, source, ignored = [] } = declaration;
    const winner = winnerOf(declaration);
    const notes = [
      sourceText(source),
      ...(winner === null ? stateWords(target, states ?? null) : []),
      ...(options.hold ? ["held"] : []),
      ...heldWords(target, held?.get(source) ?? []),
      ...(winner === null
        ? []
        : [`${winner.alike ? "as in" : "overridden by"} ${sourceText(winner.source)}`]),
      ...(ignored.length === 0 ? [] : [`ignored there: ${oneLine(ignored.join(", "))}`]),
    ];
    return [targetName(target), targetWords(options), notes.join(", ")];
  });
  const refused = refusals.map(({ reason, source }) => `refused: ${oneLine(reason)} (${sourceText(source)})`);
  return `${[...alignColumns(rows, 3), ...refused].join("\n")}\n`;
}

/** `running`, `stalled: the index is blocked`. */
function stateWords(target: DeclarationTarget, states: StateByTopic | null): string[] {
  const told = target.kind === "topic" ? states?.get(target.topic) : undefined;
  if (told === undefined) return [];
  return [told.reason === null ? told.state : `${told.state}: ${oneLine(told.reason)}`];
}

const NAMED_HOLDS = 5;

/** `held by alice@ops: reindexing`; of a pattern, with the topics. */
function heldWords(target: DeclarationTarget, held: readonly HeldTopic[]): string[] {
  const rest = held.length - NAMED_HOLDS;
  return [
    ...held
      .slice(0, NAMED_HOLDS)
      .map((hold) => oneLine(`${target.kind === "topic" ? "" : `${hold.topic} `}${holdWords(hold)}`)),
    ...(rest > 0 ? [`${rest} more held`] : []),
  ];
}

function targetName(target: DeclarationTarget): string {
  if (target.kind === "topic") return target.topic;
  const { pattern, exclude = [] } = target;
  return `pattern ${pattern}${exclude.length === 0 ? "" : ` but ${exclude.join(", ")}`}`;
}

/** Where documents go if not to an index with the topic's name. */
function targetWords({ index, dataStream, retention }: TopicOptions): string {
  if (dataStream === null) return index === null ? "" : `→ ${oneLine(index)}`;
  const kept = retention === null ? "" : `, kept ${retention}`;
  return `→ data stream ${oneLine(dataStream)}${kept}`;
}

/** The listing as JSON: a flat object for each declaration. */
export function listingAsJson({ declarations, refusals, held = null, states = null }: TopicsListing): string {
  const winnerOf = winners(declarations);
  const topics = declarations.map((declaration) => {
    const { target, options, source, ignored = [] } = declaration;
    const overriddenBy = winnerOf(declaration)?.source ?? null;
    const exclude = target.kind === "pattern" ? target.exclude : undefined;
    return {
      [target.kind]: nameOf(target),
      ...(exclude && { exclude }),
      ...options,
      source,
      overriddenBy,
      state: (target.kind === "topic" && overriddenBy === null && states?.get(target.topic)?.state) || null,
      heldBy: held === null ? null : (held.get(source) ?? []),
      ignored,
    };
  });
  return `${JSON.stringify({ topics, refused: refusals }, null, 2)}\n`;
}

interface Winner {
  readonly source: SourceRef;
  /** Whether it says the same, but for the path. */
  readonly alike: boolean;
}

/** Returns what overrides a declaration: the first of the same name. Null: the declaration itself is the first. */
function winners(declarations: readonly Declaration[]): (one: Declaration) => Winner | null {
  const first = new Map<string, Declaration>();
  for (const one of declarations) if (!first.has(identityOf(one))) first.set(identityOf(one), one);
  return (one) => {
    const winner = first.get(identityOf(one));
    if (winner === undefined || winner === one) return null;
    const name = nameOf(one.target);
    const alike = contradictions(specify(winner, name), specify(one, name)).length === 0;
    return { source: winner.source, alike };
  };
}

/** Where something is declared, for a person. */
export function sourceText(source: Refusal["source"]): string {
  if (source.kind === "config") return oneLine(source.name);
  return `etcd key ${showValue(source.name)} (revision ${source.revision})`;
}
