import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import { deadline, sleep, type Time } from "../../../rules/base/time.ts";
import { secondsText } from "../../../rules/base/units.ts";
import { indexPatternOf } from "../../../rules/model/names.ts";
import type { SentRecords, Span, Target } from "./sent-records.ts";

/*
 * A question passes through these steps, each for many questions at once:
 *
 * | it is    | meaning                                                      | left by                                       |
 * | gathered | others may come within some milliseconds                     | time over: resolved                           |
 * | resolved | it is known what its target leads to; nothing to look up     | answered, or waiting                          |
 * | waiting  | bulk requests that may concern it are under way              | all seen at first are over: settled; not due, |
 * |          |                                                              | or 30 s: refused                              |
 * | settled  | the places are refreshed, the highest offsets asked          | answered; one place fails or takes long: each |
 * |          |                                                              | half alone                                    |
 */

/** What one topic needs to know before it sends records that may have been sent before. */
export interface Unsettled {
  readonly topic: string;
  /** As in `Specification.index`. */
  readonly index: string;
  /** True if it is declared as a data stream, in case that Elasticsearch does not tell. */
  readonly isStream: boolean;
  /** Where records may have gone before, as far as that is another name: indices, possibly with a date placeholder. */
  readonly formerly: ReadonlySet<string>;
  /** Asks for the highest offsets in these spans. With none there is nothing to look up. Null: ids are looked up later. */
  readonly spans: readonly Span[] | null;
  /** False: nobody waits for the answer any more. */
  isDue(): boolean;
}

export interface Settled {
  readonly target: Target;
  /** By partition; those without a document are left out. An error if Elasticsearch cannot tell. */
  readonly highest: ReadonlyMap<number, number> | Error;
}

/**
 * Makes sure that nothing sent before can still arrive unseen: finds out where records go, waits for bulk requests
 * under way, refreshes. Needs nothing but one request where a repeated `_id` meets its document anyway.
 */
export interface Settling {
  /** @throws PenstockError `elasticsearch_unavailable`: ask again later */
  settle(question: Unsettled): Promise<Settled>;
  close(): void;
}

export interface SettlingDeps {
  readonly sent: SentRecords;
  readonly time: Time;
  readonly logger: Logger;
}

/** Many partitions of many topics are assigned within some milliseconds. */
const GATHER_MS = 5;
/** Between two looks at the bulk requests under way, the first ones and the later ones. */
const LOOK_AGAIN_MS = 50;
const LOOK_LATER_MS = 500;
const SOON_LOOKS = 10;
/** For bulk requests under way. Then whoever waits hears why, and asks again. Most end earlier, even without a shard. */
const BULK_PATIENCE_MS = 30_000;
/** For a refresh of several topics. */
const PATIENCE_MS = 3_000;

interface Item extends Unsettled, PromiseWithResolvers<Settled> {
  target: Target;
  /** Bulk requests to wait for; null: not looked yet. */
  busy: ReadonlySet<string> | null;
}

export function createSettling(deps: SettlingDeps): Settling {
  return new SettlingRounds(deps);
}

const NOTHING: ReadonlyMap<number, number> = new Map();

class SettlingRounds implements Settling {
  readonly #deps: SettlingDeps;
  readonly #life = new AbortController();
  readonly #told = new Set<string>();
  #gathered: Item[] = [];

  constructor(deps: SettlingDeps) {
    this.#deps = deps;
  }

