import { documentId } from "../../lib/rules/documents/document-id.ts";
import { compareCensus, type Span } from "./world/census.ts";
import { alignColumns } from "../cli/kit/columns.ts";
import { excerpt, type Narrator } from "./narrator.ts";
import { addedTopic, fileTopics, removedTopic, type Stage } from "./world/stage.ts";
import { waitFor } from "../stack/process/wait-for.ts";

/** The context of a step. */
export interface Scene {
  readonly stage: Stage;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
  /** Prints and records the result of a check. */
  readonly verify: (ok: boolean, text: string, ...details: string[]) => void;
}

const allTopics = [...fileTopics, addedTopic];

export async function runFileTopics({ stage, narrator, signal, verify }: Scene): Promise<void> {
  const startedAt = performance.now();
  const declared = [...fileTopics, removedTopic];
  await stage.declarations.add(removedTopic, stage.logFiles[removedTopic]);
  narrator.waiting("starting the host");
  await stage.host.start(signal);
  await waitFor(
    "the topics of the config file are running",
    async () => {
      const running = (await stage.topics()).filter(({ state }) => state === "running");
      return declared.every((topic) => running.some((one) => one.topic === topic)) || null;
    },
    { signal, withinMs: 60_000 },
  );
  const records = await caughtUp({ stage, narrator, signal }, declared);
  verify(
    true,
    `The host moves the topics of its config file: ${records} lines in ${secondsSince(startedAt)} s`,
    fileTopics.join(", "),
  );
}

export async function addTopic({ stage, narrator, signal, verify }: Scene): Promise<void> {
  const first = await waitFor(
    "etcd's first log line is in Kafka",
    async () => stage.feed.first(addedTopic) ?? null,
    {
      signal,
      withinMs: 10_000,
    },
  );
  narrator.waiting(`adding ${addedTopic} in etcd`);
  const sentAtMs = await stage.declarations.add(addedTopic, stage.logFiles[addedTopic]);
  const id = documentId(addedTopic, first);
  await waitFor(
    `the first document of ${addedTopic}`,
    async () => (await stage.documents.exists(addedTopic, id)) || null,
    { signal, withinMs: 30_000, everyMs: 5 },
  );
  verify(
    true,
    `${addedTopic} added in etcd: first document in Elasticsearch after ${msSince(sentAtMs)} ms`,
    "from sending the put until a GET by id finds the document",
  );
}

export async function removeTopic({ stage, narrator, signal, verify }: Scene): Promise<void> {
  const membersBefore = await stage.broker.members();
  narrator.waiting(`removing ${removedTopic} in etcd`);
  const sentAtMs = await stage.declarations.remove(removedTopic);
  await waitFor(
    `${removedTopic} stops`,
    async () => (await stage.topics()).every(({ topic }) => topic !== removedTopic) || null,
    { signal, withinMs: 30_000, everyMs: 5 },
  );
  const took = msSince(sentAtMs);
  const membersAfter = await stage.broker.members();
  const untouched = membersBefore.length > 0 && membersAfter.join() === membersBefore.join();
  verify(
    untouched,
    `${removedTopic} removed in etcd: stopped after ${took} ms`,
    untouched
      ? `the host kept its membership in the group, and its other ${allTopics.length} topics continued`
      : "but the host left its group",
  );
}

export async function killHost({ stage, narrator, signal, verify }: Scene): Promise<void> {
  const { host } = stage;
  await host.kill("SIGKILL");
  const killedAt = performance.now();
  const committed = await committedOf(stage, allTopics);
  narrator.note(
    "The host was killed with SIGKILL and started again, while new lines arrive.",
    "Its partitions pause until Kafka ends the killed member's session.",
  );
  await host.start(signal);
  let most = 0;
  await waitFor(
    "the restarted host continues",
    async () => {
      const waiting = await lagOf(stage, allTopics);
      const continues = (await committedOf(stage, allTopics)) > committed;
      if (continues) return true;
      most = Math.max(most, waiting);
      narrator.waiting(`${most} lines are waiting in Kafka`);
      return null;
    },
    { signal, withinMs: 60_000, everyMs: 200 },
  );
  const after = secondsSince(killedAt);
  await caughtUp({ stage, narrator, signal }, allTopics);
  verify(most > 0, `The restarted host continued ${after} s after the kill; ${most} lines had been waiting`);
}

export async function countAll({ stage, narrator, verify, signal }: Scene): Promise<void> {
  narrator.waiting("counting");
  const rows = [["", "offsets", "documents", "missing", "doubled"]];
  let exact = true;
  for (const topic of allTopics) {
    const spans = await stage.broker.spans(topic);
    await untilCommitted({ stage, narrator, signal }, topic, spans);
    const census = compareCensus(spans, await stage.documents.positions(topic));
    const { offsets, documents, missing, doubled, strays } = census;
    rows.push([topic, ...[offsets, documents, missing, doubled + strays].map(String)]);
    exact &&= census.exact && census.offsets > 0;
  }
  verify(exact, exact ? "Every Kafka offset has exactly one document" : "Offsets and documents differ");
  narrator.lines(alignColumns(rows));

  const spans = await stage.broker.spans(removedTopic);
  const committed = await stage.broker.committed(removedTopic);
  const moved = spans.map(({ partition, start }) => ({
    partition,
    start,
    end: committed.get(partition) ?? start,
  }));
  const positions = await stage.documents.positions(removedTopic);
  const before = compareCensus(moved, positions);
  const all = compareCensus(spans, positions);
  verify(
    before.exact && before.offsets > 0 && all.documents === before.documents && all.missing > 0,
    `${removedTopic}, removed: its ${before.documents} documents stayed, and ${all.missing} later lines are still in Kafka`,
  );
}

