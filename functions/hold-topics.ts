import { PenstockError } from "../lib/rules/base/errors.ts";
import type { StoredOrder } from "../lib/rules/offsets/order-groups.ts";
import type { SourceRef } from "../lib/rules/model/declaration.ts";
import {
  type Hold,
  holdEntries,
  holdOf,
  type HoldOrder,
  holdText,
  holdWords,
  notFollowing,
  orderOf,
  placeText,
} from "../lib/rules/progress/hold.ts";

export interface HoldInput {
  readonly topics: readonly string[];
  /** False: release them. */
  readonly held: boolean;
  readonly by: string;
  /** Null: none was given. */
  readonly reason: string | null;
}

/** What is known of a topic that is declared. */
export interface DeclaredTopic {
  readonly inKafka: boolean;
  /** The declaration that holds it; null: none does. */
  readonly heldBy: SourceRef | null;
  /** How many it has; 0: not known. */
  readonly partitions: number;
}

export interface HoldDeps {
  /** @returns null if it is not declared @throws PenstockError */
  declared(topic: string): Promise<DeclaredTopic | null>;
  /** The orders kept in Kafka. @throws PenstockError */
  read(): Promise<readonly StoredOrder[]>;
  write(orders: readonly StoredOrder[]): Promise<void>;
  /** How many hosts there are; null: at least one. @throws PenstockError */
  hosts(): Promise<number | null>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** @throws the reason of a stop */
  wait(ms: number): Promise<void>;
}

/** What became of one topic. */
export interface HoldResult {
  readonly topic: string;
  /**
   * `unchanged`: it was held, or not held, already. `undeclared`, `refused`: nothing was ordered. `superseded`: somebody else gave another
   * order meanwhile.
   */
  readonly action: "held" | "released" | "unchanged" | "undeclared" | "refused" | "superseded";
  /** One sentence. */
  readonly message: string;
  /** What holds it now; null: nothing. */
  readonly hold: Hold | null;
  /** The partitions whose hosts do not follow the order yet. */
  readonly waiting: readonly number[];
  /** How many hosts there are; null: at least one, or nobody had to be asked. */
  readonly hosts: number | null;
}

/** Hosts look every 2 s, and finish what is in flight for 5 s at most. */
const FOLLOW_MS = 15_000;
const LOOK_EVERY_MS = 300;

/**
 * Orders that topics are not read, or are read again, and waits until the hosts follow. An order is kept in Kafka, so it
 * outlives hosts, and works for topics of the config file; it never changes a declaration.
 * @throws PenstockError `kafka_unavailable`, `kafka_refused` if the orders cannot be read
 */
export async function holdTopics(input: HoldInput, deps: HoldDeps): Promise<readonly HoldResult[]> {
  const entries = holdEntries(await deps.read());
  const results: HoldResult[] = [];
  const given = new Map<string, Given>();
  for (const topic of new Set(input.topics)) {
    const declared = await deps.declared(topic);
    const decided = decide(topic, declared, orderOf(entries, topic), input, deps.now());
    if ("action" in decided) results.push(decided);
    else given.set(topic, { order: decided, declared });
  }
  if (given.size > 0) results.push(...(await carryOut(given, deps)));
  return input.topics.flatMap((topic) => results.find((result) => result.topic === topic) ?? []);
}

interface Given {
  readonly order: HoldOrder;
  readonly declared: DeclaredTopic | null;
}