  settle(question: Unsettled): Promise<Settled> {
    const { topic, index, isStream, formerly, spans } = question;
    const item: Item = {
      topic,
      index,
      isStream,
      formerly,
      spans,
      isDue: () => question.isDue(),
      ...Promise.withResolvers<Settled>(),
      target: { kind: "fixed" },
      busy: null,
    };
    this.#gathered.push(item);
    if (this.#gathered.length === 1)
      this.#deps.time.after(GATHER_MS, () => {
        const items = this.#gathered;
        this.#gathered = [];
        void this.#round(items);
      });
    return item.promise;
  }

  close(): void {
    this.#life.abort(new Error("nothing is looked up any more"));
  }

  async #round(items: readonly Item[]): Promise<void> {
    try {
      await this.#resolve(items);
      const open = items.filter((item) => {
        if (needsLook(item)) return true;
        item.resolve({ target: item.target, highest: NOTHING });
        return false;
      });
      await this.#wait(open);
    } catch (error) {
      for (const item of items) item.reject(error);
    }
  }

  async #resolve(items: readonly Item[]): Promise<void> {
    const indices = [...new Set(items.map(({ index }) => index))];
    const targets = await this.#orElse("what a name leads to", null, () =>
      this.#deps.sent.targets(indices, this.#life.signal),
    );
    for (const item of items) {
      const unknown: Target = item.isStream
        ? { kind: "moving", indices: [], writesTo: item.index }
        : { kind: "fixed" };
      item.target = targets?.get(item.index) ?? unknown;
    }
  }

  /** Waits for the bulk requests that are seen at the first look: later ones know what they do. */
  async #wait(items: readonly Item[]): Promise<void> {
    const { time } = this.#deps;
    const untilMs = time.monotonicMs() + BULK_PATIENCE_MS;
    let open = items;
    for (let looks = 1; open.length > 0; looks += 1) {
      const groups = open.map(({ index, target, formerly }) => [
        index,
        ...(target.kind === "moving" ? target.indices : []),
        ...formerly,
      ]);
      const underWay = await this.#orElse("which bulk requests are under way", [], () =>
        this.#deps.sent.underWay(groups, this.#life.signal),
      );
      const quiet: Item[] = [];
      const busy: Item[] = [];
      for (const [at, item] of open.entries()) {
        const now = underWay[at] ?? new Set<string>();
        item.busy = item.busy?.intersection(now) ?? now;
        if (item.busy.size === 0) quiet.push(item);
        else if (!item.isDue()) item.reject(new Error("nobody waits for the answer"));
        else if (time.monotonicMs() < untilMs) busy.push(item);
        else item.reject(stillBusy(item));
      }
      if (quiet.length > 0) void this.#look(quiet);
      open = busy;
      if (open.length > 0)
        await sleep(time, looks < SOON_LOOKS ? LOOK_AGAIN_MS : LOOK_LATER_MS, this.#life.signal);
    }
  }

  /** A refresh waits for a shard that is missing, so many topics wait for one place only for a moment. */
  async #look(items: readonly Item[]): Promise<void> {
    const { time, sent } = this.#deps;
    const life = this.#life.signal;
    const places = [...new Set(items.flatMap(placesOf))];
    try {
      if (items.length > 1) {
        using limit = deadline(time, PATIENCE_MS, life);
        await sent.refresh(places, limit.signal);
      } else await this.#orElse("a refresh", undefined, () => sent.refresh(places, life));
    } catch (error) {
      if (items.length > 1 && !life.aborted && !isOfCluster(error)) {
        const middle = items.length >> 1;
        await Promise.all([this.#look(items.slice(0, middle)), this.#look(items.slice(middle))]);
      } else for (const item of items) item.reject(error);
      return;
    }
    await this.#ask(items);
  }

  async #ask(items: readonly Item[]): Promise<void> {
    const asked = items.filter(({ spans }) => spans !== null);
    const questions = asked.map((item) => ({
      topic: item.topic,
      places: placesOf(item),
      spans: item.spans ?? [],
    }));
    let answers: Awaited<ReturnType<SentRecords["highest"]>>;
    try {
      answers = asked.length === 0 ? [] : await this.#deps.sent.highest(questions, this.#life.signal);
    } catch (error) {
      answers = asked.map(() => (error instanceof Error ? error : new Error(messageOf(error))));
    }
    const highest = new Map(asked.map((item, at) => [item, answers[at] ?? NOTHING]));
    for (const item of items) item.resolve({ target: item.target, highest: highest.get(item) ?? NOTHING });
  }

  /** Goes on without what Elasticsearch refuses for good, and says so once. */
  async #orElse<T>(what: string, fallback: T, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (!this.#told.has(what))
        this.#deps.logger.warn(
          "Elasticsearch refuses to say what was sent before: behind an alias or a data stream, a crash may now double records",
          { refused: what, error: messageOf(error) },
        );
      this.#told.add(what);
      return fallback;
    }
  }
}

function stillBusy({ index }: Item): PenstockError {
  const message = `bulk requests to ${index} have been under way for ${secondsText(BULK_PATIENCE_MS)}`;
  return new PenstockError("elasticsearch_unavailable", message, { retryable: true });
}

function needsLook({ target, formerly, spans }: Item): boolean {
  return (target.kind === "moving" || formerly.size > 0) && (spans === null || spans.length > 0);
}

/** Where records may be that were sent before. A concrete index needs no look: a repeated id meets its document. */
export function placesOf({
  index,
  target,
  formerly,
}: Pick<Unsettled, "index" | "formerly"> & { readonly target: Target }): readonly string[] {
  const names = target.kind === "fixed" ? [...formerly] : [index, ...formerly];
  return [...new Set(names.map(indexPatternOf))];
}

/** Whether no other topic would fare better. */
function isOfCluster(error: unknown): boolean {
  const cause = error instanceof PenstockError ? error.cause : null;
  return typeof cause === "object" && cause !== null && "kind" in cause && cause.kind !== "response";
}

/**
 * Whether asking again is in vain until somebody changes something: Elasticsearch itself refused. Not an answer that cannot
 * be read, which may have been cut off on its way. A wrong password stops all writing anyway, and with 408 a proxy gave up
 * waiting.
 */
export function isRefused(error: unknown): boolean {
  if (!(error instanceof PenstockError) || error.code !== "elasticsearch_refused") return false;
  const { cause } = error;
  if (typeof cause !== "object" || cause === null || !("status" in cause)) return false;
  return cause.status !== 401 && cause.status !== 408;
}
