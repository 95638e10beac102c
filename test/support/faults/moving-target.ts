import type { SeededRandom } from "../../../infra/bench/kit/random.ts";
import { fullForm, templateBody } from "../../../lib/rules/template/template-body.ts";
import type { TestElasticsearch } from "../elasticsearch.ts";

/**
 * A name that hosts write to, while the concrete index behind it changes: a data stream that is declared as one, one by
 * a template of the user's, or an alias with a write index.
 */
export type MovingKind = "declared stream" | "stream" | "alias";

/** A stream, or an alias with a write index, that rolls over. Disposing removes all but its current index. */
export interface MovingTarget extends AsyncDisposable {
  /** How often it was rolled over. */
  readonly rollovers: number;
  /** From now on records go to another index. Calls are served one after the other. */
  roll(): Promise<void>;
}

/** Milliseconds between two rollovers. Records of one bulk rarely meet more than one. */
const ROLL_MS = { least: 100, spread: 900 } as const;

/**
 * Creates it, empty, under the given name. A stream begins with its first document, so only its template is written, if
 * hosts do not write one.
 * @throws Error with Elasticsearch's answer if that refuses
 */
export async function createMovingTarget(
  elasticsearch: TestElasticsearch,
  name: string,
  kind: MovingKind,
): Promise<MovingTarget> {
  if (kind === "alias")
    await elasticsearch.demand("PUT", `/${name}-000001`, { aliases: { [name]: { is_write_index: true } } });
  else if (kind === "stream")
    await elasticsearch.demand("PUT", `/_index_template/${name}`, {
      index_patterns: [name],
      priority: 500,
      data_stream: {},
      template: templateBody(fullForm),
    });
  let rollovers = 0;
  let last: Promise<void> = Promise.resolve();
  const rollOnce = async (): Promise<void> => {
    // A stream exists from its first document on.
    if (kind !== "alias" && (await indicesBehind(name)).length === 0) return;
    await elasticsearch.demand("POST", `/${name}/_rollover`);
    rollovers += 1;
  };
  /** In the order of their creation. */
  const indicesBehind = async (name: string): Promise<readonly string[]> => {
    const { aliases, data_streams: streams } = (await elasticsearch.demand(
      "GET",
      `/_resolve/index/${name}?ignore_unavailable=true`,
    )) as unknown as Resolved;
    return [
      ...aliases.flatMap(({ indices }) => indices),
      ...streams.flatMap((stream) => stream.backing_indices),
    ].sort();
  };

  return {
    get rollovers() {
      return rollovers;
    },
    roll() {
      last = last.catch(() => {}).then(rollOnce);
      return last;
    },
    async [Symbol.asyncDispose]() {
      const former = (await indicesBehind(name)).slice(0, -1);
      if (former.length > 0) await elasticsearch.demand("DELETE", `/${former.join()}`);
    },
  };
}

/** Rolls over again and again, at random moments, until the signal. @throws what `roll` throws */
export async function keepRolling(
  target: MovingTarget,
  random: SeededRandom,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await Bun.sleep(ROLL_MS.least + random.next() * ROLL_MS.spread);
    if (!signal.aborted) await target.roll();
  }
}

interface Resolved {
  readonly aliases: readonly { readonly name: string; readonly indices: readonly string[] }[];
  readonly data_streams: readonly { readonly name: string; readonly backing_indices: readonly string[] }[];
}
