import { openBroker } from "../load/broker.ts";
import { corpusRecords } from "../load/material.ts";
import { lookForWords, type WordVerdict } from "./look-for.ts";
import { type CorpusServers, moveScenes } from "./move.ts";
import { type CorpusOutcome, outcomesOf } from "./outcomes.ts";
import { type CorpusScene, scenesAlone, scenesMixed } from "./scenes.ts";

export interface CorpusRun {
  readonly outcomes: readonly CorpusOutcome[];
  readonly verdicts: readonly WordVerdict[];
}

export interface CorpusRunOptions extends CorpusServers {
  readonly scenes: readonly CorpusScene[];
  /** The folder of the Penstock to run; undefined: this one. */
  readonly checkout: string | undefined;
  readonly seed: number;
  /** False: the words of this scene are not looked for, which takes longer than all else in a wide index. */
  readonly isSearched?: (scene: CorpusScene) => boolean;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

const DELETE_AT_ONCE = 50;

/**
 * Returns all scenes of the corpus.
 * @param every 1: all records; 3: a third of each source's
 */
export async function corpusScenes(seed: number, every: number): Promise<CorpusScene[]> {
  const records = (await corpusRecords()).filter(({ n }) => n % every === 0);
  return [...scenesAlone(records), ...scenesMixed(records, seed)];
}

/** Has a host move the scenes, and reports what became of each record. Removes its topics and indices at the end. */
export async function runCorpus(options: CorpusRunOptions): Promise<CorpusRun> {
  const { brokers, node, scenes, checkout, seed, signal, progress, isSearched = () => true } = options;
  const name = `corpus-${crypto.randomUUID().slice(0, 8)}`;
  await using broker = await openBroker(brokers);
  try {
    progress("moving records");
    const moved = await moveScenes(scenes, { broker, node, name, checkout, signal });
    progress("counting documents");
    const outcomes = await outcomesOf(moved, broker.kafka, node, signal);
    progress("looking for words");
    const searched = outcomes.filter(({ scene }) => isSearched(scene));
    const verdicts = await lookForWords(searched, { node, checkout, seed, signal });
    return { outcomes, verdicts };
  } finally {
    const topics = (await broker.admin.listTopics()).filter((topic) => topic.startsWith(name));
    if (topics.length > 0) await broker.admin.deleteTopics({ topics });
    for (let start = 0; start < scenes.length; start += DELETE_AT_ONCE) {
      const indices = scenes.slice(start, start + DELETE_AT_ONCE).map((_, at) => `${name}-${start + at}`);
      await fetch(new URL(`/${indices.join(",")}?ignore_unavailable=true`, node), { method: "DELETE" });
    }
  }
}
