import { Kafka, logLevel, Partitioners } from "kafkajs";
import { lookForWords, type WordVerdict } from "./look-for.ts";
import { corpusRecords } from "../load/material.ts";
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
  /** False: no words of its records are looked for, which in a wide index takes longer than all else. */
  readonly isSearched?: (scene: CorpusScene) => boolean;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/**
 * All scenes of the corpus.
 * @param every 1: all records; 3: a third of each source's
 */
export async function corpusScenes(seed: number, every: number): Promise<CorpusScene[]> {
  const records = (await corpusRecords()).filter(({ n }) => n % every === 0);
  return [...scenesAlone(records), ...scenesMixed(records, seed)];
}

/** Has a host move the scenes, and looks at what became of each record. Topics, indices and patterns are its own, and removed. */
export async function runCorpus(options: CorpusRunOptions): Promise<CorpusRun> {
  const { brokers, node, scenes, checkout, seed, signal, progress, isSearched = () => true } = options;
  const name = `corpus-${crypto.randomUUID().slice(0, 8)}`;
  const kafka = new Kafka({ clientId: "corpus", brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await Promise.all([admin.connect(), producer.connect()]);
  try {
    progress("records are moved");
    const moved = await moveScenes(scenes, { brokers, node, name, checkout, admin, producer, signal });
    progress("documents are counted");
    const outcomes = await outcomesOf(moved, kafka, node, signal);
    progress("words are looked for");
    const searched = outcomes.filter(({ scene }) => isSearched(scene));
    const verdicts = await lookForWords(searched, { node, checkout, seed, signal });
    return { outcomes, verdicts };
  } finally {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(name));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    await Promise.all([admin.disconnect(), producer.disconnect()]);
    for (let start = 0; start < scenes.length; start += 50) {
      const indices = scenes.slice(start, start + 50).map((_, at) => `${name}-${start + at}`);
      await fetch(new URL(`/${indices.join(",")}?ignore_unavailable=true`, node), { method: "DELETE" });
    }
  }
}