/** The host's own log is one of the topics. If moving it made it grow, it would never end. */
export async function watchOwnLog({ stage, narrator, signal, verify }: Scene): Promise<void> {
  const own = "penstock_log";
  const others = allTopics.filter((topic) => topic !== own);
  const wanted = 20;
  let ownBefore = -1;
  // The restarted host first writes some lines of its own.
  await waitFor(
    "the host's own log stops growing",
    async () => {
      const end = await endOf(stage, [own]);
      const isStill = end === ownBefore;
      ownBefore = end;
      return isStill || null;
    },
    { signal, withinMs: 30_000, everyMs: 1_000 },
  );
  const before = await committedOf(stage, others);
  let moved = 0;
  await waitFor(
    "more lines are moved",
    async () => {
      moved = (await committedOf(stage, others)) - before;
      narrator.waiting(`checking whether the host's own log feeds itself: ${moved} other lines moved`);
      return moved >= wanted || null;
    },
    { signal, withinMs: 30_000, everyMs: 200 },
  );
  const grown = (await endOf(stage, [own])) - ownBefore;
  // Other lines, for example about a rebalance, do not come with each moved line.
  verify(
    grown * 2 < moved,
    `While ${moved} more lines were moved, the host wrote ${grown} lines to its own log`,
  );
}

export async function search({ stage, verify }: Scene): Promise<void> {
  const word = "started";
  const { total, best } = await stage.documents.search("elasticsearch_log", word);
  verify(
    best !== undefined,
    `A search for "${word}" in elasticsearch_log finds ${total} ${total === 1 ? "line" : "lines"}`,
    ...(best === undefined ? [] : [excerpt(best.message, word, 74)]),
  );
}

export function addresses({ stack, hostUrl, configPath }: Stage): string[] {
  const rows = [
    ["Console", `${hostUrl}/`],
    ["Search", `${stack.elasticsearch.node}/penstock-records/_search?q=started&pretty`],
    ["etcd", stack.etcd.endpoints.join(",")],
    ["Kafka", stack.kafka.brokers.join(",")],
    ["Config", configPath],
  ];
  return alignColumns(rows, 2);
}

/** What to type next, in another terminal. */
export function nextCommands({ configPath }: Stage): string[] {
  return [
    "Next, in another terminal:",
    `  bun run top --config ${configPath}`,
    `  bun run tap ${addedTopic} --config ${configPath}`,
    `  bun run logs all started --since 1h --config ${configPath}`,
  ];
}

type Watching = Pick<Scene, "stage" | "narrator" | "signal">;

/** Waits until all records that the topics contain now are committed. @returns how many they are */
async function caughtUp(watching: Watching, topics: readonly string[]): Promise<number> {
  let records = 0;
  for (const topic of topics) {
    const spans = await watching.stage.broker.spans(topic);
    await untilCommitted(watching, topic, spans);
    for (const { start, end } of spans) records += end - start;
  }
  return records;
}

async function untilCommitted({ stage, narrator, signal }: Watching, topic: string, spans: readonly Span[]) {
  await waitFor(
    `all of ${topic} is committed`,
    async () => {
      const committed = await stage.broker.committed(topic);
      const left = spans.reduce(
        (sum, { partition, start, end }) => sum + Math.max(0, end - (committed.get(partition) ?? start)),
        0,
      );
      if (left === 0) return true;
      narrator.waiting(`the host is catching up: ${left} lines of ${topic} left`);
      return null;
    },
    { signal, withinMs: 60_000 },
  );
}

async function endOf(stage: Stage, topics: readonly string[]): Promise<number> {
  const spans = (await Promise.all(topics.map((topic) => stage.broker.spans(topic)))).flat();
  return spans.reduce((sum, { end }) => sum + end, 0);
}

async function committedOf(stage: Stage, topics: readonly string[]): Promise<number> {
  const committed = await Promise.all(topics.map((topic) => stage.broker.committed(topic)));
  return committed.flatMap((offsets) => offsets.values().toArray()).reduce((sum, offset) => sum + offset, 0);
}

async function lagOf(stage: Stage, topics: readonly string[]): Promise<number> {
  const [end, committed] = await Promise.all([endOf(stage, topics), committedOf(stage, topics)]);
  return end - committed;
}

function msSince(startedAtMs: number): string {
  return (performance.now() - startedAtMs).toFixed(0);
}

function secondsSince(startedAtMs: number): string {
  return ((performance.now() - startedAtMs) / 1000).toFixed(1);
}
