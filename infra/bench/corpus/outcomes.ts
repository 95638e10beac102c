import type { Kafka } from "kafkajs";
import { z } from "zod";
import { elasticsearchRequest } from "../kit/elasticsearch-request.ts";
import { waitFor } from "../../stack/process/wait-for.ts";
import type { CorpusRecord } from "../load/material.ts";
import type { Moved, MovedScene } from "./move.ts";

/** What became of one record. */
export interface CorpusOutcome {
  readonly scene: MovedScene;
  readonly record: CorpusRecord;
  readonly documents: readonly CorpusDocument[];
  /** The reasons of its dead letters; more than one means doubles. */
  readonly refusals: readonly string[];
}

export interface CorpusDocument {
  readonly id: string;
  readonly timeMs: number;
  /** Fields whose values are stored but not searchable. */
  readonly ignored: readonly string[];
  readonly tags: readonly string[];
}

const hitsAnswer = z.object({
  hits: z.object({
    hits: z.array(
      z.object({
        _id: z.string(),
        _ignored: z.array(z.string()).default([]),
        fields: z.object({
          "@timestamp": z.tuple([z.string()]),
          "kafka.offset": z.tuple([z.number()]),
          tags: z.array(z.string()).default([]),
        }),
      }),
    ),
  }),
});

/** Looks up every moved record in Elasticsearch and in the dead-letter topic. */
export async function outcomesOf(
  { scenes, deadLetterTopic }: Moved,
  kafka: Kafka,
  node: string,
  signal: AbortSignal,
): Promise<CorpusOutcome[]> {
  const letters = await refusalsIn(kafka, deadLetterTopic, signal);
  const request = elasticsearchRequest(node, signal);
  const outcomes: CorpusOutcome[] = [];
  for (const scene of scenes) {
    const documents = Map.groupBy(await documentsIn(scene.topic), ({ offset }) => offset);
    for (const [offset, record] of scene.records.entries()) {
      outcomes.push({
        scene,
        record,
        documents: documents.get(offset) ?? [],
        refusals: letters.get(`${scene.topic}:${offset}`) ?? [],
      });
    }
  }
  return outcomes;

  async function documentsIn(index: string): Promise<(CorpusDocument & { readonly offset: number })[]> {
    const options = "ignore_unavailable=true";
    await request("POST", `/${index}/_refresh?${options}`);
    const answer = await request("POST", `/${index}/_search?${options}`, {
      size: 10_000,
      _source: false,
      fields: [{ field: "@timestamp", format: "epoch_millis" }, "kafka.offset", "tags"],
    });
    return hitsAnswer.parse(answer).hits.hits.map(({ _id, _ignored, fields }) => ({
      id: _id,
      timeMs: Math.floor(Number(fields["@timestamp"][0])),
      ignored: _ignored,
      tags: fields.tags,
      offset: fields["kafka.offset"][0],
    }));
  }
}

/** Returns reasons by topic and offset. The topic exists only if something was refused. */
async function refusalsIn(kafka: Kafka, topic: string, signal: AbortSignal): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const admin = kafka.admin();
  await admin.connect();
  const isThere = (await admin.listTopics()).includes(topic);
  const ends = isThere ? await admin.fetchTopicOffsets(topic) : [];
  await admin.disconnect();
  const expected = ends.reduce((sum, { high }) => sum + Number(high), 0);
  if (expected === 0) return found;
  const consumer = kafka.consumer({ groupId: `${topic}-read` });
  let seen = 0;
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        const header = (name: string): string => String(message.headers?.[`penstock.${name}`] ?? "");
        const place = `${header("topic")}:${header("offset")}`;
        found.set(place, [...(found.get(place) ?? []), `${header("error.type")}: ${header("error.reason")}`]);
        seen += 1;
      },
    });
    await waitFor("all dead letters are read", () => seen >= expected, { signal, withinMs: 60_000 });
  } finally {
    await consumer.disconnect();
  }
  return found;
}