/** @returns the order to give, or why none is */
function decide(
  topic: string,
  declared: DeclaredTopic | null,
  known: HoldOrder | null,
  { held, by, reason }: HoldInput,
  now: number,
): HoldOrder | HoldResult {
  const hold = holdOf(known, declaredHold(declared, now));
  const nothing = (action: "undeclared" | "refused" | "unchanged", message: string): HoldResult => ({
    topic,
    action,
    message: `topic "${topic}" ${message}`,
    hold,
    waiting: [],
    hosts: null,
  });
  if (declared === null) return nothing("undeclared", "is not declared, so no host reads it");
  if (!declared.inKafka)
    return nothing(
      "refused",
      held
        ? "does not exist in Kafka, where the order would be kept: declare it with `hold: true` instead"
        : "does not exist in Kafka, where orders are kept: release it once it exists",
    );
  const isHeld = known?.held === true;
  if (held && isHeld && hold !== null) {
    const { since } = hold;
    return nothing("unchanged", `is held already, since ${since}: ${holdWords(hold)}`);
  }
  if (!held && !isHeld) {
    const { heldBy } = declared;
    return heldBy === null
      ? nothing("unchanged", "is not held")
      : nothing("refused", `is held by ${placeText(heldBy)}: remove \`hold: true\` there`);
  }
  // Later than the one before, whatever the clocks say.
  return { held, by, reason, at: Math.max(now, (known?.at ?? 0) + 1) };
}

/** Writes the orders and waits until all partitions follow. Writes again what a host's late confirmation overwrote. */
async function carryOut(given: ReadonlyMap<string, Given>, deps: HoldDeps): Promise<readonly HoldResult[]> {
  /** Why Kafka refuses the order of a topic. */
  const refused = new Map<string, string>();
  const write = async (topics: readonly string[]): Promise<void> => {
    const orders = topics.flatMap((topic) => {
      const order = given.get(topic)?.order;
      if (order === undefined) return [];
      const metadata = holdText({ ...order, writtenAt: deps.now(), taken: false });
      return [{ topic, partition: 0, offset: 0, metadata }];
    });
    try {
      await deps.write(orders);
    } catch (error) {
      if (!(error instanceof PenstockError) || error.code !== "kafka_refused") throw error;
      // Of several, it may be one alone that the user may not read.
      if (topics.length > 1) for (const topic of topics) await write([topic]);
      else for (const topic of topics) refused.set(topic, error.message);
    }
  };
  await write([...given.keys()]);
  const hosts = await deps.hosts();
  const until = deps.now() + (hosts === 0 ? 0 : FOLLOW_MS);
  for (;;) {
    const entries = holdEntries(await deps.read());
    const results: HoldResult[] = [];
    const overwritten: string[] = [];
    for (const [topic, { order, declared }] of given) {
      const stands = orderOf(entries, topic);
      const why = refused.get(topic);
      if (why !== undefined) {
        const hold = holdOf(stands, declaredHold(declared, deps.now()));
        const message = `topic "${topic}": ${why}`;
        results.push({ topic, action: "refused", message, hold, waiting: [], hosts: null });
        continue;
      }
      if (stands === null || stands.at < order.at) overwritten.push(topic);
      const waiting = notFollowing(order, entries.get(topic), Math.max(1, declared?.partitions ?? 0));
      const now = stands !== null && stands.at > order.at ? stands : order;
      const hold = holdOf(now, declaredHold(declared, deps.now()));
      results.push({ topic, ...outcome(topic, now === order, order, hold), hold, waiting, hosts });
    }
    const isOver = results.every(({ action, waiting }) => action === "superseded" || waiting.length === 0);
    if (overwritten.length > 0) await write(overwritten);
    else if (isOver || deps.now() >= until) return results;
    await deps.wait(LOOK_EVERY_MS);
  }
}

function outcome(
  topic: string,
  isOurs: boolean,
  { held }: HoldOrder,
  hold: Hold | null,
): Pick<HoldResult, "action" | "message"> {
  const name = `topic "${topic}"`;
  if (!isOurs) {
    const what = hold === null ? "it is released" : `it is ${holdWords(hold)}`;
    return { action: "superseded", message: `${name}: somebody gave another order meanwhile: ${what}` };
  }
  if (held) return { action: "held", message: `${name} is held: nothing of it is read until it is released` };
  if (hold === null) return { action: "released", message: `${name} is read again` };
  const still = `the order is withdrawn, but ${hold.by} still holds it: remove \`hold: true\` there`;
  return { action: "released", message: `${name}: ${still}` };
}

function declaredHold(
  declared: DeclaredTopic | null,
  sinceMs: number,
): { readonly source: SourceRef; readonly sinceMs: number } | null {
  const source = declared?.heldBy ?? null;
  return source === null ? null : { source, sinceMs };
}
